//! The Go server in Agora's documentation: `POST /fetch_rtc_token` with `{uid, ChannelName, role}`. Other versions of the
//! documentation have two more routes. For `POST /fetch_rtc_token_string`, `uid` is an account. `POST /fetch_rtm_token`
//! has the body `{uid}`.
//!
//! An error response contains the message in the field `token`. Like the original server in Go, the routes ignore
//! everything after the first JSON value.

use hallpass_token::agora::{Account, Channel, Role, User};
use http::{Method, StatusCode};

use super::read::{
    self, body_user, digits, first_object, is_own, named_user, parse_field, required_string, single_user,
    value, version,
};
use super::service_token;
use crate::problem::Problem;
use crate::providers::agora::{ChannelUser, RequestedRole, Rtc, TokenService};
use crate::routes::authorized::Authorized;
use crate::routes::route::{Dialect, ErrorContext, Slashes, ok};
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON, Response, TEXT};

pub(in crate::routes) const DIALECT: Dialect =
    Dialect { slashes: Slashes::IgnoreLeading, ignores_case: false, render };

/// The content type of responses to OPTIONS, with the original server's capitalization.
const OPTIONS_TYPE: &str = "application/json; charset=UTF-8";

fn render(error: &ErrorContext<'_>) -> Response {
    let problem = error.problem;
    if !matches!(problem, Problem::MethodNotAllowed { .. }) {
        let status = problem.status();
        return response::json(status, JSON, &envelope(status, sentence(problem)));
    }
    if error.method == Method::OPTIONS {
        return response::body(StatusCode::OK, OPTIONS_TYPE, "");
    }
    response::body(StatusCode::NOT_FOUND, TEXT, "Unsupported method. Please check.\n")
}

/// Returns the response body. The fields are in alphabetical order, because Go encodes maps in this order.
fn envelope(status: StatusCode, token: String) -> Json<'static> {
    Json::object([("code", status.as_u16().to_string().into()), ("token", token.into())])
}

fn sentence(problem: &Problem) -> String {
    format!("{}. {problem}", reason(problem.status()))
}

/// Returns the reason phrase of a problem's status. The table of the crate `http` with the phrases of all statuses adds
/// 2 KB to the size of a Worker.
fn reason(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "Bad request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Payload Too Large",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

pub(in crate::routes) fn rtc_token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(authorized)?;
    let user = uid(value(&body, "uid"))?;
    let channel_user = ChannelUser::or_own_uid(channel(&body)?, user);
    respond(authorized, &body, rtc(&body, channel_user)?)
}

pub(in crate::routes) fn rtc_token_for_account(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(authorized)?;
    let user = body_user(&body, "uid")?;
    let account = named_user("uid", single_user("uid", user.as_deref())?, Account::parse)?;
    let channel_user = ChannelUser::or_own_account(channel(&body)?, account);
    respond(authorized, &body, rtc(&body, channel_user)?)
}

pub(in crate::routes) fn rtm_token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(authorized)?;
    let user = body_user(&body, "uid")?;
    respond(authorized, &body, read::rtm("uid", single_user("uid", user.as_deref())?)?)
}

fn respond<'a>(
    authorized: &'a Authorized<'_>,
    body: &Json<'_>,
    service: impl TokenService<'a> + 'a,
) -> Result<Response, Problem> {
    let version = version(authorized, Some(body), authorized.signing.providers.agora.compat.version)?;
    let token = service_token(authorized, version, service)?;
    Ok(ok(JSON, &envelope(StatusCode::OK, token)))
}

fn channel<'j>(body: &'j Json<'j>) -> Result<Channel<'j>, FieldError> {
    parse_field("ChannelName", required_string(body, "ChannelName")?, Channel::parse_or_any)
}

fn rtc<'j>(body: &Json<'_>, channel_user: ChannelUser<'j>) -> Result<Rtc<'j>, FieldError> {
    Ok(Rtc::new(channel_user, role(value(body, "role"))?))
}

/// Reads a uid: a number, or a string of digits. Some clients send a string, although the original server rejects it. If
/// the field is missing or 0, the token is for all users. Returns `None` for the caller's own identity.
fn uid(value: Option<&Json<'_>>) -> Result<Option<User<'static>>, FieldError> {
    let number = match value {
        None => Some(0),
        Some(Json::String(text)) if is_own(text) => return Ok(None),
        Some(Json::String(text)) => digits(text),
        Some(value) => value.as_u64(),
    };
    let number = number.and_then(|number| u32::try_from(number).ok());
    let user = number.map(|number| Some(User::from_number_or_any(number)));
    user.ok_or_else(|| FieldError::new("uid", "must be a whole number from 1 to 4294967295"))
}

/// Reads a role in the numbering of format 006. Rejects unknown numbers. For such a number, the original server uses the
/// role of the previous request.
fn role(value: Option<&Json<'_>>) -> Result<RequestedRole, FieldError> {
    let role = match value {
        None => return Ok(RequestedRole::Default(Role::Publisher)),
        Some(Json::Number(number)) => match number.as_u64() {
            Some(0 | 1 | 101) => Ok(Role::Publisher),
            Some(2) => Ok(Role::Subscriber),
            _ => Err("must be 1 for a publisher or 2 for a subscriber"),
        },
        Some(_) => Err("must be a number: 1 for a publisher, 2 for a subscriber"),
    };
    role.map(RequestedRole::Named).map_err(|detail| FieldError::new("role", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_phrases_are_canonical() {
        for status in [401, 403, 404, 413, 429, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Some(reason(status)), status.canonical_reason());
        }
    }
}
