//! How these servers read requests. Names of fields match in upper or lower case, and `null` is the same as no field.

use std::borrow::Cow;

use hallpass_token::Life;
use hallpass_token::agora::{Account, Channel, RtmUser, Uid, UidError, User};

use crate::problem::Problem;
use crate::providers::agora::Version;
use crate::routes::authorized::Authorized;
use crate::web::field_error::FieldError;
use crate::web::json::Json;

/// Reads the body as Express does: one JSON object.
pub(super) fn object<'a>(authorized: &Authorized<'a>) -> Result<Json<'a>, Problem> {
    let body = Json::parse(authorized.body()?)?;
    body.read(|body| body.entries().map(drop))?;
    Ok(body)
}

/// Reads the body as Go's decoder does: the first JSON value. `null` is an object without fields.
pub(super) fn first_object<'a>(authorized: &Authorized<'a>) -> Result<Json<'a>, Problem> {
    match Json::parse_first(authorized.body()?)? {
        body @ Json::Object(_) => Ok(body),
        Json::Null => Ok(Json::object([])),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            Err(FieldError::new("body", "must be a JSON object").reading().into())
        }
    }
}

/// Returns the field of this name; if there is none, the first one, by its bytes, that differs in case only.
pub(super) fn value<'j>(object: &'j Json<'j>, name: &str) -> Option<&'j Json<'j>> {
    let similar = || {
        let Json::Object(fields) = object else { return None };
        let similar = fields.iter().rev().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        similar.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, value)| value)
    };
    object.get(name).or_else(similar).filter(|value| **value != Json::Null)
}

/// Reads a string that must be set.
pub(super) fn text<'j>(object: &'j Json<'j>, name: &str) -> Result<&'j str, FieldError> {
    match value(object, name) {
        None => Err(FieldError::new(name, "is missing")),
        Some(_) => text_or_empty(object, name),
    }
}

/// Reads a string; as in Go, the default is an empty one.
pub(super) fn text_or_empty<'j>(object: &'j Json<'j>, name: &str) -> Result<&'j str, FieldError> {
    match value(object, name) {
        None => Ok(""),
        Some(Json::String(text)) => Ok(text),
        Some(_) => Err(FieldError::new(name, "must be a string").reading()),
    }
}

/// Returns a value of the query that must not be empty.
pub(super) fn required_query(
    authorized: &Authorized<'_>,
    name: &str,
    sentence: &str,
) -> Result<String, FieldError> {
    let text = authorized.query(name).filter(|text| !text.is_empty());
    text.ok_or_else(|| FieldError::sentence(name, sentence))
}

/// Reads the token format: `version` of the query or the body, or the default.
pub(super) fn version(
    authorized: &Authorized<'_>,
    body: Option<&Json<'_>>,
    default: Version,
) -> Result<Version, FieldError> {
    let parsed = match (authorized.query("version"), body.and_then(|body| value(body, "version"))) {
        (Some(text), _) => Version::parse(&text),
        (None, Some(value)) => value.as_str().and_then(Version::parse),
        (None, None) => Some(default),
    };
    parsed.ok_or_else(|| FieldError::new("version", Version::EXPECTED).reading())
}

/// The user that a body names.
pub(super) enum BodyUser<'j> {
    /// The number 0, which is not the account `0`.
    Any,
    /// A string, by default an empty one; any other number as its digits, although the originals reject numbers.
    Text(Cow<'j, str>),
}

impl<'j> BodyUser<'j> {
    pub(super) fn read(object: &'j Json<'j>, name: &str) -> Result<Self, FieldError> {
        let Some(value @ Json::Number(_)) = value(object, name) else {
            return Ok(Self::Text(text_or_empty(object, name)?.into()));
        };
        match value.as_u64().map(u32::try_from) {
            Some(Ok(0)) => Ok(Self::Any),
            Some(Ok(number)) => Ok(Self::Text(number.to_string().into())),
            _ => {
                let detail = "must be a string, or a whole number from 1 to 4294967295";
                Err(FieldError::new(name, detail).reading())
            }
        }
    }

    /// Returns the user of a channel.
    pub(super) fn in_channel<'a>(
        &'a self,
        name: &str,
        read: fn(&str, &'a str) -> Result<User<'a>, FieldError>,
    ) -> Result<User<'a>, FieldError> {
        match self {
            Self::Any => Ok(User::Any),
            Self::Text(text) => read(name, text),
        }
    }

    /// Returns the string, for a token that is never for all users.
    pub(super) fn text(&self, name: &str) -> Result<&str, FieldError> {
        match self {
            Self::Any => Err(FieldError::new(
                name,
                "is the number 0, which stands for anybody; this token needs a name, as a string",
            )),
            Self::Text(text) => Ok(text),
        }
    }
}

