//! The Go servers agora-token-service and agora-go-backend-middleware: `POST /getToken` and `POST /token/getNew` with
//! `{tokenType, channel, role, uid, expire}`.
//!
//! An error response is a line of plain text. Like the original servers in Go, the routes ignore everything after the
//! first JSON value.

use hallpass_token::agora::{Channel, Role, User};
use http::{Method, StatusCode};

use super::read::{
    self, body_user, first_object, number_or_account, parse_field, signaling, single_user, string_or_empty,
    ttl_field, value, version,
};
use super::{agora_token, gin};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, Chat, RequestedRole, Rtc, Version};
use crate::routes::authorized::Authorized;
use crate::routes::route::{Dialect, ErrorContext, Slashes, ok};
use crate::token::RequestedTtl;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON, Response, TEXT};

pub(in crate::routes) const DIALECT: Dialect =
    Dialect { slashes: Slashes::Ignore, ignores_case: false, render };

fn render(error: &ErrorContext<'_>) -> Response {
    let problem = error.problem;
    if !matches!(problem, Problem::MethodNotAllowed { .. }) {
        return response::body(problem.status(), TEXT, format!("{problem}\n"));
    }
    if error.method == Method::OPTIONS {
        return response::empty(StatusCode::NO_CONTENT);
    }
    gin::page_not_found()
}

pub(in crate::routes) fn respond(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(authorized)?;
    let user = body_user(&body, "uid")?;
    let user = user.as_deref();
    let version = version(authorized, Some(&body), Version::V007)?;
    let request = match string_or_empty(&body, "tokenType")? {
        "rtc" => agora::TokenRequest::one(version, rtc(&body, user)?),
        "rtm" => {
            let uid = non_empty(single_user("uid", user)?)?;
            signaling(version, ("uid", uid), ("channel", string_or_empty(&body, "channel")?))?
        }
        "chat" => agora::TokenRequest::one(version, chat(single_user("uid", user)?)?),
        _ => return Err(FieldError::sentence("tokenType", "Unsupported tokenType").into()),
    };
    let ttl = ttl_field(&body, "expire")?.map(RequestedTtl::For);
    let token = agora_token(authorized, ttl, request)?;
    Ok(ok(JSON, &Json::object([("token", token.into())])))
}

fn rtc<'j>(body: &'j Json<'j>, user: Option<&'j str>) -> Result<Rtc<'j>, FieldError> {
    let name = string_or_empty(body, "channel")?;
    if name.is_empty() {
        return Err(FieldError::sentence("channel", "invalid: missing channel name"));
    }
    let role = match value(body, "role") {
        None => RequestedRole::Default(Role::Subscriber),
        Some(Json::Number(number)) if number.as_u64() == Some(1) => RequestedRole::Named(Role::Publisher),
        Some(Json::Number(_)) => RequestedRole::Named(Role::Subscriber),
        Some(_) => match string_or_empty(body, "role")? {
            "" => RequestedRole::Default(Role::Subscriber),
            "publisher" | "1" => RequestedRole::Named(Role::Publisher),
            _ => RequestedRole::Named(Role::Subscriber),
        },
    };
    let channel = parse_field("channel", name, Channel::parse_or_any)?;
    let user = user.map_or(Ok(Some(User::Any)), |uid| number_or_account("uid", non_empty(uid)?))?;
    Ok(Rtc::new(ChannelUser::or_own_uid(channel, user), role))
}

/// Returns a request for Chat. If the user is empty, the token is for the app.
fn chat(uid: &str) -> Result<Chat<'_>, FieldError> {
    if uid.is_empty() {
        return Ok(Chat::App);
    }
    read::chat("uid", uid)
}

fn non_empty(uid: &str) -> Result<&str, FieldError> {
    if uid.is_empty() {
        return Err(FieldError::sentence("uid", "invalid: missing user ID or account"));
    }
    Ok(uid)
}
