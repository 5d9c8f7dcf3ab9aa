//! The audit log: one line for each decision. A line never contains a token, a key or a header.

use crate::auth::Caller;
use crate::policy::{DecidedBy, PolicyError};
use crate::providers::{Minted, RequestSummary};
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};

/// The fields that all audit lines of one request share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditContext<'a> {
    pub(crate) request_id: &'a str,
    /// The path of the route in the route table, such as `/rtm/{rtmuid}`.
    pub(crate) route: &'a str,
}

/// A call to a provider, or a request for a derived uid.
#[derive(Debug, Default)]
pub(crate) struct ProviderCall<'a> {
    pub(crate) service: &'static str,
    /// The name of the project; `None` for calls about the whole account and for calls with the caller's own token.
    pub(crate) project: Option<&'a str>,
    /// The room or channel.
    pub(crate) channel: Option<&'a str>,
    pub(crate) ban: Option<Json<'a>>,
}

/// The content of an audit line. Fields that do not apply are `null`, so that programs can rely on every field. Only
/// `requested_role`, `refused_by`, `caller_address` and `ban` are omitted if they do not apply.
#[derive(Default)]
struct AuditLine<'a> {
    caller: &'static str,
    subject: Option<&'a str>,
    project: Option<&'a str>,
    services: Option<Vec<&'static str>>,
    channel: Option<&'a str>,
    role: Option<&'static str>,
    /// The requested role, if the policy granted a lower role.
    requested_role: Option<&'static str>,
    ttl: Option<u32>,
    rules: Option<Vec<DecidedBy>>,
    reason: Option<&'a str>,
    refused_by: Option<&'static str>,
    caller_address: Option<String>,
    ban: Option<Json<'a>>,
}

impl AuditContext<'_> {
    /// Returns the line for a signed token, with the granted services. `requested_role` is the role in the request.
    pub(crate) fn granted(
        self,
        caller: &Caller,
        minted: &Minted<'_>,
        granted: RequestSummary<'_>,
        requested_role: Option<&'static str>,
    ) -> LogLine {
        let Minted { project, ttl, decided_by, .. } = minted;
        let (ttl, rules) = (Some(ttl.seconds().0), Some(decided_by.clone()));
        let requested_role = requested_role.filter(|role| granted.role != Some(role));
        let line = AuditLine { project: Some(project), ttl, rules, requested_role, ..AuditLine::of(caller) };
        self.write("granted", line.with_request(granted))
    }

    /// Returns the line for a denied token request, with the requested services.
    pub(crate) fn denied(
        self,
        caller: &Caller,
        project: Option<&str>,
        requested: RequestSummary<'_>,
        error: &PolicyError,
    ) -> LogLine {
        let line = AuditLine { project, ..AuditLine::of(caller).with_request(requested) };
        self.write("refused", line.with_denial(error))
    }

    /// Returns the line for an allowed or denied call to a provider.
    pub(crate) fn call(
        self,
        caller: &Caller,
        call: &ProviderCall<'_>,
        decided: Result<Option<DecidedBy>, &PolicyError>,
    ) -> LogLine {
        let ProviderCall { service, project, channel, ban } = call;
        let (project, channel, ban) = (*project, *channel, ban.clone());
        let line =
            AuditLine { project, channel, services: Some(vec![service]), ban, ..AuditLine::of(caller) };
        match decided {
            Ok(by) => self.write("granted", AuditLine { rules: by.map(|by| vec![by]), ..line }),
            Err(error) => self.write("refused", line.with_denial(error)),
        }
    }

    /// Returns the line for a caller that the list `deny` of the configuration names.
    pub(crate) fn caller_denied(self, caller: &Caller, error: &PolicyError) -> LogLine {
        self.write("refused", AuditLine::of(caller).with_denial(error))
    }

    /// Returns the line for a request that was rejected before its body was read, because authentication failed or the
    /// caller exceeded the rate limit.
    pub(crate) fn rejected(self, caller: Option<&Caller>, address: Option<String>, code: &str) -> LogLine {
        let line =
            caller.map_or_else(|| AuditLine { caller: "unknown", ..AuditLine::default() }, AuditLine::of);
        self.write("refused", AuditLine { caller_address: address, reason: Some(code), ..line })
    }

    fn write(self, decision: &'static str, line: AuditLine<'_>) -> LogLine {
        let rules = line.rules.map(|rules| {
            let rules = rules.iter().map(|rule| Json::from(rule.to_string()));
            rules.collect::<Vec<_>>()
        });
        let mut fields = vec![
            ("request_id", self.request_id.into()),
            ("route", self.route.into()),
            ("caller", line.caller.into()),
            ("subject", line.subject.into()),
            ("project", line.project.into()),
            ("services", line.services.into()),
            ("channel", line.channel.into()),
            ("role", line.role.into()),
            ("ttl", line.ttl.into()),
            ("decision", decision.into()),
            ("rules", rules.into()),
            ("reason", line.reason.into()),
        ];
        fields.extend(line.requested_role.map(|role| ("requested_role", role.into())));
        fields.extend(line.refused_by.map(|part| ("refused_by", part.into())));
        fields.extend(line.caller_address.map(|address| ("caller_address", address.into())));
        fields.extend(line.ban.map(|ban| ("ban", ban)));
        LogLine::of(Level::Info, "decision", fields)
    }
}

impl<'a> AuditLine<'a> {
    fn of(caller: &'a Caller) -> Self {
        AuditLine { caller: caller.kind().as_str(), subject: caller.subject(), ..AuditLine::default() }
    }

    fn with_request(self, RequestSummary { services, channel, role }: RequestSummary<'a>) -> Self {
        AuditLine { services: Some(services), channel, role, ..self }
    }

    fn with_denial(self, error: &'a PolicyError) -> Self {
        let rules = (!error.rules.is_empty()).then(|| error.rules.clone());
        AuditLine { reason: Some(&error.reason), refused_by: Some(error.part.name()), rules, ..self }
    }
}
