//! Functions that read requests as the imitated servers do. Field names are case-insensitive. A field with the value
//! `null` is treated as missing.

use std::borrow::Cow;
use std::fmt;

use hallpass_token::Ttl;
use hallpass_token::agora::{Account, Channel, ChatUser, RtmUser, User};

use crate::problem::Problem;
use crate::providers::agora::{self, Chat, Rtc, Rtm, Version};
use crate::routes::authorized::{Authorized, invalid_json};
use crate::web::field_error::FieldError;
use crate::web::json::{BYTE_ORDER_MARK, Json};

/// Returns the body without a byte order mark, which Express ignores.
pub(super) fn body_text<'a>(authorized: &Authorized<'a>) -> Result<&'a [u8], Problem> {
    let body = authorized.body()?;
    Ok(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body))
}

/// Reads the body as Express does: a JSON object.
pub(super) fn object<'a>(authorized: &Authorized<'a>) -> Result<Json<'a>, Problem> {
    let text = body_text(authorized)?;
    let body = Json::parse(text).map_err(|error| invalid_json(text, error))?;
    body.read(|body| body.entries().map(drop))?;
    Ok(body)
}

/// Reads the body as Go's decoder does. Reads only the first JSON value, and treats `null` as an empty object.
pub(super) fn first_object<'a>(authorized: &Authorized<'a>) -> Result<Json<'a>, Problem> {
    let body = authorized.body()?;
    match Json::parse_first(body).map_err(|error| invalid_json(body, error))? {
        body @ Json::Object(_) => Ok(body),
        Json::Null => Ok(Json::object([])),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            Err(FieldError::new("body", "must be a JSON object").while_parsing().into())
        }
    }
}

/// Returns the value of a field. If no name matches exactly, ignores the case of names. If several names then match, the
/// name that sorts first by its bytes takes precedence.
pub(super) fn value<'j>(object: &'j Json<'j>, name: &str) -> Option<&'j Json<'j>> {
    let similar = || {
        let Json::Object(fields) = object else { return None };
        let similar = fields.iter().rev().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        similar.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, value)| value)
    };
    object.get(name).or_else(similar).filter(|value| !matches!(value, Json::Null))
}

/// Reads a required string.
pub(super) fn required_string<'j>(object: &'j Json<'j>, name: &str) -> Result<&'j str, FieldError> {
    match value(object, name) {
        None => Err(FieldError::new(name, "is missing")),
        Some(_) => string_or_empty(object, name),
    }
}

/// Reads a string. As in Go, the default is an empty string.
pub(super) fn string_or_empty<'j>(object: &'j Json<'j>, name: &str) -> Result<&'j str, FieldError> {
    match value(object, name) {
        None => Ok(""),
        Some(Json::String(text)) => Ok(text),
        Some(_) => Err(FieldError::new(name, "must be a string").while_parsing()),
    }
}

/// Reads the token format from the query parameter `version`, or otherwise from the field `version` of the body.
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
    parsed.ok_or_else(|| FieldError::new("version", Version::EXPECTED).while_parsing())
}

/// Reads the user in a body: a string or a number. If the field is missing, the user is an empty string. Accepts numbers,
/// although the original servers reject them, and returns their digits. Returns `None` for the number 0, because this
/// number does not mean the account `0`.
pub(super) fn body_user<'j>(object: &'j Json<'j>, name: &str) -> Result<Option<Cow<'j, str>>, FieldError> {
    let Some(value @ Json::Number(_)) = value(object, name) else {
        return Ok(Some(string_or_empty(object, name)?.into()));
    };
    let Some(Ok(number)) = value.as_u64().map(u32::try_from) else {
        let detail = "must be a string, or a whole number from 1 to 4294967295";
        return Err(FieldError::new(name, detail).while_parsing());
    };
    Ok((number != 0).then(|| number.to_string().into()))
}

/// Returns the user from [`body_user`]. Rejects the number 0, because the token cannot be for all users.
pub(super) fn single_user<'a>(name: &str, user: Option<&'a str>) -> Result<&'a str, FieldError> {
    user.ok_or_else(|| {
        let detail = "is the number 0, which means all users. This token requires one user: specify a string";
        FieldError::new(name, detail)
    })
}

/// Returns whether a user in a request means the caller's own identity. Then the request names no user, and the policy
/// chooses the user. The original servers require a user, so their clients cannot omit it.
pub(super) fn is_own(user: &str) -> bool {
    user == "self"
}

/// Parses the value of a field that names a user; `None` for the caller's own identity.
pub(super) fn named_user<'a, T, E: fmt::Display>(
    name: &str,
    text: &'a str,
    parse: fn(&'a str) -> Result<T, E>,
) -> Result<Option<T>, FieldError> {
    if is_own(text) { Ok(None) } else { parse_field(name, text, parse).map(Some) }
}

