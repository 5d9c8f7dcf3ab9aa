//! Comparison of Hallpass's response with the recorded response.

use std::collections::BTreeSet;

use serde_json::Value;

use super::RecordedResponse;
use super::decode::{DecodedToken, decode};
use crate::target::Response;

/// Returns a description of each difference, except in salts, times and error messages.
///
/// If the status differs, the rest is not compared, because an error and a token have nothing in common.
pub(super) fn differences(recorded: &RecordedResponse, ours: &Response, request: &str) -> BTreeSet<String> {
    let status = ours.status().as_u16();
    if recorded.status != status {
        return BTreeSet::from([format!("status: {status} instead of {}", recorded.status)]);
    }
    let mut found = BTreeSet::new();
    let recorded_type = recorded
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| &**value);
    let our_type = ours.headers().get("content-type").and_then(|value| value.to_str().ok());
    if !same_type(recorded_type, our_type) {
        let (ours, recorded) = (our_type.unwrap_or("none"), recorded_type.unwrap_or("none"));
        found.insert(format!("content type: {ours} instead of {recorded}"));
    }
    let recorded = serde_json::from_str::<Value>(&recorded.body).ok();
    let ours = serde_json::from_slice::<Value>(ours.body()).ok();
    match (&recorded, &ours) {
        (Some(recorded), Some(ours)) => values(
            recorded,
            ours,
            &Location { path: "", request, chosen: (Vec::new(), Vec::new()) },
            &mut found,
        ),
        (None, None) => {}
        (Some(_), None) => drop(found.insert("body: non-JSON instead of JSON".to_owned())),
        (None, Some(_)) => drop(found.insert("body: JSON instead of non-JSON".to_owned())),
    }
    found
}

/// The location of two compared values.
struct Location<'a> {
    /// The JSON pointer.
    path: &'a str,
    /// The path, the query and the body of the request.
    request: &'a str,
    /// The recorded names and Hallpass's names in the same object: the uid and the channel, if the servers chose them.
    chosen: (Vec<String>, Vec<String>),
}

fn values(recorded: &Value, ours: &Value, at: &Location<'_>, found: &mut BTreeSet<String>) {
    let path = at.path;
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            let chosen = (chosen(recorded, at.request), chosen(ours, at.request));
            for name in recorded.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}/{name}");
                match (recorded.get(name), ours.get(name)) {
                    (Some(recorded), Some(ours)) => {
                        values(
                            recorded,
                            ours,
                            &Location { path: &path, chosen: chosen.clone(), ..*at },
                            found,
                        );
                    }
                    (Some(_), None) => drop(found.insert(format!("{path}: missing"))),
                    (None, _) => drop(found.insert(format!("{path}: added"))),
                }
            }
        }
        (Value::String(recorded), Value::String(ours)) => match (decode(recorded), decode(ours)) {
            (Some(recorded), Some(ours)) => tokens(&recorded, &ours, at, found),
            // A name in the request must be in the response.
            (None, None) if recorded != ours && names(at.request).any(|name| name == *recorded) => {
                let is_named = names(at.request).any(|name| name == *ours);
                let ours = if is_named { ours } else { "a chosen name" };
                found.insert(format!("{path}: {ours} instead of {recorded}"));
            }
            (None, None) => {}
            (Some(_), None) => drop(found.insert(format!("{path}: string instead of token"))),
            (None, Some(_)) => drop(found.insert(format!("{path}: token instead of string"))),
        },
        _ if kind(recorded) == kind(ours) => {}
        _ => drop(found.insert(format!("{path}: {} instead of {}", kind(ours), kind(recorded)))),
    }
}

/// Returns the uid and the channel in an object, if the server chose them.
fn chosen(object: &serde_json::Map<String, Value>, request: &str) -> Vec<String> {
    let values = ["uid", "channel", "channel_name"].into_iter().filter_map(|name| object.get(name));
    let values = values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    values.filter(|value| !names(request).any(|name| name == value)).collect()
}

/// Returns the parts of a request that can be names. The number 0 is not a name, because the server then chooses one.
fn names(request: &str) -> impl Iterator<Item = &str> {
    request
        .split(['/', '?', '&', '=', '"', ':', ',', '}', '\n'])
        .filter(|name| !name.is_empty() && *name != "0")
}

