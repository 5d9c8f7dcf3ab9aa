//! Authentication and rate limiting, before anything that the client sent is read.

use crate::auth::{Caller, limit_key_of};
use crate::platform::Platform;
use crate::problem::Problem;
use crate::state::{AuthState, LoadedState};
use crate::token::AuditContext;
use crate::web::log::RequestLog;
use crate::web::request::{Request, RequestContext};

/// Authenticates the caller and counts the request against the rate limit. A rejection is noted in the audit log.
///
/// # Errors
/// [`Problem`]
pub(super) async fn authorize(
    state: &LoadedState,
    request: &Request,
    context: &RequestContext<'_>,
    platform: &impl Platform,
    log: &RequestLog,
    audit: AuditContext<'_>,
) -> Result<Caller, Problem> {
    let auth = match &state.auth {
        AuthState::Configured(auth) => auth,
        AuthState::NotConfigured => return Err(Problem::AuthNotConfigured { missing: Vec::new() }),
        AuthState::Unknown => return Err(Problem::NOT_READY),
    };
    let caller = auth.authenticate(request, context, platform, log).await;
    let address = || (context.caller_address)();
    let key = || {
        let of_caller = caller.as_ref().ok().and_then(Caller::limit_key);
        of_caller.or_else(|| address().map(|address| limit_key_of(&address)))
    };
    let is_within_limit = platform.is_within_limit(key).await;
    let (known, problem) = match caller {
        Ok(caller) if is_within_limit => return Ok(caller),
        Ok(caller) => (Some(caller), Problem::TooManyRequests),
        Err(_) if !is_within_limit => (None, Problem::TooManyRequests),
        Err(error) => (None, error.into()),
    };
    log.add(audit.rejected(known.as_ref(), address(), problem.code()));
    Err(problem)
}
