//! The Go server of Agora's documentation: `POST /fetch_rtc_token` with `{uid, ChannelName, role}`; in other editions
//! `/fetch_rtc_token_string`, whose `uid` is an account, and `/fetch_rtm_token` with `{uid}`.
//!
//! A response has the sentence of an error in the field for the token. As in Go, whatever follows the first JSON value is
//! ignored.

use hallpass_token::agora::{Role, User};
use http::{HeaderValue, Method, StatusCode};

use super::mint::service_token;
use super::read::{BodyUser, account, channel, digits, first_object, rtm_user, text, value, version};
use crate::problem::Problem;
use crate::providers::agora::{ChannelUser, RequestedRole, Rtc, Rtm, TokenService};
use crate::routes::authorized::Authorized;
use crate::routes::dialect::{Dialect, ErrorBody, ErrorContext};
use crate::routes::path::PathMatching;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON, Response, TEXT};

pub(in crate::routes) const DIALECT: Dialect = Dialect { matching: PathMatching::Exact, render };

/// The type of a response to OPTIONS, as the original spells it.
const OPTIONS_TYPE: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

fn render(error: &ErrorContext<'_>) -> ErrorBody {
    let problem = error.problem;
    if !matches!(problem, Problem::MethodNotAllowed { .. }) {
        let status = problem.status();
        return ErrorBody::new(status, JSON, envelope(status, sentence(problem)).to_vec());
    }
    if error.method == Method::OPTIONS {
        return ErrorBody::new(StatusCode::OK, OPTIONS_TYPE, "");
    }
    ErrorBody::new(StatusCode::NOT_FOUND, TEXT, "Unsupported method. Please check.\n")
}

/// Returns the fields in the order in which Go's encoder writes a map.
fn envelope(status: StatusCode, token: String) -> Json<'static> {
    Json::object([("code", status.as_str().to_owned().into()), ("token", token.into())])
}

fn sentence(problem: &Problem) -> String {
    match problem.status() {
        StatusCode::BAD_REQUEST => format!("Bad request. {problem}"),
        status => format!("{}. {problem}", status.canonical_reason().unwrap_or("Error")),
    }
}

pub(in crate::routes) async fn rtc_token(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(&authorized)?;
    let user = User::from_number_or_any(uid(value(&body, "uid"))?);
    respond(&authorized, &body, rtc(&body, user)?)
}

pub(in crate::routes) async fn rtc_token_for_account(
    authorized: Authorized<'_>,
) -> Result<Response, Problem> {
    let body = first_object(&authorized)?;
    let user = BodyUser::read(&body, "uid")?;
    let account = account("uid", user.text("uid")?)?;
    respond(&authorized, &body, rtc(&body, User::Account(account))?)
}

pub(in crate::routes) async fn rtm_token(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(&authorized)?;
    let user = BodyUser::read(&body, "uid")?;
    respond(&authorized, &body, Rtm::new(rtm_user("uid", user.text("uid")?)?))
}

fn respond<'a>(
    authorized: &'a Authorized<'_>,
    body: &Json<'_>,
    service: impl TokenService<'a> + 'a,
) -> Result<Response, Problem> {
    let version = version(authorized, Some(body), authorized.signing.compat.version)?;
    let token = service_token(authorized, version, service)?;
    Ok(response::json(StatusCode::OK, JSON, &envelope(StatusCode::OK, token)))
}

fn rtc<'j>(body: &'j Json<'j>, user: User<'j>) -> Result<Rtc<'j>, FieldError> {
    let channel = channel("ChannelName", text(body, "ChannelName")?)?;
    Ok(Rtc::new(ChannelUser::new(channel, user), role(value(body, "role"))?))
}

/// Reads a number, or a string of digits, which some clients send and the original rejects. 0 and nothing stand for all
/// users.
fn uid(value: Option<&Json<'_>>) -> Result<u32, FieldError> {
    let number = match value {
        None => Some(0),
        Some(Json::String(text)) => digits(text),
        Some(value) => value.as_u64(),
    };
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| FieldError::new("uid", "must be a whole number from 1 to 4294967295"))
}

/// Reads a role of format 006. Any other number is rejected, for which the original uses the role of the previous request.
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

    fn json(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_uid_is_never_truncated_to_32_bits() {
        assert_eq!(uid(Some(&json("4294967295"))), Ok(u32::MAX));
        for value in ["4294967296", r#""4294967297""#, "-1", "1.5", r#""alice""#, "true"] {
            assert!(uid(Some(&json(value))).is_err(), "{value}");
        }
    }

    #[test]
    fn only_the_four_known_roles_pass() {
        for number in ["0", "1", "101"] {
            assert_eq!(role(Some(&json(number))), Ok(RequestedRole::Named(Role::Publisher)));
        }
        assert_eq!(role(Some(&json("2"))), Ok(RequestedRole::Named(Role::Subscriber)));
        assert_eq!(role(None), Ok(RequestedRole::Default(Role::Publisher)));
        for value in ["3", "-1", "1.0", r#""1""#] {
            assert!(role(Some(&json(value))).is_err(), "{value}");
        }
    }
}
