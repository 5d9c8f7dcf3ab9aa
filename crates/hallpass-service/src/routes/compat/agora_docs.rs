//! The Go server of Agora's documentation: `POST /fetch_rtc_token` with `{uid, ChannelName, role}`; in other editions
//! `/fetch_rtc_token_string`, whose `uid` is an account, and `/fetch_rtm_token` with `{uid}`.
//!
//! Its answer has the text of an error where its token would be. As Go does, names match in upper or lower case,
//! and what follows the first JSON value does not count.

use hallpass_token::agora::{Account, Role, RtmUser, User};
use http::{HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::read::{BodyUser, channel, digits, first_object, text, value, version};
use crate::answer::{self, JSON, TEXT};
use crate::ask::{Ask, RoleAsk, RtcAsk, ServiceAsk};
use crate::problem::Problem;
use crate::routes::{Call, Minter};

/// The fields are in the order in which Go's encoder writes a map.
#[derive(Serialize)]
struct Envelope<'a> {
    code: &'a str,
    token: &'a str,
}

/// What the original says to OPTIONS, in its spelling.
const JSON_AS_ASKED: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

pub(in crate::routes) fn rtc_token(call: Call<'_>) -> Response<Vec<u8>> {
    envelope(for_uid(call))
}

pub(in crate::routes) fn rtc_token_for_account(call: Call<'_>) -> Response<Vec<u8>> {
    envelope(for_account(call))
}

pub(in crate::routes) fn rtm_token(call: Call<'_>) -> Response<Vec<u8>> {
    envelope(for_signaling(call))
}

/// What it says to other methods than POST.
pub(in crate::routes) fn refusal(call: Call<'_>, allow: &str) -> Response<Vec<u8>> {
    let response = if call.is(&Method::OPTIONS) {
        answer::body(StatusCode::OK, JSON_AS_ASKED, "")
    } else {
        answer::body(StatusCode::NOT_FOUND, TEXT, "Unsupported method. Please check.\n")
    };
    answer::allow(response, allow)
}

fn envelope(token: Result<String, Problem>) -> Response<Vec<u8>> {
    let (status, token) = match token {
        Ok(token) => (StatusCode::OK, token),
        Err(problem) => (problem.status(), sentence(&problem)),
    };
    answer::json(status, JSON, &Envelope { code: status.as_str(), token: &token })
}

fn for_uid(call: Call<'_>) -> Result<String, Problem> {
    let (minter, body) = begin(call)?;
    let user = User::from_number_or_any(uid(value(&body, "uid"))?);
    mint(call, &minter, &body, rtc(&body, user)?)
}

fn for_account(call: Call<'_>) -> Result<String, Problem> {
    let (minter, body) = begin(call)?;
    let user = BodyUser::read(&body, "uid")?;
    let account = Account::parse(user.text("uid")?).map_err(|error| Problem::field("uid", error))?;
    mint(call, &minter, &body, rtc(&body, User::Account(account))?)
}

fn for_signaling(call: Call<'_>) -> Result<String, Problem> {
    let (minter, body) = begin(call)?;
    let user = BodyUser::read(&body, "uid")?;
    let user = RtmUser::parse(user.text("uid")?).map_err(|error| Problem::field("uid", error))?;
    mint(call, &minter, &body, ServiceAsk::Rtm { user: Some(user), permissions: None })
}

fn begin(call: Call<'_>) -> Result<(Minter<'_>, Map<String, Value>), Problem> {
    Ok((call.minter()?, first_object(call.body()?)?))
}

fn rtc<'a>(body: &'a Map<String, Value>, user: User<'a>) -> Result<ServiceAsk<'a>, Problem> {
    let channel = channel("ChannelName", text(body, "ChannelName")?)?;
    let role = role(value(body, "role"))?;
    Ok(ServiceAsk::Rtc(RtcAsk { channel: Some(channel), user: Some(user), role, lives: None }))
}

fn mint<'a>(
    call: Call<'_>,
    minter: &Minter<'a>,
    body: &Map<String, Value>,
    service: ServiceAsk<'a>,
) -> Result<String, Problem> {
    let version = version(call, minter.ready.compat.version, Some(body))?;
    Ok(minter.mint(&Ask::for_service(version, None, service))?.token)
}

/// A number, or a number as text, which some clients send and the original refuses. 0 and nothing mean anybody.
fn uid(value: Option<&Value>) -> Result<u32, Problem> {
    let number = match value {
        None | Some(Value::Null) => Some(0),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => digits(text),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    number
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| Problem::field("uid", "must be a whole number from 1 to 4294967295"))
}

/// The roles of format 006. Another number is refused: the original would use the role of the request before.
fn role(value: Option<&Value>) -> Result<RoleAsk, Problem> {
    match value {
        None | Some(Value::Null) => Ok(RoleAsk::Usual(Role::Publisher)),
        Some(Value::Number(number)) => match number.as_u64() {
            Some(0 | 1 | 101) => Ok(RoleAsk::Asked(Role::Publisher)),
            Some(2) => Ok(RoleAsk::Asked(Role::Subscriber)),
            _ => Err(Problem::field("role", "must be 1 for a publisher or 2 for a subscriber")),
        },
        Some(Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Problem::field("role", "must be a number: 1 for a publisher, 2 for a subscriber"))
        }
    }
}

fn sentence(problem: &Problem) -> String {
    match problem.status() {
        StatusCode::BAD_REQUEST => format!("Bad request. {problem}"),
        status => format!("{}. {problem}", status.canonical_reason().unwrap_or("Error")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_uid_is_never_cut_to_32_bits() {
        assert_eq!(uid(Some(&json!(4_294_967_295_u32))), Ok(u32::MAX));
        for value in [
            json!(4_294_967_296_u64),
            json!("4294967297"),
            json!(-1),
            json!(1.5),
            json!("alice"),
            json!(true),
        ] {
            assert!(uid(Some(&value)).is_err(), "{value}");
        }
    }

    #[test]
    fn only_the_four_known_roles_pass() {
        for number in [0, 1, 101] {
            assert_eq!(role(Some(&json!(number))), Ok(RoleAsk::Asked(Role::Publisher)));
        }
        assert_eq!(role(Some(&json!(2))), Ok(RoleAsk::Asked(Role::Subscriber)));
        assert_eq!(role(None), Ok(RoleAsk::Usual(Role::Publisher)));
        for value in [json!(3), json!(-1), json!(1.0), json!("1")] {
            assert!(role(Some(&value)).is_err(), "{value}");
        }
    }
}