fn tokens(recorded: &DecodedToken, ours: &DecodedToken, at: &Location<'_>, found: &mut BTreeSet<String>) {
    let (recorded, ours) = (recorded.without(&at.chosen.0), ours.without(&at.chosen.1));
    let path = at.path;
    for name in recorded.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        match (recorded.get(name), ours.get(name)) {
            (Some(recorded), Some(ours)) if same_fact(recorded, ours) => {}
            (recorded, ours) => {
                let [ours, recorded] = [ours, recorded].map(|fact| fact.map_or("nothing", String::as_str));
                found.insert(format!("{path}, {name}: {ours} instead of {recorded}"));
            }
        }
    }
}

/// Returns whether two facts are equal. Durations can differ by a second, because the original servers read the clock once for
/// the token and once for its privileges.
fn same_fact(left: &str, right: &str) -> bool {
    let seconds = |fact: &str| fact.strip_suffix(" s").and_then(|number| number.parse::<u32>().ok());
    match (seconds(left), seconds(right)) {
        (Some(left), Some(right)) => left.abs_diff(right) <= 1,
        _ => left == right,
    }
}

/// Returns whether two content types are equivalent for a client. Letter case is ignored. A charset is also ignored if
/// only one content type contains a charset.
fn same_type(left: Option<&str>, right: Option<&str>) -> bool {
    let parts = |content_type: Option<&str>| {
        let lower = content_type.unwrap_or_default().to_ascii_lowercase();
        let (kind, charset) = lower.split_once(';').unwrap_or((&lower, ""));
        (kind.trim().to_owned(), charset.trim().to_owned())
    };
    let ((left, left_charset), (right, right_charset)) = (parts(left), parts(right));
    left == right && (left_charset == right_charset || left_charset.is_empty() || right_charset.is_empty())
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const TOKEN: &str = "006970CA35de60c44645bbae8a215061b33IADzJHXBYCZZgGruPxwfstvUpBRiUAhFekQ7kGXf7wTP0wx+f9ij4OObIgCqckYEdWUCawQAAQAdFAFrAgAdFAFrAwAdFAFrBAAdFAFr";

    fn found(recorded: (u16, &str, &str), ours: (u16, &str, &str)) -> Vec<String> {
        let recorded = RecordedResponse {
            status: recorded.0,
            headers: BTreeMap::from([("Content-Type".to_owned(), recorded.1.to_owned())]),
            body: recorded.2.to_owned(),
        };
        let ours = http::Response::builder()
            .status(ours.0)
            .header("content-type", ours.1)
            .body(ours.2.as_bytes().to_vec())
            .unwrap();
        differences(&recorded, &ours, "").into_iter().collect()
    }

    #[test]
    fn ignores_error_messages() {
        let recorded = (400, "text/plain", r#"{"error":"a","status":400}"#);
        assert!(
            found(recorded, (400, "text/plain; charset=utf-8", r#"{"error":"b","status":1}"#)).is_empty()
        );
    }

    #[test]
    fn compares_status_content_type_keys_and_value_types() {
        let recorded = (400, "text/plain; charset=utf-8", r#"{"error":"a","status":400}"#);
        assert_eq!(found(recorded, (403, "a", "")), ["status: 403 instead of 400"]);
        assert_eq!(
            found(recorded, (400, "application/json", r#"{"error":1,"code":1}"#)),
            [
                "/code: added",
                "/error: number instead of string",
                "/status: missing",
                "content type: application/json instead of text/plain; charset=utf-8",
            ]
        );
        assert_eq!(found(recorded, (400, "text/plain", "a")), ["body: non-JSON instead of JSON"]);
    }

    #[test]
    fn compares_tokens_by_their_content() {
        let json = "application/json";
        let body = format!(r#"{{"token":"{TOKEN}"}}"#);
        assert!(found((200, json, &body), (200, json, &body)).is_empty());
        assert_eq!(
            found((200, json, &body), (200, json, r#"{"token":""}"#)),
            ["/token: string instead of token"]
        );
        assert_eq!(
            found((200, json, r#"{"token":"a"}"#), (200, json, &body)),
            ["/token: token instead of string"]
        );
    }

    #[test]
    fn ignores_a_difference_of_one_second() {
        assert!(same_fact("3600 s", "3599 s"));
        assert!(!same_fact("3600 s", "3598 s"));
        assert!(!same_fact("3600 s", "a"));
    }
}
