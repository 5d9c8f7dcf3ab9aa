//! Agora token servers that are built with Express:
//! - the tutorial's server: `POST /rtctoken` with `{channel, isPublisher}` and `POST /rtmtoken` with `{user}`;
//! - the demo server in Agora's Tools repository: `GET /rtcToken?channelName=…&uid=…` and `GET /rtmToken?account=…`;
//! - TokenServer-nodejs: `GET /access_token?channel=…&uid=…&expiredTs=…`.

use hallpass_token::agora::{Channel, Role};
use hallpass_token::{Ttl, UnixSeconds};
use http::{Method, StatusCode};

use super::read::{self, digits, object, parse_field, required_string, user, value, version};
use super::{agora_token, mint, service_token, uid_of};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, RequestedRole, Rtc};
use crate::routes::authorized::Authorized;
use crate::routes::route::{Dialect, ErrorContext, Slashes, ok};
use crate::token::{RequestedTtl, TokenRequest};
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, HTML, JSON_UTF8, Response};
use crate::web::strings::truncate;

/// The conventions of the servers that are built with Express.
pub(in crate::routes) const DIALECT: Dialect =
    Dialect { slashes: Slashes::Ignore, ignores_case: true, render };

fn render(error: &ErrorContext<'_>) -> Response {
    let problem = error.problem;
    let Problem::MethodNotAllowed { allow } = problem else {
        let body = Json::object([("error", problem.to_string().into())]);
        return response::json(problem.status(), JSON_UTF8, &body);
    };
    if error.method == Method::OPTIONS {
        return response::body(StatusCode::OK, HTML, allow.as_str());
    }
    let (method, path) = (truncate(error.method.as_str()), error.route);
    let page = format!("<!doctype html>\n<title>Error</title>\n<pre>Cannot {method} {path}</pre>\n");
    response::body(StatusCode::NOT_FOUND, HTML, page)
}

pub(in crate::routes) fn rtc_token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = object(authorized)?;
    let channel = parse_field("channel", required_string(&body, "channel")?, Channel::parse_or_any)?;
    let version = version(authorized, Some(&body), authorized.signing.providers.agora.compat.version)?;
    let channel_user = ChannelUser::or_own_uid(channel, None);
    let named = |value| if is_truthy(value) { Role::Publisher } else { Role::Subscriber };
    let role = value(&body, "isPublisher").map(named);
    let rtc = Rtc::new(channel_user, RequestedRole::or_default(role, Role::Subscriber));
    let mut request = TokenRequest::new(None, agora::TokenRequest::one(version, rtc));
    let token = mint(authorized, &mut request)?.token;
    Ok(ok(JSON_UTF8, &Json::object([("uid", uid_of(&request).into()), ("token", token.into())])))
}

pub(in crate::routes) fn rtm_token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = object(authorized)?;
    let rtm = read::rtm("user", required_string(&body, "user")?)?;
    let version = version(authorized, Some(&body), authorized.signing.providers.agora.compat.version)?;
    Ok(token("token", service_token(authorized, version, rtm)?))
}

pub(in crate::routes) fn tools_rtc_token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    Ok(token("key", rtc_of_query(authorized, "channelName", Role::Publisher, |_| Ok(None))?))
}

pub(in crate::routes) fn tools_rtm_token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let account = required_query(authorized, "account", "account is required")?;
    let rtm = read::rtm("account", &account)?;
    let version = version(authorized, None, authorized.signing.providers.agora.compat.version)?;
    Ok(token("key", service_token(authorized, version, rtm)?))
}

pub(in crate::routes) fn access_token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    Ok(token("token", rtc_of_query(authorized, "channel", Role::Subscriber, read_end)?))
}

/// Mints a token for the channel and the user in the query.
fn rtc_of_query(
    authorized: &Authorized<'_>,
    channel_field: &str,
    role: Role,
    read_ttl: fn(&Authorized<'_>) -> Result<Option<RequestedTtl>, FieldError>,
) -> Result<String, Problem> {
    let name = required_query(authorized, channel_field, "channel name is required")?;
    let uid = authorized.query("uid").unwrap_or_default();
    let version = version(authorized, None, authorized.signing.providers.agora.compat.version)?;
    let channel = parse_field(channel_field, &name, Channel::parse_or_any)?;
    let channel_user = ChannelUser::or_own_uid(channel, user("uid", &uid)?);
    let rtc = Rtc::new(channel_user, RequestedRole::Default(role));
    agora_token(authorized, read_ttl(authorized)?, agora::TokenRequest::one(version, rtc))
}

/// Returns a required, non-empty query parameter.
fn required_query(authorized: &Authorized<'_>, name: &str, sentence: &str) -> Result<String, FieldError> {
    let value = authorized.query(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| FieldError::sentence(name, sentence))
}

/// Reads the query parameter `expiredTs`, the Unix time when the token expires. If the parameter is missing, empty or 0,
/// the lifetime is 24 hours.
fn read_end(authorized: &Authorized<'_>) -> Result<Option<RequestedTtl>, FieldError> {
    const FIELD: &str = "expiredTs";
    let text = authorized.query(FIELD).unwrap_or_default();
    match digits(&text) {
        None if !text.is_empty() => {
            Err(FieldError::new(FIELD, "must be a Unix time in seconds, or 0 for 24 hours"))
        }
        None | Some(0) => Ok(Some(RequestedTtl::For(Ttl::MAX))),
        Some(end) => {
            let end = UnixSeconds(u32::try_from(end).unwrap_or(u32::MAX));
            Ok(Some(RequestedTtl::Until { end, field: FIELD }))
        }
    }
}

/// Responds with a token in the field with this name.
pub(super) fn token(name: &'static str, token: String) -> Response {
    ok(JSON_UTF8, &Json::object([(name, token.into())]))
}

/// Returns whether a value is truthy in JavaScript. Unlike in JavaScript, the string `false` is falsy.
fn is_truthy(value: &Json<'_>) -> bool {
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
    fn values_are_truthy_as_in_javascript_except_the_string_false() {
        let is_truthy = |text: &str| is_truthy(&Json::parse(text.as_bytes()).unwrap());
        for value in ["true", "1", "-0.5", r#""true""#, r#""0""#, "[]", "{}"] {
            assert!(is_truthy(value), "{value}");
        }
        for value in ["false", "0", "0.0", r#""""#, "null", r#""false""#, r#""False""#] {
            assert!(!is_truthy(value), "{value}");
        }
    }
}
