//! What the routes for Agora's REST APIs have in common: the decision on a call, and its credentials.

use hallpass_token::Life;
use hallpass_token::agora::RtmUser;

use crate::problem::Problem;
use crate::providers::agora::rest::kick::Ban;
use crate::providers::agora::rest::{Credentials, Customer, Form, RestCall, Signing};
use crate::providers::agora::{AgoraProject, decide_rest_call};
use crate::routes::authorized::Authorized;
use crate::token::ProviderCall;

/// The lifetime of a token for one call, with some time for clock skew.
pub(super) const DEFAULT_TTL: Life = match Life::new(600) {
    Ok(life) => life,
    Err(_) => Life::MAX,
};

/// Decides on a call and notes the decision. Returns the longest lifetime of a token for the call. Without a project, the
/// call is about the whole account.
pub(super) fn allow(
    authorized: &Authorized<'_>,
    call: RestCall,
    project: Option<&str>,
    ban: Option<&Ban>,
) -> Result<Life, Problem> {
    let (policy, name) = (&authorized.signing.policy, project.unwrap_or_default());
    let decided = decide_rest_call(policy, |grants| &grants.agora, authorized.caller, name, call);
    let ttl = decided.as_ref().map_or(Life::MAX, |(_, ttl)| *ttl);
    let channel = ban.and_then(|ban| ban.channel.as_deref());
    let noted = ProviderCall { service: call.audit_name(), project, channel, ban: ban.map(Ban::audit) };
    authorized.note_call(noted, decided.map(|(by, _)| by))?;
    Ok(ttl)
}

/// Returns the credentials of the account.
pub(super) fn customer<'a>(authorized: &Authorized<'a>) -> Result<&'a Customer, Problem> {
    authorized.signing.providers.agora.customer.as_ref().ok_or(Problem::AgoraAccountNotConfigured)
}

/// Returns credentials with a token, its user, and its lifetime. The default user is the name of the caller's key.
pub(super) fn credentials<'a>(
    authorized: &Authorized<'a>,
    form: Form,
    project: &AgoraProject,
    user: Option<RtmUser<'a>>,
    ttl: Life,
) -> Result<(Credentials, RtmUser<'a>, Life), Problem> {
    let user = match user {
        Some(user) => user,
        None => rtm_user(authorized.caller.subject().unwrap_or_default())?,
    };
    let life = ttl.min(authorized.signing.ttl.max);
    let context = authorized.context;
    let signing = Signing { project, user, life, now: context.now, salt: context.salt_bytes() };
    let headers = match form {
        Form::Basic => Some(Credentials::basic(customer(authorized)?)),
        Form::AgoraToken => Credentials::agora_token(signing),
        Form::XAgoraToken => Credentials::x_agora_token(signing),
    };
    Ok((headers.ok_or(Problem::NOT_READY)?, user, life))
}

pub(super) fn rtm_user(text: &str) -> Result<RtmUser<'_>, Problem> {
    RtmUser::parse(text).map_err(|error| Problem::field("user", error))
}
