//! The Gin guide's server, and those that kept its paths and added to them: `GET /rtc/:channel/:role/:tokentype/:uid`,
//! `/rtm/:uid`, `/rte/…` with both tokens, `/chat/app`, `/chat/account/:id`, `/ping`.
//!
//! Each path is matched with and without a slash at the end, for which the originals redirect.

use hallpass_token::agora::{Account, ChatUser, Role, User};
use http::StatusCode;

use super::mint::{agora_token, signaling};
use super::read::{channel, digits, life, rtm_user, version};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, Chat, RequestedRole, Rtc, Rtm, Version};
use crate::routes::authorized::Authorized;
use crate::routes::dialect::{Dialect, ErrorBody, ErrorContext};
use crate::routes::path::PathMatching;
use crate::token::RequestedTtl;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::request::Request;
use crate::web::response::{self, JSON_UTF8, Response, TEXT};
use crate::web::text::quote;

pub(in crate::routes) const DIALECT: Dialect = Dialect { matching: PathMatching::OptionalSlash, render };

fn render(error: &ErrorContext<'_>) -> ErrorBody {
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
    let (name, separator) = if problem.is_reading() { ("message", ":") } else { ("error", " -") };
    let sentence = format!("Error Generating {tokens} token{separator} {problem}");
    let status = problem.status();
    let body = Json::object([(name, sentence.into()), ("status", u32::from(status.as_u16()).into())]);
    ErrorBody::new(status, JSON_UTF8, body.to_vec())
}

/// Gin's response to a method that no route has.
pub(super) fn page_not_found() -> ErrorBody {
    ErrorBody::new(StatusCode::NOT_FOUND, TEXT, "404 page not found")
}

pub(in crate::routes) fn ping(_: &Request) -> Response {
    response::body(StatusCode::OK, JSON_UTF8, r#"{"message":"pong"}"#)
}

pub(in crate::routes) async fn rtc(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let query = Query::read(&authorized, authorized.signing.compat.version)?;
    let request = agora::TokenRequest::one(query.version, read_rtc(&authorized)?);
    Ok(respond([("rtcToken", agora_token(&authorized, query.ttl, request)?)]))
}

pub(in crate::routes) async fn rtm(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let query = Query::read(&authorized, authorized.signing.compat.version)?;
    let user = authorized.path_param("rtmuid");
    if matches!(user, "" | "0") {
        let detail = format!("invalid RTM User ID: \"{user}\"");
        return Err(FieldError::sentence("rtmuid", detail).reading().into());
    }
    let request = agora::TokenRequest::one(query.version, Rtm::new(rtm_user("rtmuid", user)?));
    Ok(respond([("rtmToken", agora_token(&authorized, query.ttl, request)?)]))
}

pub(in crate::routes) async fn rte(authorized: Authorized<'_>) -> Result<Response, Problem> {
    both_tokens(&authorized, authorized.path_param("uid"))
}

pub(in crate::routes) async fn rte_with_rtm_user(authorized: Authorized<'_>) -> Result<Response, Problem> {
    both_tokens(&authorized, authorized.path_param("rtmuid"))
}

pub(in crate::routes) async fn chat_app(authorized: Authorized<'_>) -> Result<Response, Problem> {
    chat(&authorized, Query::read(&authorized, Version::V007)?, Chat::App)
}

pub(in crate::routes) async fn chat_account(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let query = Query::read(&authorized, Version::V007)?;
    let user = ChatUser::parse(authorized.path_param("chatid"));
    let user = user.map_err(|error| FieldError::new("chatid", error))?;
    chat(&authorized, query, Chat::User(Some(user)))
}

/// The options in the query.
#[derive(Clone, Copy)]
struct Query {
    ttl: Option<RequestedTtl>,
    version: Version,
}

impl Query {
    fn read(authorized: &Authorized<'_>, default: Version) -> Result<Self, FieldError> {
        Ok(Self { ttl: read_ttl(authorized)?, version: version(authorized, None, default)? })
    }
}

/// Reads `?expiry=`: a number of seconds, capped at a day. An empty string is not a number.
fn read_ttl(authorized: &Authorized<'_>) -> Result<Option<RequestedTtl>, FieldError> {
    let Some(text) = authorized.query("expiry") else { return Ok(None) };
    let Some(life) = digits(&text).and_then(life) else {
        let expiry = quote(&text);
        let detail = format!(
            "failed to parse expiry: {expiry}, causing error: must be a whole number of seconds, 1 or more"
        );
        return Err(FieldError::sentence("expiry", detail).reading());
    };
    Ok(Some(RequestedTtl::For(life)))
}

fn both_tokens(authorized: &Authorized<'_>, rtm_user: &str) -> Result<Response, Problem> {
    let query = Query::read(authorized, authorized.signing.compat.version)?;
    let rtc = read_rtc(authorized)?;
    if matches!(rtm_user, "" | "0") {
        let detail = "failed to parse rtm user ID. Cannot be empty or \"0\"";
        return Err(FieldError::sentence("rtmuid", detail).reading().into());
    }
    let channel = ("channelName", authorized.path_param("channel"));
    let signaling = signaling(query.version, ("rtmuid", rtm_user), channel)?;
    let rtc_token = agora_token(authorized, query.ttl, agora::TokenRequest::one(query.version, rtc))?;
    Ok(respond([("rtcToken", rtc_token), ("rtmToken", agora_token(authorized, query.ttl, signaling)?)]))
}

fn chat(authorized: &Authorized<'_>, query: Query, chat: Chat<'_>) -> Result<Response, Problem> {
    let request = agora::TokenRequest::one(query.version, chat);
    Ok(respond([("chatToken", agora_token(authorized, query.ttl, request)?)]))
}

/// Responds with tokens, in the order in which Go's encoder writes a map.
fn respond<const N: usize>(tokens: [(&'static str, String); N]) -> Response {
    let body = Json::object(tokens.map(|(name, token)| (name, token.into())));
    response::json(StatusCode::OK, JSON_UTF8, &body)
}

fn read_rtc<'a>(authorized: &Authorized<'a>) -> Result<Rtc<'a>, FieldError> {
    let is_publisher = authorized.path_param("role") == "publisher";
    let role = if is_publisher { Role::Publisher } else { Role::Subscriber };
    let channel = channel("channelName", authorized.path_param("channel"))?;
    Ok(Rtc::new(ChannelUser::new(channel, user(authorized)?), RequestedRole::Named(role)))
}

fn user<'a>(authorized: &Authorized<'a>) -> Result<User<'a>, FieldError> {
    let uid = authorized.path_param("uid");
    let sentence = match authorized.path_param("tokentype") {
        "uid" => match digits(uid).map(u32::try_from) {
            Some(Ok(number)) => return Ok(User::from_number_or_any(number)),
            _ => format!(
                "failed to parse uidStr: {}, to uint causing error: must be a whole number from 1 to 4294967295",
                quote(uid)
            ),
        },
        "userAccount" => match Account::parse(uid) {
            Ok(account) => return Ok(User::Account(account)),
            Err(error) => format!("the account {error}"),
        },
        other => format!("failed to generate RTC token for Unknown Tokentype: {}", quote(other)),
    };
    Err(FieldError::sentence("uid", sentence))
}
