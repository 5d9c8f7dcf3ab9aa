//! Two answers to one request: the recorded one and ours.

use std::collections::BTreeSet;

use serde_json::Value;

use super::RecordedResponse;
use super::decode::{DecodedToken, decode};
use crate::target::Response;

/// A sentence for each thing that is different, beside salt, time and the words of errors.
///
/// Where the status differs, the rest is not looked at: an error has no shape in common with a token.
pub(super) fn differences(recorded: &RecordedResponse, ours: &Response) -> BTreeSet<String> {
    let status = ours.status().as_u16();
    if recorded.status != status {
        return BTreeSet::from([format!("status: {status} instead of {}", recorded.status)]);
    }
    let mut found = BTreeSet::new();
    let of_recorded = recorded
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, is)| &**is);
    let of_ours = ours.headers().get("content-type").and_then(|is| is.to_str().ok());
    if !same_type(of_recorded, of_ours) {
        let shown = |content_type: Option<&str>| content_type.unwrap_or("none").to_owned();
        found.insert(format!("content type: {} instead of {}", shown(of_ours), shown(of_recorded)));
    }
    let recorded = serde_json::from_str::<Value>(&recorded.body).ok();
    let ours = serde_json::from_slice::<Value>(ours.body()).ok();
    match (&recorded, &ours) {
        (Some(recorded), Some(ours)) => values(recorded, ours, &Place { path: "", uids: None }, &mut found),
        (None, None) => {}
        (Some(_), None) => drop(found.insert("body: no JSON instead of JSON".to_owned())),
        (None, Some(_)) => drop(found.insert("body: JSON instead of no JSON".to_owned())),
    }
    found
}

/// Where a pair of values stands.
struct Place<'a> {
    path: &'a str,
    /// The users that the two servers chose themselves, and say beside the token: recorded and ours.
    uids: Option<(u64, u64)>,
}

fn values(recorded: &Value, ours: &Value, at: &Place<'_>, found: &mut BTreeSet<String>) {
    let path = at.path;
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            let uid = |object: &serde_json::Map<String, Value>| object.get("uid").and_then(Value::as_u64);
            let uids = uid(recorded).zip(uid(ours));
            for name in recorded.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}/{name}");
                match (recorded.get(name), ours.get(name)) {
                    (Some(recorded), Some(ours)) => {
                        values(recorded, ours, &Place { path: &path, uids }, found);
                    }
                    (Some(_), None) => drop(found.insert(format!("{path}: missing"))),
                    (None, _) => drop(found.insert(format!("{path}: added"))),
                }
            }
        }
        (Value::String(recorded), Value::String(ours)) => match (decode(recorded), decode(ours)) {
            (Some(recorded), Some(ours)) => tokens(&recorded, &ours, at, found),
            (None, None) => {}
            (Some(_), None) => drop(found.insert(format!("{path}: no token instead of a token"))),
            (None, Some(_)) => drop(found.insert(format!("{path}: a token instead of none"))),
        },
        _ if kind(recorded) == kind(ours) => {}
        _ => drop(found.insert(format!("{path}: a {} instead of a {}", kind(ours), kind(recorded)))),
    }
}

fn tokens(recorded: &DecodedToken, ours: &DecodedToken, at: &Place<'_>, found: &mut BTreeSet<String>) {
    let (recorded, ours) = match at.uids {
        Some((of_recorded, of_ours)) => (recorded.without_user(of_recorded), ours.without_user(of_ours)),
        None => (recorded.facts.clone(), ours.facts.clone()),
    };
    let path = at.path;
    for name in recorded.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        match (recorded.get(name), ours.get(name)) {
            (Some(recorded), Some(ours)) if same_fact(recorded, ours) => {}
            (recorded, ours) => {
                let shown = |fact: Option<&String>| fact.map_or("nothing", String::as_str).to_owned();
                found.insert(format!("{path}, {name}: {} instead of {}", shown(ours), shown(recorded)));
            }
        }
    }
}

/// A second more or less is none: the originals look at the clock once for the token and once for its privileges.
fn same_fact(one: &str, other: &str) -> bool {
    let seconds = |text: &str| text.strip_suffix(" s").and_then(|number| number.parse::<u32>().ok());
    match (seconds(one), seconds(other)) {
        (Some(one), Some(other)) => one.abs_diff(other) <= 1,
        _ => one == other,
    }
}

/// A charset that only one of them names, and upper or lower case, make no difference to a client.
fn same_type(one: Option<&str>, other: Option<&str>) -> bool {
    let parts = |content_type: Option<&str>| {
        let lower = content_type.unwrap_or_default().to_ascii_lowercase();
        let (kind, charset) = lower.split_once(';').unwrap_or((&lower, ""));
        (kind.trim().to_owned(), charset.trim().to_owned())
    };
    let ((one, one_charset), (other, other_charset)) = (parts(one), parts(other));
    one == other && (one_charset == other_charset || one_charset.is_empty() || other_charset.is_empty())
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
        differences(&recorded, &ours).into_iter().collect()
    }

    #[test]
    fn the_words_of_an_error_make_no_difference() {
        let recorded = (400, "text/plain", r#"{"error":"a","status":400}"#);
        assert!(
            found(recorded, (400, "text/plain; charset=utf-8", r#"{"error":"b","status":1}"#)).is_empty()
        );
    }

    #[test]
    fn status_type_keys_and_kinds_do() {
        let recorded = (400, "text/plain; charset=utf-8", r#"{"error":"a","status":400}"#);
        assert_eq!(found(recorded, (403, "a", "")), ["status: 403 instead of 400"]);
        assert_eq!(
            found(recorded, (400, "application/json", r#"{"error":1,"code":1}"#)),
            [
                "/code: added",
                "/error: a number instead of a string",
                "/status: missing",
                "content type: application/json instead of text/plain; charset=utf-8",
            ]
        );
        assert_eq!(found(recorded, (400, "text/plain", "a")), ["body: no JSON instead of JSON"]);
    }

    #[test]
    fn a_token_is_compared_by_what_it_says() {
        let json = "application/json";
        let body = format!(r#"{{"token":"{TOKEN}"}}"#);
        assert!(found((200, json, &body), (200, json, &body)).is_empty());
        assert_eq!(
            found((200, json, &body), (200, json, r#"{"token":""}"#)),
            ["/token: no token instead of a token"]
        );
        assert_eq!(
            found((200, json, r#"{"token":"a"}"#), (200, json, &body)),
            ["/token: a token instead of none"]
        );
    }

    #[test]
    fn one_second_is_no_difference() {
        assert!(same_fact("3600 s", "3599 s"));
        assert!(!same_fact("3600 s", "3598 s"));
        assert!(!same_fact("3600 s", "a"));
    }
}
