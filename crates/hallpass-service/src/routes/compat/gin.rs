//! The server of the Gin guide, and servers that extend its routes: `GET /rtc/:channel/:role/:tokentype/:uid`,
//! `/rtm/:uid`, `/rte/…` with both tokens, `/chat/app`, `/chat/account/:id`, `/ping`.
//!
//! Paths match with and without a trailing slash. The original servers respond with a redirect instead.

use hallpass_token::agora::{Account, Channel, Role, User};
use http::StatusCode;

use super::read::{self, capped_ttl, digits, is_own, parse_field, signaling, version};
use super::{agora_token, mint_both};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, Chat, RequestedRole, Rtc, Version};
use crate::routes::authorized::Authorized;
use crate::routes::route::{Dialect, ErrorContext, Slashes, ok};
use crate::token::{RequestedTtl, TokenRequest};
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::request::Request;
use crate::web::response::{self, JSON_UTF8, Response, TEXT};
use crate::web::strings::truncate;

pub(in crate::routes) const DIALECT: Dialect =
    Dialect { slashes: Slashes::Ignore, ignores_case: false, render };

fn render(error: &ErrorContext<'_>) -> Response {
    let problem = error.problem;
    if matches!(problem, Problem::MethodNotAllowed { .. }) {
        return page_not_found();
    }
    let tokens = match error.route.split('/').nth(1) {
        Some("rtc") => "RTC",
        Some("rtm") => "RTM",
        Some("rte") => "RTC and RTM",
        _ => "Chat",
    };
    let (name, separator) = if problem.is_parse_error() { ("message", ":") } else { ("error", " -") };
    let sentence = format!("Error Generating {tokens} token{separator} {problem}");
    let status = problem.status();
    let body = Json::object([(name, sentence.into()), ("status", u32::from(status.as_u16()).into())]);
    response::json(status, JSON_UTF8, &body)
}

/// Returns Gin's response to a method that no route supports.
pub(super) fn page_not_found() -> Response {
    response::body(StatusCode::NOT_FOUND, TEXT, "404 page not found")
}

pub(in crate::routes) fn ping(_: &Request) -> Response {
    response::body(StatusCode::OK, JSON_UTF8, r#"{"message":"pong"}"#)
}

pub(in crate::routes) fn rtc(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let (ttl, version) = read_query(authorized, authorized.signing.providers.agora.compat.version)?;
    let request = agora::TokenRequest::one(version, read_rtc(authorized)?);
    Ok(respond([("rtcToken", agora_token(authorized, ttl, request)?)]))
}

pub(in crate::routes) fn rtm(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let (ttl, version) = read_query(authorized, authorized.signing.providers.agora.compat.version)?;
    let user = authorized.path_param("rtmuid");
    if matches!(user, "" | "0") {
        let detail = format!("invalid RTM User ID: \"{user}\"");
        return Err(FieldError::sentence("rtmuid", detail).while_parsing().into());
    }
    let request = agora::TokenRequest::one(version, read::rtm("rtmuid", user)?);
    Ok(respond([("rtmToken", agora_token(authorized, ttl, request)?)]))
}

pub(in crate::routes) fn rte(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    both_tokens(authorized, authorized.path_param("uid"))
}

pub(in crate::routes) fn rte_with_rtm_user(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    both_tokens(authorized, authorized.path_param("rtmuid"))
}

pub(in crate::routes) fn chat_app(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    chat(authorized, || Ok(Chat::App))
}

pub(in crate::routes) fn chat_account(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    chat(authorized, || read::chat("chatid", authorized.path_param("chatid")))
}

fn chat<'a>(
    authorized: &Authorized<'a>,
    read: impl FnOnce() -> Result<Chat<'a>, FieldError>,
) -> Result<Response, Problem> {
    let (ttl, version) = read_query(authorized, Version::V007)?;
    let request = agora::TokenRequest::one(version, read()?);
    Ok(respond([("chatToken", agora_token(authorized, ttl, request)?)]))
}

