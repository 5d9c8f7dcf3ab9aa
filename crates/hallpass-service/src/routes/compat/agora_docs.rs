//! The Go server of Agora's documentation: `POST /fetch_rtc_token` with `{uid, ChannelName, role}`.
//!
//! Its answer has the text of an error where its token would be. As Go does, names match in upper or lower case,
//! and what follows the first JSON value does not count.

use hallpass_token::agora::{Channel, Role, User};
use http::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{digits, text, value, version};
use crate::answer::{self, JSON, TEXT};
use crate::ask::{Ask, RtcAsk, ServiceAsk};
use crate::problem::Problem;
use crate::routes::Call;

/// The fields are in the order in which Go's encoder writes a map.
#[derive(Serialize)]
struct Envelope<'a> {
    code: &'a str,
    token: &'a str,
}

pub(super) fn answer(call: Call<'_>, path: &str) -> Option<Response<Vec<u8>>> {
    if path != "/fetch_rtc_token" {
        return None;
    }
    if !call.is(&Method::POST) {
        let text = answer::body(StatusCode::NOT_FOUND, TEXT, "Unsupported method. Please check.\n");
        return Some(answer::allow(text, "POST"));
    }
    let (status, token) = match rtc_token(call) {
        Ok(token) => (StatusCode::OK, token),
        Err(problem) => (problem.status(), refusal(&problem)),
    };
    Some(answer::json(status, JSON, &Envelope { code: status.as_str(), token: &token }))
}

fn rtc_token(call: Call<'_>) -> Result<String, Problem> {
    let minter = call.minter()?;
    let body = first_object(call.body()?)?;
    let channel = Channel::parse_or_any(text(&body, "ChannelName")?);
    let version = version(call, minter.ready.compat.version, Some(&body))?;
    let rtc = RtcAsk {
        channel: channel.map_err(|error| Problem::field("ChannelName", error))?,
        user: Some(User::from_number_or_any(uid(value(&body, "uid"))?)),
        role: role(value(&body, "role"))?,
        lives: None,
    };
    Ok(minter.mint(&Ask::for_service(version, None, ServiceAsk::Rtc(rtc)))?.token)
}

/// The first JSON value of the body; `null` is an object without fields.
fn first_object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let invalid = |detail: &str| Problem::InvalidJson { detail: detail.to_owned() };
    match serde_json::Deserializer::from_slice(body).into_iter::<Value>().next() {
        Some(Ok(Value::Object(object))) => Ok(object),
        Some(Ok(Value::Null)) => Ok(Map::new()),
        Some(Ok(_)) => Err(Problem::field("body", "must be a JSON object")),
        Some(Err(error)) => Err(invalid(&error.to_string())),
        None => Err(invalid("expected a JSON object, found nothing")),
    }
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
fn role(value: Option<&Value>) -> Result<Role, Problem> {
    match value {
        None | Some(Value::Null) => Ok(Role::Publisher),
        Some(Value::Number(number)) => match number.as_u64() {
            Some(0 | 1 | 101) => Ok(Role::Publisher),
            Some(2) => Ok(Role::Subscriber),
            _ => Err(Problem::field("role", "must be 1 for a publisher or 2 for a subscriber")),
        },
        Some(Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Problem::field("role", "must be a number: 1 for a publisher, 2 for a subscriber"))
        }
    }
}

fn refusal(problem: &Problem) -> String {
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
            assert_eq!(role(Some(&json!(number))), Ok(Role::Publisher));
        }
        assert_eq!(role(Some(&json!(2))), Ok(Role::Subscriber));
        for value in [json!(3), json!(-1), json!(1.0), json!("1")] {
            assert!(role(Some(&value)).is_err(), "{value}");
        }
    }
}
