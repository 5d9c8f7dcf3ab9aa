//! The Express tutorial's server: `POST /rtctoken` with `{channel, isPublisher}`, `POST /rtmtoken` with `{user}`.

use hallpass_token::agora::{Role, RtmUser, Uid};
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::read::{channel, text, value, version};
use super::write;
use crate::answer::{self, JSON_UTF8};
use crate::ask::{Ask, RoleAsk, RtcAsk, ServiceAsk};
use crate::json::{self, Object};
use crate::problem::Problem;
use crate::routes::Call;

pub(in crate::routes) fn rtc_token(call: Call<'_>) -> Response<Vec<u8>> {
    for_channel(call).unwrap_or_else(|problem| write::error(&problem))
}

pub(in crate::routes) fn rtm_token(call: Call<'_>) -> Response<Vec<u8>> {
    for_signaling(call).unwrap_or_else(|problem| write::error(&problem))
}

fn for_channel(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    #[derive(Serialize)]
    struct Answer<'a> {
        uid: u32,
        token: &'a str,
    }

    let minter = call.minter()?;
    let Object(body) = json::parse::<Object<Map<String, Value>>>(call.body()?)?;
    let channel = channel("channel", text(&body, "channel")?)?;
    let version = version(call, minter.ready.compat.version, Some(&body))?;
    let role = role(value(&body, "isPublisher"));
    let rtc = ServiceAsk::Rtc(RtcAsk { channel: Some(channel), user: None, role, lives: None });
    let minted = minter.mint(&Ask::for_service(version, None, rtc))?;
    let uid = minted.uid().map_or(0, Uid::get);
    Ok(answer::json(StatusCode::OK, JSON_UTF8, &Answer { uid, token: &minted.token }))
}

fn for_signaling(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    let minter = call.minter()?;
    let Object(body) = json::parse::<Object<Map<String, Value>>>(call.body()?)?;
    let user = RtmUser::parse(text(&body, "user")?).map_err(|error| Problem::field("user", error))?;
    let version = version(call, minter.ready.compat.version, Some(&body))?;
    let rtm = ServiceAsk::Rtm { user: Some(user), permissions: None };
    Ok(write::token(&minter.mint(&Ask::for_service(version, None, rtm))?.token))
}

/// Without a word, a subscriber.
fn role(is_publisher: Option<&Value>) -> RoleAsk {
    let asked = if is_true(is_publisher) { Role::Publisher } else { Role::Subscriber };
    if matches!(is_publisher, None | Some(Value::Null)) {
        RoleAsk::Usual(asked)
    } else {
        RoleAsk::Asked(asked)
    }
}

/// What JavaScript takes for true; but the text `false` is not.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(is)) => *is,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty() && !text.eq_ignore_ascii_case("false"),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn javascript_decides_what_is_true_but_for_the_text_false() {
        for value in [json!(true), json!(1), json!(-0.5), json!("true"), json!("0"), json!([]), json!({})] {
            assert!(is_true(Some(&value)), "{value}");
        }
        for value in
            [json!(false), json!(0), json!(0.0), json!(""), json!(null), json!("false"), json!("False")]
        {
            assert!(!is_true(Some(&value)), "{value}");
        }
        assert!(!is_true(None));
    }
}
