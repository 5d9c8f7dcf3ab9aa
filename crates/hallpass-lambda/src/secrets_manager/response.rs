//! Parsing of Secrets Manager's responses.
//!
//! Error messages of `serde_json` and AWS are discarded, because they can contain an ARN or a part of a secret.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::error::SecretsManagerError;

/// The maximum length of a response in bytes. A secret has at most 64 KiB, and JSON can escape each byte with 6
/// characters, such as `\u0000`. The rest of the response has at most 4 KiB.
pub(super) const MAX_BYTES: u64 = (6 * 64 + 4) * 1024;

/// The body of an error response.
#[derive(serde::Deserialize)]
struct ErrorBody {
    #[serde(rename = "__type")]
    code: String,
    #[serde(rename = "Message", alias = "message", default)]
    message: String,
}

/// Parses a successful response, and returns the secrets with these names.
pub(super) fn secrets(
    body: &[u8],
    names: &[&str],
) -> Result<Vec<(String, Zeroizing<String>)>, SecretsManagerError> {
    let unexpected = SecretsManagerError::Malformed("an unexpected response");
    let Ok(Fields(response)) = serde_json::from_slice(body) else { return Err(unexpected) };
    let mut values = response.iter().filter(|(name, _)| name == "SecretString").map(|(_, value)| *value);
    match (values.next(), values.next()) {
        (None, None) => Err(SecretsManagerError::Malformed("a binary secret")),
        (Some(value), None) if value.get() == "null" => {
            Err(SecretsManagerError::Malformed("a binary secret"))
        }
        (Some(value), None) => fields(&string(value).ok_or(unexpected)?, names),
        (_, Some(_)) => Err(unexpected),
    }
}

/// Parses a response with an error status. Returns `None` if the secret exists but has no value.
pub(super) fn error(status: u16, body: &[u8]) -> Option<SecretsManagerError> {
    let body = serde_json::from_slice::<ErrorBody>(body).ok();
    let code = body.as_ref().and_then(|body| short_code(&body.code));
    Some(match (code.as_deref(), status) {
        // AWS uses this code for a missing secret and for a missing version. If a secret has no value, its version
        // `AWSCURRENT` is missing.
        (Some("ResourceNotFoundException"), _)
            if body.is_some_and(|body| body.message.contains("AWSCURRENT")) =>
        {
            return None;
        }
        (Some("ResourceNotFoundException"), _) => SecretsManagerError::NotFound,
        (
            Some(
                "ExpiredTokenException"
                | "IncompleteSignatureException"
                | "InvalidSignatureException"
                | "UnrecognizedClientException",
            ),
            _,
        ) => SecretsManagerError::NotAuthenticated { code },
        (Some("AccessDeniedException"), _) | (_, 401 | 403) => SecretsManagerError::Denied { code },
        _ => SecretsManagerError::Failed { status, code },
    })
}

/// Shortens `com.amazonaws.secretsmanager#AccessDeniedException` to `AccessDeniedException`. Returns `None` if the result is not
/// a name of at most 64 letters and digits.
fn short_code(code: &str) -> Option<String> {
    const MAX_LENGTH: usize = 64;
    let code = code.rsplit('#').next().unwrap_or_default();
    let is_name =
        (1..=MAX_LENGTH).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| code.to_owned())
}

/// Returns the secret's fields with these names. Does not parse the values of other fields.
fn fields(secret: &str, names: &[&str]) -> Result<Vec<(String, Zeroizing<String>)>, SecretsManagerError> {
    let Fields(fields) = serde_json::from_str(secret)
        .map_err(|_| SecretsManagerError::Malformed("a string that is not a JSON object"))?;
    let mut secrets = Vec::new();
    for name in names {
        let error = |expected| SecretsManagerError::Field { name: (*name).to_owned(), expected };
        let mut values = fields.iter().filter(|(field, _)| field == name);
        let Some((_, value)) = values.next() else { continue };
        if values.next().is_some() {
            return Err(error("one field of this name"));
        }
        secrets.push(((*name).to_owned(), string(value).ok_or_else(|| error("a string"))?));
    }
    Ok(secrets)
}

/// Decodes a JSON string. Returns `None` if the value is not a string.
fn string(value: &RawValue) -> Option<Zeroizing<String>> {
    serde_json::from_str(value.get()).ok().map(Zeroizing::new)
}

