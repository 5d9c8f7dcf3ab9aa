//! The audit log: one line for each decision. Never a token, a key or a header.

use crate::auth::Caller;
use crate::policy::{DecidedBy, PolicyError};
use crate::providers::{Minted, RequestSummary};
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};

/// What the lines of one request have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditContext<'a> {
    pub(crate) request_id: &'a str,
    /// The path of the route in the table.
    pub(crate) route: &'a str,
}

/// A call to a provider.
#[derive(Debug, Default)]
pub(crate) struct ProviderCall<'a> {
    pub(crate) service: &'static str,
    /// `None` for the whole account, and for a call with the caller's own token.
    pub(crate) project: Option<&'a str>,
    /// The room or channel.
    pub(crate) channel: Option<&'a str>,
    pub(crate) ban: Option<Json<'a>>,
}

/// One decision. Fields that do not apply are `null`, so that a reader of the log can rely on each.
#[derive(Default)]
struct Line<'a> {
    caller: &'static str,
    subject: Option<&'a str>,
    project: Option<&'a str>,
    services: Option<Vec<&'static str>>,
    channel: Option<&'a str>,
    role: Option<&'static str>,
    ttl: Option<u32>,
    rules: Option<Vec<DecidedBy>>,
    reason: Option<&'a str>,
    refused_by: Option<&'static str>,
    caller_address: Option<String>,
    ban: Option<Json<'a>>,
}

impl AuditContext<'_> {
    /// A token was signed. The line shows what was granted.
    pub(crate) fn granted(
        self,
        caller: &Caller,
        minted: &Minted<'_>,
        granted: RequestSummary<'_>,
    ) -> LogLine {
        let Minted { project, ttl, decided_by, .. } = minted;
        let (ttl, rules) = (Some(ttl.seconds().0), Some(decided_by.clone()));
        self.write("granted", Line { project: Some(project), ttl, rules, ..Line::of(caller).with(granted) })
    }

    /// The policy denies a token. The line shows what was requested.
    pub(crate) fn denied(
        self,
        caller: &Caller,
        project: Option<&str>,
        requested: RequestSummary<'_>,
        error: &PolicyError,
    ) -> LogLine {
        let line = Line { project, ..Line::of(caller).with(requested) };
        self.write("refused", line.because(error))
    }

    /// A call to a provider was allowed or denied.
    pub(crate) fn call(
        self,
        caller: &Caller,
        call: ProviderCall<'_>,
        decided: Result<Option<DecidedBy>, &PolicyError>,
    ) -> LogLine {
        let ProviderCall { service, project, channel, ban } = call;
        let line = Line { project, channel, services: Some(vec![service]), ban, ..Line::of(caller) };
        match decided {
            Ok(by) => self.write("granted", Line { rules: by.map(|by| vec![by]), ..line }),
            Err(error) => self.write("refused", line.because(error)),
        }
    }

    /// The request was rejected before it was read: the caller is not authenticated, or exceeds the rate limit.
    pub(crate) fn rejected(self, caller: Option<&Caller>, address: Option<String>, code: &str) -> LogLine {
        let line = caller.map_or_else(|| Line { caller: "unknown", ..Line::default() }, Line::of);
        self.write("refused", Line { caller_address: address, reason: Some(code), ..line })
    }

    fn write(self, decision: &'static str, line: Line<'_>) -> LogLine {
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
        fields.extend(line.refused_by.map(|part| ("refused_by", part.into())));
        fields.extend(line.caller_address.map(|address| ("caller_address", address.into())));
        fields.extend(line.ban.map(|ban| ("ban", ban)));
        LogLine::of(Level::Info, "decision", fields)
    }
}

impl<'a> Line<'a> {
    fn of(caller: &'a Caller) -> Self {
        Line { caller: caller.kind().as_str(), subject: caller.subject(), ..Line::default() }
    }

    fn with(self, RequestSummary { services, channel, role }: RequestSummary<'a>) -> Self {
        Line { services: Some(services), channel, role, ..self }
    }

    fn because(self, error: &'a PolicyError) -> Self {
        let rules = error.decided_by.map(|rule| vec![rule]);
        Line { reason: Some(&error.reason), refused_by: Some(error.part.name()), rules, ..self }
    }
}
