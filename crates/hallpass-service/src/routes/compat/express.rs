//! The Express tutorial's server: `POST /rtctoken` with `{channel, isPublisher}`, `POST /rtmtoken` with `{user}`.

use hallpass_token::agora::Role;
use http::{Method, StatusCode};

use super::mint::service_token;
use super::read::{channel, object, rtm_user, text, value, version};
use crate::problem::Problem;
use crate::providers::ProviderRequest;
use crate::providers::agora::{self, ChannelUser, RequestedRole, Rtc, Rtm};
use crate::routes::authorized::Authorized;
use crate::routes::dialect::{Dialect, ErrorBody, ErrorContext};
use crate::routes::path::PathMatching;
use crate::token::TokenRequest;
use crate::web::json::Json;
use crate::web::response::{self, HTML, JSON_UTF8, Response};
use crate::web::text::quote;

/// The conventions of servers that are built with Express.
pub(in crate::routes) const DIALECT: Dialect =
    Dialect { matching: PathMatching::OptionalSlashAnyCase, render };

fn render(error: &ErrorContext<'_>) -> ErrorBody {
    let problem = error.problem;
    let Problem::MethodNotAllowed { allow } = problem else {
        let body = Json::object([("error", problem.to_string().into())]);
        return ErrorBody::new(problem.status(), JSON_UTF8, body.to_vec());
    };
    if error.method == Method::OPTIONS {
        return ErrorBody::new(StatusCode::OK, HTML, allow.as_str());
    }
    let (method, path) = (quote(error.method.as_str()), error.route);
    let page = format!("<!doctype html>\n<title>Error</title>\n<pre>Cannot {method} {path}</pre>\n");
    ErrorBody::new(StatusCode::NOT_FOUND, HTML, page)
}

pub(in crate::routes) async fn rtc_token(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = object(&authorized)?;
    let channel = channel("channel", text(&body, "channel")?)?;
    let version = version(&authorized, Some(&body), authorized.signing.compat.version)?;
    let place = ChannelUser { channel: Some(channel), user: None };
    let rtc = Rtc::new(place, role(value(&body, "isPublisher")));
    let mut request = TokenRequest::new(None, agora::TokenRequest::one(version, rtc));
    let minted = authorized.mint(&mut request)?;
    let uid = if let ProviderRequest::Agora(request) = &request.provider { request.uid() } else { None };
    let body = Json::object([("uid", uid.unwrap_or(0).into()), ("token", minted.token.into())]);
    Ok(response::json(StatusCode::OK, JSON_UTF8, &body))
}

pub(in crate::routes) async fn rtm_token(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = object(&authorized)?;
    let rtm = Rtm::new(rtm_user("user", text(&body, "user")?)?);
    let version = version(&authorized, Some(&body), authorized.signing.compat.version)?;
    Ok(token(service_token(&authorized, version, rtm)?))
}

/// Responds with `{"token":…}`.
pub(super) fn token(token: String) -> Response {
    response::json(StatusCode::OK, JSON_UTF8, &Json::object([("token", token.into())]))
}

fn role(is_publisher: Option<&Json<'_>>) -> RequestedRole {
    let named = |value| if is_true(value) { Role::Publisher } else { Role::Subscriber };
    RequestedRole::or_default(is_publisher.map(named), Role::Subscriber)
}

/// Whether JavaScript takes the value for true. Unlike there, the string `false` is not.
fn is_true(value: &Json<'_>) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty() && !text.eq_ignore_ascii_case("false"),
        Json::Array(_) | Json::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_true_as_in_javascript_except_the_string_false() {
        let is_true = |text: &str| is_true(&Json::parse(text.as_bytes()).unwrap());
        for value in ["true", "1", "-0.5", r#""true""#, r#""0""#, "[]", "{}"] {
            assert!(is_true(value), "{value}");
        }
        for value in ["false", "0", "0.0", r#""""#, "null", r#""false""#, r#""False""#] {
            assert!(!is_true(value), "{value}");
        }
    }
}
