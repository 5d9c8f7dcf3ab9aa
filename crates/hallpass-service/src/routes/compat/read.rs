//! How these servers read requests.

use std::borrow::Cow;

use hallpass_token::Life;
use hallpass_token::agora::{Account, Channel, Uid, UidError, User};
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::routes::{Call, query_value};
use crate::version::Version;

/// The token format: of the request's `version`, else as configured.
pub(super) fn version(
    call: Call<'_>,
    configured: Version,
    body: Option<&Map<String, Value>>,
) -> Result<Version, Problem> {
    let wrong = || Problem::field("version", Version::EXPECTED);
    if let Some(text) = query_value(call, "version") {
        return Version::parse(&text).ok_or_else(wrong);
    }
    match body.and_then(|body| value(body, "version")) {
        None | Some(Value::Null) => Ok(configured),
        Some(Value::String(text)) => Version::parse(text).ok_or_else(wrong),
        Some(_) => Err(wrong()),
    }
}

/// The first JSON value of a body, as Go's decoder reads it; `null` is an object without fields.
pub(super) fn first_object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let invalid = |detail: &str| Problem::InvalidJson { detail: detail.to_owned() };
    match serde_json::Deserializer::from_slice(body).into_iter::<Value>().next() {
        Some(Ok(Value::Object(object))) => Ok(object),
        Some(Ok(Value::Null)) => Ok(Map::new()),
        Some(Ok(_)) => Err(Problem::field("body", "must be a JSON object")),
        Some(Err(error)) => Err(invalid(&error.to_string())),
        None => Err(invalid("expected a JSON object, found nothing")),
    }
}

/// A value of an object by a name in upper or lower case, as Go reads JSON.
pub(super) fn value<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A text that must be there.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, Problem> {
    match value(object, name) {
        None | Some(Value::Null) => Err(Problem::field(name, "is missing")),
        Some(_) => text_or_empty(object, name),
    }
}

/// A text, empty where it is left out, as Go has it.
pub(super) fn text_or_empty<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, Problem> {
    match value(object, name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Problem::field(name, "must be a string")),
    }
}

/// Whom a body names.
pub(super) enum BodyUser<'a> {
    /// The number 0, which is not the account `0`.
    Anybody,
    /// A text, empty where it is left out; another number as its digits, which the originals refuse.
    Text(Cow<'a, str>),
}

impl<'a> BodyUser<'a> {
    pub(super) fn read(object: &'a Map<String, Value>, name: &str) -> Result<Self, Problem> {
        let Some(Value::Number(number)) = value(object, name) else {
            return Ok(Self::Text(Cow::Borrowed(text_or_empty(object, name)?)));
        };
        match number.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(0) => Ok(Self::Anybody),
            Some(number) => Ok(Self::Text(Cow::Owned(number.to_string()))),
            None => Err(Problem::field(name, "must be a string, or a whole number from 1 to 4294967295")),
        }
    }

    /// The user of a channel.
    pub(super) fn in_channel<'b>(
        &'b self,
        name: &str,
        read: fn(&str, &'b str) -> Result<User<'b>, Problem>,
    ) -> Result<User<'b>, Problem> {
        match self {
            Self::Anybody => Ok(User::Any),
            Self::Text(text) => read(name, text),
        }
    }

    /// The text, for a token that is never for anybody.
    pub(super) fn text(&self, name: &str) -> Result<&str, Problem> {
        match self {
            Self::Anybody => Err(Problem::field(
                name,
                "is the number 0, which stands for anybody; this token needs a name, as a string",
            )),
            Self::Text(text) => Ok(text),
        }
    }
}

/// A user for the originals that put a text into the token as it is, where nothing is anybody and `0` an account.
pub(super) fn user<'a>(name: &str, text: &'a str) -> Result<User<'a>, Problem> {
    if text.is_empty() {
        return Ok(User::Any);
    }
    match Uid::parse(text) {
        Ok(uid) => Ok(User::Uid(uid)),
        Err(UidError::TooLarge) => Err(too_large(name)),
        Err(UidError::NotDigits | UidError::LeadingZero | UidError::Zero) => {
            Account::parse(text).map(User::Account).map_err(|error| Problem::field(name, error))
        }
    }
}