/// Reads two query parameters: `expiry`, the lifetime in seconds, and `version`, the token format. Caps the lifetime at
/// 24 hours, and rejects an empty `expiry`.
fn read_query(
    authorized: &Authorized<'_>,
    default: Version,
) -> Result<(Option<RequestedTtl>, Version), FieldError> {
    let read_ttl = |text: String| {
        digits(&text).and_then(capped_ttl).map(RequestedTtl::For).ok_or_else(|| {
            let expected = "causing error: must be a whole number of seconds, 1 or more";
            let detail = format!("failed to parse expiry: {}, {expected}", truncate(&text));
            FieldError::sentence("expiry", detail).while_parsing()
        })
    };
    let ttl = authorized.query("expiry").map(read_ttl).transpose()?;
    Ok((ttl, version(authorized, None, default)?))
}

fn both_tokens(authorized: &Authorized<'_>, rtm_user: &str) -> Result<Response, Problem> {
    let (ttl, version) = read_query(authorized, authorized.signing.providers.agora.compat.version)?;
    let rtc = read_rtc(authorized)?;
    if matches!(rtm_user, "" | "0") {
        let detail = "failed to parse rtm user ID. Cannot be empty or \"0\"";
        return Err(FieldError::sentence("rtmuid", detail).while_parsing().into());
    }
    let channel = ("channelName", authorized.path_param("channel"));
    let signaling = signaling(version, ("rtmuid", rtm_user), channel)?;
    let rtc = TokenRequest::new(ttl, agora::TokenRequest::one(version, rtc));
    let (rtc, rtm) = mint_both(authorized, rtc, TokenRequest::new(ttl, signaling))?;
    Ok(respond([("rtcToken", rtc.token), ("rtmToken", rtm.token)]))
}

/// Responds with tokens. The fields are in alphabetical order, because Go encodes maps in this order.
fn respond<const N: usize>(tokens: [(&'static str, String); N]) -> Response {
    ok(JSON_UTF8, &Json::object(tokens.map(|(name, token)| (name, token.into()))))
}

fn read_rtc<'a>(authorized: &Authorized<'a>) -> Result<Rtc<'a>, FieldError> {
    // Many apps send the number of the role in format 006, although the original servers treat `1` as a subscriber.
    let is_publisher = matches!(authorized.path_param("role"), "publisher" | "1");
    let role = if is_publisher { Role::Publisher } else { Role::Subscriber };
    let channel = parse_field("channelName", authorized.path_param("channel"), Channel::parse_or_any)?;
    Ok(Rtc::new(channel_user(authorized, channel)?, RequestedRole::Named(role)))
}

fn channel_user<'a>(
    authorized: &Authorized<'a>,
    channel: Channel<'a>,
) -> Result<ChannelUser<'a>, FieldError> {
    let uid = authorized.path_param("uid");
    let sentence = match authorized.path_param("tokentype") {
        "uid" if is_own(uid) => return Ok(ChannelUser::or_own_uid(channel, None)),
        "uid" => match digits(uid).map(u32::try_from) {
            Some(Ok(number)) => return Ok(ChannelUser::new(channel, User::from_number_or_any(number))),
            _ => format!(
                "failed to parse uidStr: {}, to uint causing error: must be a whole number from 1 to 4294967295",
                truncate(uid)
            ),
        },
        "userAccount" if is_own(uid) => return Ok(ChannelUser::or_own_account(channel, None)),
        "userAccount" => match Account::parse(uid) {
            Ok(account) => return Ok(ChannelUser::or_own_account(channel, Some(account))),
            Err(error) => format!("the account {error}"),
        },
        other => format!("failed to generate RTC token for Unknown Tokentype: {}", truncate(other)),
    };
    Err(FieldError::sentence("uid", sentence))
}