/// Parses a user like servers that copy the string into the token; `None` for the caller's own identity. An empty string
/// means all users, and `0` is an account.
pub(super) fn user<'a>(name: &str, text: &'a str) -> Result<Option<User<'a>>, FieldError> {
    if text.is_empty() {
        Ok(Some(User::Any))
    } else if text.starts_with('0') {
        Ok(Some(parse_field(name, text, Account::parse)?.into()))
    } else {
        number_or_account(name, text)
    }
}

/// Parses a user like servers that convert the string into a number; `None` for the caller's own identity. The number 0
/// means all users, and a string that is not a number is an account.
pub(super) fn number_or_account<'a>(name: &str, text: &'a str) -> Result<Option<User<'a>>, FieldError> {
    let Some(number) = digits(text) else {
        return Ok(named_user(name, text, Account::parse)?.map(User::Account));
    };
    let number = u32::try_from(number);
    number
        .map(|number| Some(User::from_number_or_any(number)))
        .map_err(|_| FieldError::new(name, "must not exceed 4294967295 if it is a number"))
}

/// Reads a Signaling user.
pub(super) fn rtm<'a>(name: &str, text: &'a str) -> Result<Rtm<'a>, FieldError> {
    Ok(Rtm::or_own_user(named_user(name, text, RtmUser::parse)?))
}

/// Reads a Chat user.
pub(super) fn chat<'a>(name: &str, text: &'a str) -> Result<Chat<'a>, FieldError> {
    Ok(Chat::User(named_user(name, text, ChatUser::parse)?))
}

/// Parses the value of a field with a parser of the token crate.
pub(super) fn parse_field<'a, T, E: fmt::Display>(
    name: &str,
    text: &'a str,
    parse: fn(&'a str) -> Result<T, E>,
) -> Result<T, FieldError> {
    parse(text).map_err(|error| FieldError::new(name, error))
}

/// Returns a request for Signaling. If a channel is specified, a token in format 007 is also valid for that stream
/// channel. The user and the channel are each passed as a field name and a value.
pub(super) fn signaling<'a>(
    version: Version,
    (user_field, user): (&str, &'a str),
    (channel_field, channel_name): (&str, &'a str),
) -> Result<agora::TokenRequest<'a>, FieldError> {
    let mut request = agora::TokenRequest::one(version, rtm(user_field, user)?);
    if version == Version::V007 && !channel_name.is_empty() {
        let account = named_user(user_field, user, Account::parse)?;
        let channel = parse_field(channel_field, channel_name, Channel::parse_or_any)?;
        request.services.push(Box::new(Rtc::stream_channel(channel, account)));
    }
    Ok(request)
}

/// Parses a string of digits, as Go's `ParseUint` does. Returns [`u64::MAX`] if the number is too large.
pub(super) fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Returns a lifetime, capped at 24 hours; `None` for 0 seconds.
pub(super) fn capped_ttl(seconds: u64) -> Option<Ttl> {
    let ttl = u32::try_from(seconds).ok().and_then(|seconds| Ttl::new(seconds).ok());
    (seconds != 0).then_some(ttl.unwrap_or(Ttl::MAX))
}

/// Reads a lifetime in seconds, capped at 24 hours; `None` if the field is 0 or not set.
pub(super) fn ttl_field(object: &Json<'_>, name: &str) -> Result<Option<Ttl>, FieldError> {
    let Some(value) = value(object, name) else { return Ok(None) };
    let error = || FieldError::new(name, "must be a whole number of seconds, 0 or more").while_parsing();
    value.as_u64().map(capped_ttl).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_case_insensitive() {
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
    fn parses_users_as_strings_or_numbers() {
        let account = |text| Ok(Some(User::Account(Account::parse(text).unwrap())));
        assert_eq!((user("uid", ""), user("uid", "0")), (Ok(Some(User::Any)), account("0")));
        assert_eq!(
            (user("uid", "05"), number_or_account("uid", "05")),
            (account("05"), Ok(Some(User::from_number_or_any(5))))
        );
        for read in [user, number_or_account] {
            assert_eq!((read("uid", "self"), read("uid", "Self")), (Ok(None), account("Self")));
            assert_eq!(read("uid", "-1"), account("-1"));
            assert!(read("uid", "99999999999999999999999").is_err());
        }
        assert!(number_or_account("uid", "").is_err());
    }

    #[test]
    fn rejects_negative_fractional_and_large_uids() {
        for uid in ["-1", "0.0", "4294967296"] {
            let body = format!(r#"{{"uid":{uid}}}"#);
            assert!(body_user(&Json::parse(body.as_bytes()).unwrap(), "uid").is_err(), "{uid}");
        }
    }
}
