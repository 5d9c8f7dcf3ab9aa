//! Comparison of JSON with a pattern. Objects must have the same keys, and strings in the pattern can be matchers:
//!
//! - `$string`: a non-empty string
//! - `$number`: a number
//! - `$token006`, `$token007`, `$jwt`: a token of this format
//! - `$contains:TEXT`: a string that contains TEXT

use serde_json::Value;

use crate::deployment::APP_IDS;

/// Adds a description of every difference between `got` and `pattern`.
pub(crate) fn compare(pattern: &Value, got: &Value, path: &str, mismatches: &mut Vec<String>) {
    match (pattern, got) {
        (Value::Object(pattern), Value::Object(got)) => {
            for (key, pattern) in pattern {
                match got.get(key) {
                    Some(got) => compare(pattern, got, &format!("{path}/{key}"), mismatches),
                    None => mismatches.push(format!("{path}/{key}: expected {pattern}, got nothing")),
                }
            }
            for (key, value) in got.iter().filter(|(key, _)| !pattern.contains_key(*key)) {
                mismatches.push(format!("{path}/{key}: expected nothing, got {value}"));
            }
        }
        (Value::Array(pattern), Value::Array(got)) if pattern.len() == got.len() => {
            for (position, (pattern, got)) in pattern.iter().zip(got).enumerate() {
                compare(pattern, got, &format!("{path}/{position}"), mismatches);
            }
        }
        (Value::String(pattern), got) if pattern.starts_with('$') => {
            if !matches(pattern, got) {
                mismatches.push(format!("{path}: expected {pattern}, got {got}"));
            }
        }
        _ if pattern == got => {}
        _ => mismatches.push(format!("{path}: expected {pattern}, got {got}")),
    }
}

/// Returns all tokens in a JSON value.
pub(crate) fn tokens(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if is_token(text, "006") || is_token(text, "007") || is_jwt(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(tokens).collect(),
        Value::Object(values) => values.values().flat_map(tokens).collect(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Returns all tokens in a string, such as a log or a JSON document.
#[must_use]
pub fn tokens_in(text: &str) -> Vec<&str> {
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | '<' | '>'));
    let parts = parts.map(|part| part.strip_prefix("token=").unwrap_or(part));
    parts.filter(|part| is_token(part, "006") || is_token(part, "007") || is_jwt(part)).collect()
}

/// Returns whether a value matches a matcher. An unknown matcher matches nothing, so that a misspelled matcher makes a
/// test fail.
fn matches(pattern: &str, got: &Value) -> bool {
    match (pattern, got) {
        ("$string", Value::String(text)) => !text.is_empty(),
        ("$number", Value::Number(_)) => true,
        ("$token006", Value::String(text)) => is_token(text, "006"),
        ("$token007", Value::String(text)) => is_token(text, "007"),
        ("$jwt", Value::String(text)) => is_jwt(text),
        (pattern, Value::String(text)) => {
            pattern.strip_prefix("$contains:").is_some_and(|part| text.contains(part))
        }
        _ => false,
    }
}

/// Returns whether a string looks like a token of this format. The content is checked with the official packages.
fn is_token(text: &str, format: &str) -> bool {
    let Some(rest) = text.strip_prefix(format) else { return false };
    let content = match format {
        "006" => APP_IDS.iter().find_map(|app_id| rest.strip_prefix(app_id)),
        _ => Some(rest),
    };
    content.is_some_and(|base64| base64.len() >= 80 && !base64.contains(char::is_whitespace))
}

/// Returns whether a string looks like a JWT.
fn is_jwt(text: &str) -> bool {
    let is_part = |part: &str| {
        part.len() >= 32
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.starts_with("ey") && text.split('.').count() == 3 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mismatches(pattern: &Value, got: &Value) -> usize {
        let mut mismatches = Vec::new();
        compare(pattern, got, "", &mut mismatches);
        mismatches.len()
    }

    fn jwt() -> String {
        format!("ey{}.ey{}.{}", "J".repeat(34), "J".repeat(60), "-".repeat(43))
    }

    #[test]
    fn reports_additional_and_missing_keys() {
        assert_eq!(mismatches(&json!({ "a": { "b": 1 } }), &json!({ "a": { "b": 1 } })), 0);
        assert_eq!(mismatches(&json!({ "a": {} }), &json!({ "a": { "b": 1 } })), 1);
        assert_eq!(mismatches(&json!({ "a": { "b": 1 } }), &json!({ "a": {} })), 1);
        assert_eq!(mismatches(&json!({ "a": { "b": 1 } }), &json!({ "a": { "b": 2 } })), 1);
        assert_eq!(mismatches(&json!({}), &json!([])), 1);
    }

    #[test]
    fn matchers_accept_only_their_values() {
        let token = format!("006{}{}", APP_IDS[0], "A".repeat(80));
        for (pattern, value) in [
            ("$string", json!("a")),
            ("$number", json!(0)),
            ("$token006", json!(token)),
            ("$jwt", json!(jwt())),
            ("$contains:b", json!("abc")),
        ] {
            assert_eq!(mismatches(&json!(pattern), &value), 0, "{pattern}");
            for other in [json!(""), json!(null), json!([0])] {
                assert_eq!(mismatches(&json!(pattern), &other), 1, "{pattern} {other}");
            }
        }
        for token in [json!(token), json!(jwt())] {
            assert_eq!(mismatches(&json!("$token007"), &token), 1);
        }
        assert_eq!(mismatches(&json!("$txt"), &json!("$txt")), 1);
    }

    #[test]
    fn finds_tokens_in_nested_values() {
        let token = format!("007{}", "A".repeat(80));
        let value = json!({ "a": [{ "b": token }], "c": "007", "d": jwt(), "e": "eyJ.eyJ.x" });
        assert_eq!(tokens(&value), [token.clone(), jwt()]);
        assert_eq!(tokens_in(&value.to_string()), [token, jwt()]);
    }
}