/// Reads a user as the originals do that copy the string into the token: an empty one stands for all users, and `0` is an
/// account.
pub(super) fn user<'a>(name: &str, text: &'a str) -> Result<User<'a>, FieldError> {
    if text.is_empty() {
        return Ok(User::Any);
    }
    match Uid::parse(text) {
        Ok(uid) => Ok(User::Uid(uid)),
        Err(UidError::TooLarge) => Err(too_large(name)),
        Err(UidError::NotDigits | UidError::LeadingZero | UidError::Zero) => {
            account(name, text).map(User::Account)
        }
    }
}

/// Reads a user as the originals do that parse a number: 0 stands for all users, and anything but a number is an account.
pub(super) fn number_or_account<'a>(name: &str, text: &'a str) -> Result<User<'a>, FieldError> {
    match digits(text) {
        Some(number) => u32::try_from(number).map(User::from_number_or_any).map_err(|_| too_large(name)),
        None => account(name, text).map(User::Account),
    }
}

fn too_large(name: &str) -> FieldError {
    FieldError::new(name, "must be at most 4294967295 where it is a number")
}

pub(super) fn account<'a>(name: &str, text: &'a str) -> Result<Account<'a>, FieldError> {
    Account::parse(text).map_err(|error| FieldError::new(name, error))
}

pub(super) fn rtm_user<'a>(name: &str, text: &'a str) -> Result<RtmUser<'a>, FieldError> {
    RtmUser::parse(text).map_err(|error| FieldError::new(name, error))
}

/// Reads a channel, or `*` for all channels.
pub(super) fn channel<'a>(name: &str, text: &'a str) -> Result<Channel<'a>, FieldError> {
    Channel::parse_or_any(text).map_err(|error| FieldError::new(name, error))
}

/// Reads digits and nothing else, as Go's `ParseUint` does. A number that does not fit becomes the largest.
pub(super) fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Returns a lifetime, capped at a day; `None` for 0.
pub(super) fn life(seconds: u64) -> Option<Life> {
    let capped =
        || u32::try_from(seconds).ok().and_then(|seconds| Life::new(seconds).ok()).unwrap_or(Life::MAX);
    (seconds != 0).then(capped)
}

/// Reads a lifetime in seconds, capped at a day; `None` if the field is 0 or not set.
pub(super) fn life_field(object: &Json<'_>, name: &str) -> Result<Option<Life>, FieldError> {
    let Some(value) = value(object, name) else { return Ok(None) };
    let error = || FieldError::new(name, "must be a whole number of seconds, 0 or more").reading();
    value.as_u64().map(life).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_upper_or_lower_case() {
        for (body, expected) in [
            (r#"{"Uid":1,"uid":2,"UID":3}"#, Some(2)),
            (r#"{"Uid":1,"UID":3,"UID":4}"#, Some(4)),
            (r#"{"uid":1,"uid":2}"#, Some(2)),
            (r#"{"uid":null}"#, None),
            ("[]", None),
        ] {
            let body = Json::parse(body.as_bytes()).unwrap();
            assert_eq!(value(&body, "uid").and_then(Json::as_u64), expected, "{body:?}");
        }
    }

    #[test]
    fn digits_are_not_truncated_and_have_no_sign() {
        assert_eq!(digits("0042"), Some(42));
        assert_eq!(digits("4294967297"), Some(4_294_967_297));
        assert_eq!(digits("99999999999999999999999"), Some(u64::MAX));
        for text in ["", "+1", "-1", "1.5", " 1", "0x1"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }

    #[test]
    fn a_lifetime_is_capped_at_a_day() {
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
        let text = |uid: &str| {
            let body = format!(r#"{{"UID":{uid}}}"#);
            let body = Json::parse(body.as_bytes()).unwrap();
            BodyUser::read(&body, "uid").map(|user| user.text("uid").ok().map(str::to_owned))
        };
        for (uid, expected) in
            [("7", Some("7")), (r#""7""#, Some("7")), (r#""0""#, Some("0")), ("null", Some("")), ("0", None)]
        {
            assert_eq!(text(uid).unwrap().as_deref(), expected, "{uid}");
        }
        for uid in ["-1", "0.0", "1.5", "4294967296", "true", "[]"] {
            assert!(text(uid).is_err(), "{uid}");
        }
    }
}
