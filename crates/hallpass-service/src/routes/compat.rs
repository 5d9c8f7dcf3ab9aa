//! The routes of servers that apps use today. Each server has a module, which reads its request, asks for the same
//! token as everybody, and writes its answer; nothing about tokens, policy or time is decided there.

mod agora_docs;
mod express;
mod gin;

use http::Response;
use serde_json::{Map, Value};

use super::Call;
use crate::problem::Problem;
use crate::version::Version;

/// The answer to a request for one of these servers; `None` where the path is none of theirs.
pub(super) fn answer(call: Call<'_>, path: &str) -> Option<Response<Vec<u8>>> {
    express::answer(call, path).or_else(|| agora_docs::answer(call, path)).or_else(|| gin::answer(call, path))
}

/// The first value of this name in the query, decoded.
fn query_value(call: Call<'_>, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(call.request.query.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The token format: of the request's `version`, else as configured.
fn version(
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

/// A value of an object by a name in upper or lower case, as Go reads JSON.
fn value<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Digits and nothing else, as Go's `ParseUint` reads a number; too large ones end at the largest.
fn digits(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// A text that must be there.
fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, Problem> {
    match value(object, name) {
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => Err(Problem::field(name, "is missing")),
        Some(_) => Err(Problem::field(name, "must be a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_not_cut_and_have_no_sign() {
        assert_eq!(digits("0042"), Some(42));
        assert_eq!(digits("4294967297"), Some(4_294_967_297));
        assert_eq!(digits("99999999999999999999999"), Some(u64::MAX));
        for text in ["", "+1", "-1", "1.5", " 1", "0x1"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