/// A user for the originals that read a number in a text: 0 is anybody, and what is no number an account.
pub(super) fn number_or_account<'a>(name: &str, text: &'a str) -> Result<User<'a>, Problem> {
    match digits(text) {
        Some(number) => u32::try_from(number).map(User::from_number_or_any).map_err(|_| too_large(name)),
        None => Account::parse(text).map(User::Account).map_err(|error| Problem::field(name, error)),
    }
}

fn too_large(name: &str) -> Problem {
    Problem::field(name, "must be at most 4294967295 where it is a number")
}

/// A channel, or `*` for every one.
pub(super) fn channel<'a>(name: &str, text: &'a str) -> Result<Channel<'a>, Problem> {
    Channel::parse_or_any(text).map_err(|error| Problem::field(name, error))
}

/// Digits and nothing else, as Go's `ParseUint` reads a number; too large ones end at the largest.
pub(super) fn digits(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// A life in seconds, a day at most; `None` for 0.
pub(super) fn life(seconds: u64) -> Option<Life> {
    if seconds == 0 {
        return None;
    }
    Some(u32::try_from(seconds).ok().and_then(|seconds| Life::new(seconds).ok()).unwrap_or(Life::MAX))
}

/// A life in seconds, a day at most; `None` where it is 0 or left out.
pub(super) fn life_field(object: &Map<String, Value>, name: &str) -> Result<Option<Life>, Problem> {
    match value(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.is_u64() => Ok(number.as_u64().and_then(life)),
        Some(_) => Err(Problem::field(name, "must be a whole number of seconds, 0 or more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn digits_are_not_cut_and_have_no_sign() {
        assert_eq!(digits("0042"), Some(42));
        assert_eq!(digits("4294967297"), Some(4_294_967_297));
        assert_eq!(digits("99999999999999999999999"), Some(u64::MAX));
        for text in ["", "+1", "-1", "1.5", " 1", "0x1"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }

    #[test]
    fn a_life_is_a_day_at_most() {
        assert_eq!(life(0), None);
        assert_eq!(life(86_399), Life::new(86_399).ok());
        for seconds in [86_401, 1_700_000_000, u64::MAX] {
            assert_eq!(life(seconds), Some(Life::MAX), "{seconds}");
        }
    }

    #[test]
    fn a_user_is_read_in_two_ways() {
        let account = |text| Ok(User::Account(Account::parse(text).unwrap()));
        assert_eq!((user("uid", ""), user("uid", "0")), (Ok(User::Any), account("0")));
        assert_eq!((user("uid", "5"), user("uid", "05")), (Ok(User::from_number_or_any(5)), account("05")));
        assert_eq!(number_or_account("uid", "0"), Ok(User::Any));
        assert_eq!(number_or_account("uid", "05"), Ok(User::from_number_or_any(5)));
        for read in [user, number_or_account] {
            assert_eq!(read("uid", "-1"), account("-1"));
            assert!(read("uid", "4294967296").is_err());
            assert!(read("uid", "99999999999999999999999").is_err());
        }
        assert!(number_or_account("uid", "").is_err());
    }

    #[test]
    fn a_user_may_be_a_number() {
        for (uid, expected) in [
            (json!(7), Some("7")),
            (json!("7"), Some("7")),
            (json!("0"), Some("0")),
            (json!(null), Some("")),
            (json!(0), None),
        ] {
            let Value::Object(object) = json!({ "UID": uid }) else { unreachable!() };
            let user = BodyUser::read(&object, "uid").ok().unwrap();
            assert_eq!(user.text("uid").ok(), expected);
        }
        for uid in [json!(-1), json!(0.0), json!(1.5), json!(4_294_967_296_u64), json!(true), json!([])] {
            let Value::Object(object) = json!({ "uid": uid }) else { unreachable!() };
            assert!(BodyUser::read(&object, "uid").is_err(), "{uid}");
        }
    }
}