/// The fields of a JSON object in their original order, with unparsed values.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let fields = std::iter::from_fn(|| map.next_entry().transpose());
                fields.collect::<Result<_, _>>().map(Fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    fn read(secret: &str, names: &[&str]) -> Result<Vec<(String, String)>, SecretsManagerError> {
        let body = json!({ "Name": "hallpass", "SecretString": secret, "VersionStages": ["AWSCURRENT"] });
        let secrets = secrets(body.to_string().as_bytes(), names)?;
        Ok(secrets.into_iter().map(|(name, value)| (name, value.to_string())).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn reads_only_requested_fields() {
        let secret = r#"{"B":"two","NUMBER":1,"A":"one \"1\" \u00e9","TWICE":"x","TWICE":"y"}"#;
        assert_eq!(read(secret, &["A", "B"]), Ok(pairs(&[("A", "one \"1\" é"), ("B", "two")])));
        assert_eq!(read(secret, &["C", "B"]), Ok(pairs(&[("B", "two")])));
        assert_eq!(read(secret, &[]), Ok(Vec::new()));
        assert_eq!(read("{}", &["A"]), Ok(Vec::new()));
    }

    #[test]
    fn decodes_escapes_in_field_names() {
        assert_eq!(read(r#"{"\u0041":"one"}"#, &["A"]), Ok(pairs(&[("A", "one")])));
        let duplicate = SecretsManagerError::Field { name: "A".into(), expected: "one field of this name" };
        assert_eq!(read(r#"{"\u0041":"one","A":"one"}"#, &["A"]), Err(duplicate));
    }

    #[test]
    fn rejects_a_field_that_is_not_a_string() {
        for value in ["1", "null", "true", r#"["x"]"#, r#"{"x":"y"}"#, r#""\ud800""#] {
            let error = SecretsManagerError::Field { name: "A".into(), expected: "a string" };
            assert_eq!(read(&format!(r#"{{"A":{value}}}"#), &["A"]), Err(error), "{value}");
        }
    }

    #[test]
    fn rejects_a_secret_that_is_not_an_object() {
        for secret in [
            format!(r#"["{SECRET}"]"#),
            format!("\"{SECRET}\""),
            SECRET.to_owned(),
            format!(r#"{{"A":"{SECRET}""#),
            format!(r#"{{"A":"{SECRET}"}} {{}}"#),
            "null".to_owned(),
            String::new(),
        ] {
            let error = read(&secret, &["A"]).unwrap_err();
            assert_eq!(
                error,
                SecretsManagerError::Malformed("a string that is not a JSON object"),
                "{secret}"
            );
            assert!(!error.to_string().contains(SECRET));
        }
    }

    #[test]
    fn rejects_a_response_without_a_string() {
        for body in [r#"{"SecretBinary":"AAEC"}"#, r#"{"SecretString":null}"#] {
            assert_eq!(secrets(body.as_bytes(), &[]), Err(SecretsManagerError::Malformed("a binary secret")));
        }
        let duplicate = r#"{"SecretString":"{}","SecretString":"{}"}"#;
        for body in ["", "<!doctype html>", r#"{"SecretString":{"A":"x"}}"#, duplicate] {
            let error = SecretsManagerError::Malformed("an unexpected response");
            assert_eq!(secrets(body.as_bytes(), &[]), Err(error), "{body}");
        }
    }

    #[test]
    fn maps_error_codes() {
        let with_code = |status, code: &str| {
            let message = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{SECRET}");
            error(status, json!({ "__type": code, "Message": message }).to_string().as_bytes()).unwrap()
        };
        let denied = |code: &str| SecretsManagerError::Denied { code: Some(code.to_owned()) };
        let failed = |status, code: Option<&str>| SecretsManagerError::Failed {
            status,
            code: code.map(str::to_owned),
        };
        assert_eq!(with_code(400, "ResourceNotFoundException"), SecretsManagerError::NotFound);
        assert_eq!(with_code(400, "AccessDeniedException"), denied("AccessDeniedException"));
        assert_eq!(with_code(403, "AccessDenied"), denied("AccessDenied"));
        for code in [
            "ExpiredTokenException",
            "IncompleteSignatureException",
            "InvalidSignatureException",
            "UnrecognizedClientException",
        ] {
            let not_authenticated = SecretsManagerError::NotAuthenticated { code: Some(code.to_owned()) };
            assert_eq!(with_code(400, &format!("com.amazon.coral.service#{code}")), not_authenticated);
            assert_eq!(with_code(403, code), not_authenticated);
        }
        assert_eq!(with_code(500, "InternalServiceError"), failed(500, Some("InternalServiceError")));
        assert_eq!(with_code(400, "arn:aws:x"), failed(400, None));
        assert_eq!(with_code(400, &"A".repeat(65)), failed(400, None));
        assert_eq!(error(403, b"<html>"), Some(SecretsManagerError::Denied { code: None }));
        assert_eq!(error(302, b""), Some(failed(302, None)));
    }

    #[test]
    fn treats_a_secret_without_a_value_as_empty() {
        let message = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
        let body = json!({ "__type": "ResourceNotFoundException", "Message": message });
        assert_eq!(error(400, body.to_string().as_bytes()), None);
    }

    #[test]
    fn the_maximum_length_holds_the_longest_secret() {
        let longest = 64 * 1024 * r"\u0000".len();
        let rest =
            r#"{"ARN":"","CreatedDate":1.0,"Name":"","SecretString":"","VersionId":"","VersionStages":[]}"#;
        // An ARN has at most 2048 characters, a name has at most 512, and a version ID has at most 64.
        assert!(longest + rest.len() + 2048 + 512 + 64 < usize::try_from(MAX_BYTES).unwrap());
    }
}
