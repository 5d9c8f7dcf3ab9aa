//! Authentication and rate limiting of requests, and the request of an authorized caller.

use crate::auth::{AuthError, Caller, address_limit_key};
use crate::platform::{BoxFuture, Platform};
use crate::policy::{DecidedBy, Evaluator, PolicyError, StringArena, TokenError};
use crate::problem::Problem;
use crate::providers::{Minted, Policy, UpstreamError};
use crate::state::{AuthState, LoadedState, Signing};
use crate::token::{self, AuditContext, ProviderCall, TokenRequest};
use crate::web::cors::Cors;
use crate::web::json::{Json, SyntaxError};
use crate::web::log::{LogLine, RequestLog};
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};
use crate::web::request::{Body, Request, RequestContext, segments};

/// A request of an authorized caller. Only dispatch creates values of this type, so no handler can skip the authorization.
#[derive(Clone, Copy)]
pub(super) struct Authorized<'a> {
    pub(super) signing: &'a Signing,
    pub(super) caller: &'a Caller,
    pub(super) request: &'a Request,
    pub(super) context: &'a RequestContext<'a>,
    /// The decoded path.
    pub(super) path: &'a str,
    pub(super) platform: &'a dyn Platform,
    pub(super) arena: &'a StringArena,
    pub(super) audit: AuditContext<'a>,
    pub(super) log: &'a RequestLog,
}

/// Authenticates the caller and counts the request against the rate limit. Records a rejection in the audit log.
///
/// # Errors
/// Returns [`Problem`] if authentication fails or the caller exceeds the rate limit.
pub(super) async fn authorize(
    state: &LoadedState,
    request: &Request,
    context: &RequestContext<'_>,
    cors: &Cors,
    platform: &dyn Platform,
    log: &RequestLog,
    audit: AuditContext<'_>,
) -> Result<Caller, Problem> {
    let auth = match &state.auth {
        AuthState::Configured(auth) => auth,
        AuthState::NotConfigured => return Err(Problem::AuthNotConfigured { missing: Vec::new() }),
        AuthState::Unknown => return Err(Problem::NOT_READY),
    };
    let caller = auth.authenticate(request, context, cors, platform, log).await;
    let key = || {
        let of_caller = caller.as_ref().ok().and_then(Caller::limit_key);
        of_caller.or_else(|| (context.caller_address)().map(|address| address_limit_key(&address)))
    };
    let is_within_limit = platform.is_within_limit(&key).await;
    if is_within_limit && caller.is_ok() {
        return Ok(caller?);
    }
    Err(rejected(caller, is_within_limit, context, log, audit))
}

/// Checks whether the configuration denies every request of the caller. Records a denial in the audit log.
///
/// # Errors
/// Returns [`Problem`] if the list `deny` names the caller.
pub(super) fn check_caller(
    policy: &Policy,
    caller: &Caller,
    audit: AuditContext<'_>,
    log: &RequestLog,
) -> Result<(), Problem> {
    policy.check_caller(caller).map_err(|error| {
        log.add(audit.caller_denied(caller, &error));
        error.into()
    })
}

/// Records a rejection in the audit log, and returns the problem for the response.
#[cold]
#[inline(never)]
fn rejected(
    caller: Result<Caller, AuthError>,
    is_within_limit: bool,
    context: &RequestContext<'_>,
    log: &RequestLog,
    audit: AuditContext<'_>,
) -> Problem {
    let (known, problem) = match caller {
        Ok(caller) => (Some(caller), Problem::TooManyRequests),
        Err(_) if !is_within_limit => (None, Problem::TooManyRequests),
        Err(error) => (None, error.into()),
    };
    log.add(audit.rejected(known.as_ref(), (context.caller_address)(), problem.code()));
    problem
}

/// Converts a syntax error in a body. If the body is a form, the message names this format, because the message of the
/// parser would name only a position.
#[cold]
#[inline(never)]
pub(super) fn invalid_json(body: &[u8], error: SyntaxError) -> Problem {
    if is_form(body) {
        let detail = "expected JSON, found a form (application/x-www-form-urlencoded)";
        return Problem::InvalidJson { detail: detail.to_owned() };
    }
    error.into()
}

/// Returns whether a body is a form instead of JSON. The body decides, because adapters do not supply `Content-Type`, and
/// many clients send a wrong `Content-Type`. A form starts with a name, which is shorter than any token.
pub(super) fn is_form(body: &[u8]) -> bool {
    const MAX_NAME_BYTES: usize = 32;
    let is_excluded = |byte: &u8| *byte == b'"' || byte.is_ascii_control();
    let name_bytes = body.iter().position(|byte| *byte == b'=');
    matches!(name_bytes, Some(1..=MAX_NAME_BYTES))
        && !body.starts_with(b"{")
        && !body.starts_with(b"[")
        && !body.trim_ascii_end().iter().any(is_excluded)
}

