//! The Go servers of today's documentation (agora-token-service, agora-go-backend-middleware): `POST /getToken` and
//! `POST /token/getNew` with `{tokenType, channel, role, uid, expire}`.
//!
//! Errors are a line of text. As in Go, whatever follows the first JSON value is ignored.

use hallpass_token::agora::{ChatUser, Role};
use http::{Method, StatusCode};

use super::gin;
use super::mint::{agora_token, signaling};
use super::read::{BodyUser, channel, first_object, life_field, number_or_account, text_or_empty, version};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, Chat, RequestedRole, Rtc, Version};
use crate::routes::authorized::Authorized;
use crate::routes::dialect::{Dialect, ErrorBody, ErrorContext};
use crate::routes::path::PathMatching;
use crate::token::RequestedTtl;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON, Response, TEXT};

pub(in crate::routes) const DIALECT: Dialect = Dialect { matching: PathMatching::OptionalSlash, render };

fn render(error: &ErrorContext<'_>) -> ErrorBody {
    let problem = error.problem;
    if !matches!(problem, Problem::MethodNotAllowed { .. }) {
        return ErrorBody::new(problem.status(), TEXT, format!("{problem}\n"));
    }
    if error.method == Method::OPTIONS {
        return ErrorBody { status: StatusCode::NO_CONTENT, content_type: None, body: Vec::new() };
    }
    gin::page_not_found()
}

pub(in crate::routes) async fn respond(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(&authorized)?;
    let user = BodyUser::read(&body, "uid")?;
    let version = version(&authorized, Some(&body), Version::V007)?;
    let request = match text_or_empty(&body, "tokenType")? {
        "rtc" => agora::TokenRequest::one(version, rtc(&body, &user)?),
        "rtm" => {
            let uid = named(user.text("uid")?)?;
            signaling(version, ("uid", uid), ("channel", text_or_empty(&body, "channel")?))?
        }
        "chat" => agora::TokenRequest::one(version, chat(user.text("uid")?)?),
        _ => return Err(FieldError::sentence("tokenType", "Unsupported tokenType").into()),
    };
    let ttl = life_field(&body, "expire")?.map(RequestedTtl::For);
    let token = agora_token(&authorized, ttl, request)?;
    Ok(response::json(StatusCode::OK, JSON, &Json::object([("token", token.into())])))
}

fn rtc<'j>(body: &'j Json<'j>, user: &'j BodyUser<'j>) -> Result<Rtc<'j>, FieldError> {
    let name = text_or_empty(body, "channel")?;
    if name.is_empty() {
        return Err(FieldError::sentence("channel", "invalid: missing channel name"));
    }
    let role = match text_or_empty(body, "role")? {
        "" => RequestedRole::Default(Role::Subscriber),
        "publisher" => RequestedRole::Named(Role::Publisher),
        _ => RequestedRole::Named(Role::Subscriber),
    };
    let channel = channel("channel", name)?;
    let user = user.in_channel("uid", |name, uid| number_or_account(name, named(uid)?))?;
    Ok(Rtc::new(ChannelUser::new(channel, user), role))
}

/// Without a user, the token is for the app itself.
fn chat(uid: &str) -> Result<Chat<'_>, FieldError> {
    if uid.is_empty() {
        return Ok(Chat::App);
    }
    ChatUser::parse(uid).map(|user| Chat::User(Some(user))).map_err(|error| FieldError::new("uid", error))
}

fn named(uid: &str) -> Result<&str, FieldError> {
    if uid.is_empty() {
        return Err(FieldError::sentence("uid", "invalid: missing user ID or account"));
    }
    Ok(uid)
}
