//! The servers in Agora's quickstarts for conversational AI: `GET /get_config` (Python and Go) and
//! `GET /api/generate-agora-token` (Next.js and Flutter), both with the query parameters `channel` and `uid`.
//!
//! One token contains RTC and Signaling for the same user. If the request names no channel or no uid, the service
//! chooses a random one.
//!
//! Differences from the originals:
//! - Next.js responds to each uid except 0 with an error, so its client can never renew a token. Here, every uid works.
//! - Without a uid, Next.js issues a token for all users. Here, a rule must grant this token. Otherwise, the token is for
//!   the caller's own uid.

use hallpass_token::agora::{Channel, Role, Uid, User};
use http::{Method, StatusCode};

use super::read::{digits, is_own, parse_field};
use super::{mint, uid_of};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, RequestedRole, Rtc, Rtm, Version};
use crate::routes::authorized::Authorized;
use crate::routes::route::{Dialect, ErrorContext, Slashes, ok};
use crate::token::TokenRequest;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON, Response};

/// The conventions of the Python and Go quickstarts.
pub(in crate::routes) const CONFIG_DIALECT: Dialect =
    Dialect { slashes: Slashes::Ignore, ignores_case: false, render: render_config_error };
/// The conventions of the Next.js and Flutter quickstarts.
pub(in crate::routes) const TOKEN_DIALECT: Dialect =
    Dialect { slashes: Slashes::Ignore, ignores_case: false, render: render_token_error };

fn render_config_error(error: &ErrorContext<'_>) -> Response {
    let detail = error.problem.to_string();
    response::json(error.problem.status(), JSON, &Json::object([("detail", detail.into())]))
}

fn render_token_error(error: &ErrorContext<'_>) -> Response {
    let problem = error.problem;
    if matches!(problem, Problem::MethodNotAllowed { .. }) {
        let is_options = error.method == Method::OPTIONS;
        return response::empty(if is_options { StatusCode::NO_CONTENT } else { problem.status() });
    }
    let fields =
        [("error", "Failed to generate Agora token".into()), ("details", problem.to_string().into())];
    response::json(problem.status(), JSON, &Json::object(fields))
}

/// Handles `/get_config`. The uid of the agent is random and bound to nothing, as in the originals.
pub(in crate::routes) fn config(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let mut request = read(authorized, false)?;
    let minted = mint(authorized, &mut request)?;
    let (uid, channel) = (uid_of(&request).to_string(), request.provider.summary().channel);
    let agent_uid = Uid::from_bytes(authorized.context.agent_uid_bytes()).get().to_string();
    let data = Json::object([
        ("app_id", minted.id.1.into()),
        ("token", minted.token.into()),
        ("uid", uid.into()),
        ("channel_name", channel.into()),
        ("agent_uid", agent_uid.into()),
    ]);
    Ok(ok(JSON, &Json::object([("code", 0.into()), ("data", data), ("msg", "success".into())])))
}

/// Handles `/api/generate-agora-token`.
pub(in crate::routes) fn token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let mut request = read(authorized, true)?;
    let token = mint(authorized, &mut request)?.token;
    let (uid, channel) = (uid_of(&request).to_string(), request.provider.summary().channel);
    Ok(ok(JSON, &Json::object([("token", token.into()), ("uid", uid.into()), ("channel", channel.into())])))
}

/// Reads the query. If `prefers_any_user` is true, a request without a uid is for all users, if the policy grants this.
fn read<'a>(authorized: &Authorized<'a>, prefers_any_user: bool) -> Result<TokenRequest<'a>, FieldError> {
    let parameter = |name| authorized.query(name).filter(|value| !value.is_empty());
    let channel = parameter("channel").unwrap_or_else(|| random_channel(authorized));
    let channel = parse_field("channel", authorized.arena.alloc(channel), Channel::parse_or_any)?;
    let uid = parameter("uid");
    let prefers_any_user = prefers_any_user && !uid.as_deref().is_some_and(is_own);
    let channel_user = ChannelUser::or_own_uid(channel, read_user(uid)?);
    let rtc = Rtc::new(channel_user, RequestedRole::Named(Role::Publisher));
    let services: Vec<Box<dyn agora::TokenService<'a> + 'a>> =
        vec![Box::new(rtc), Box::new(Rtm::for_channel_user())];
    let request = agora::TokenRequest::new(Version::V007, services);
    Ok(TokenRequest::new(None, agora::TokenRequest { prefers_any_user, ..request }))
}

/// Reads the uid. Returns `None` for the caller's own identity, and for 0, because the originals then choose the uid.
fn read_user(uid: Option<String>) -> Result<Option<User<'static>>, FieldError> {
    let Some(uid) = uid.filter(|uid| !is_own(uid)) else { return Ok(None) };
    match digits(&uid).map(u32::try_from) {
        Some(Ok(uid)) => Ok(Uid::new(uid).map(User::Uid)),
        _ => Err(FieldError::new("uid", "must be a whole number from 0 to 4294967295")),
    }
}

fn random_channel(authorized: &Authorized<'_>) -> String {
    format!("ai-conversation-{:016x}", u64::from_be_bytes(authorized.context.channel_bytes()))
}