impl<'a> Authorized<'a> {
    /// Returns the path segment for a parameter of the route. If the route has no parameter with this name, returns an
    /// empty string.
    pub(super) fn path_param(&self, name: &str) -> &'a str {
        let mut pairs = segments(self.audit.route.as_bytes()).zip(segments(self.path.as_bytes()));
        let pair = pairs.find(|(expected, _)| {
            expected.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")) == Some(name.as_bytes())
        });
        pair.and_then(|(_, segment)| str::from_utf8(segment).ok()).unwrap_or_default()
    }

    /// Returns the decoded first value of a query parameter.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.request.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Returns the body, if it is complete and not too large.
    pub(super) fn body(&self) -> Result<&'a [u8], Problem> {
        match &self.request.body {
            Body::Whole(bytes) => Ok(bytes),
            Body::TooLarge => Err(Problem::BodyTooLarge),
            Body::Broken => Err(Problem::BodyBroken),
        }
    }

    /// Returns the body as JSON. Rejects duplicate field names.
    pub(super) fn json(&self) -> Result<Json<'a>, Problem> {
        let body = self.body()?;
        let document = Json::parse(body).map_err(|error| invalid_json(body, error))?;
        document.read(Json::check_names)?;
        Ok(document)
    }

    /// Applies the policy to a token request, fills in omitted fields, and signs the token. Records the decision in the
    /// audit log.
    pub(super) fn mint<'r>(&'r self, request: &mut TokenRequest<'r>) -> Result<Minted<'r>, Problem> {
        let (minted, granted) = self.sign(request, None)?;
        self.log.add(granted);
        Ok(minted)
    }

    /// Mints two tokens. If the second request is denied, the audit log does not contain the first grant, because no token
    /// is returned.
    pub(super) fn mint_both<'r>(
        &'r self,
        first: &mut TokenRequest<'r>,
        second: &mut TokenRequest<'r>,
    ) -> Result<(Minted<'r>, Minted<'r>), Problem> {
        let ((first, first_granted), (second, second_granted)) =
            (self.sign(first, None)?, self.sign(second, None)?);
        self.log.add(first_granted);
        self.log.add(second_granted);
        Ok((first, second))
    }

    /// Mints a token for a provider call that a rule has granted. The audit log contains one line for the call and the token.
    pub(super) fn mint_for_call<'r>(
        &'r self,
        call: &'static str,
        granted_by: DecidedBy,
        request: &mut TokenRequest<'r>,
    ) -> Result<Minted<'r>, Problem> {
        let (minted, granted) = self.sign(request, Some((call, granted_by)))?;
        self.log.add(granted);
        Ok(minted)
    }

    /// Signs a token, and returns the log line of the grant. Records a denial in the audit log.
    fn sign<'r>(
        &'r self,
        request: &mut TokenRequest<'r>,
        call: Option<(&'static str, DecidedBy)>,
    ) -> Result<(Minted<'r>, LogLine), Problem> {
        let evaluator = Evaluator { caller: self.caller, arena: self.arena };
        // The summary is created before minting, because the line for a denial must show the original request. Minting
        // changes the request.
        let mut requested = request.provider.summary();
        match token::mint(self.signing, request, evaluator, self.context) {
            Ok(mut minted) => {
                let mut granted = request.provider.summary();
                if let Some((call, by)) = call {
                    granted.services.insert(0, call);
                    minted.decided_by.insert(0, by);
                }
                let line = self.audit.granted(self.caller, &minted, granted, requested.role);
                Ok((minted, line))
            }
            Err(TokenError::Denied(error)) => {
                if let Some((call, _)) = call {
                    requested.services.insert(0, call);
                }
                self.log.add(self.audit.denied(self.caller, request.project, requested, &error));
                Err(error.into())
            }
            // Other errors are not policy decisions, so the audit log does not record them.
            Err(error) => Err(error.into()),
        }
    }

    /// Records the decision about a provider call in the audit log. If the call uses the caller's own token, or requires no
    /// rule, the deciding rule is `None`.
    pub(super) fn audit_call(
        &self,
        call: ProviderCall<'_>,
        decided: Result<Option<DecidedBy>, PolicyError>,
    ) -> Result<(), Problem> {
        let by = decided.map_err(|error| self.call_denied(&call, error))?;
        self.log.add(self.audit.call(self.caller, &call, Ok(by)));
        Ok(())
    }

    /// Records the denial of a provider call in the audit log, and returns the problem for the response.
    pub(super) fn call_denied(&self, call: &ProviderCall<'_>, error: PolicyError) -> Problem {
        self.log.add(self.audit.call(self.caller, call, Err(&error)));
        error.into()
    }

    /// Sends a request to a provider.
    pub(super) fn send(
        &self,
        request: OutboundRequest,
    ) -> BoxFuture<'a, Result<OutboundResponse, SendError>> {
        let platform = self.platform;
        Box::pin(async move { platform.send(&request).await })
    }

    /// Logs a failed call to a provider, and returns the problem for the response.
    pub(super) fn upstream_failed(&self, error: UpstreamError) -> Problem {
        self.log.add(error.log_line(&self.context.request_id, self.audit.route));
        Problem::Upstream(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguishes_forms_from_json_and_tokens() {
        let long_name = format!("{}=1", "a".repeat(33));
        for (body, expected) in [
            ("token=abc", true),
            ("token=abc\r\n", true),
            ("a[]=1&b=%7B%22c%22%3A1%7D", true),
            ("a={b}", true),
            ("token=", true),
            ("", false),
            ("token", false),
            ("=abc", false),
            ("{a=1}", false),
            ("[a=1]", false),
            (r#"{"a":"="}"#, false),
            ("\n{\"a\":\"=\"}", false),
            (r#"body={"a":1}"#, false),
            ("a=1\nb=2", false),
            ("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n", false),
            (&long_name, false),
        ] {
            assert_eq!(is_form(body.as_bytes()), expected, "{body}");
        }
    }
}
