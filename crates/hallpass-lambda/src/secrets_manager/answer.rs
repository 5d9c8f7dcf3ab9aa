//! What Secrets Manager answers.
//!
//! No message of `serde_json` and none of AWS is passed on: the former may hold a part of a secret, the latter an ARN.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::error::SecretsManagerError;

/// The most bytes of an answer that are read: a secret has at most 64 KiB, of which JSON may write each byte as
/// `\u0000`; what stands around it is short.
pub(super) const MAX_BYTES: u64 = (6 * 64 + 4) * 1024;

/// What AWS says instead.
#[derive(serde::Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    code: String,
    #[serde(rename = "Message", alias = "message", default)]
    message: String,
}

/// The secrets of these names that an answer brings.
pub(super) fn secrets(
    answer: &[u8],
    names: &[&str],
) -> Result<Vec<(String, Zeroizing<String>)>, SecretsManagerError> {
    let no_answer = SecretsManagerError::Malformed("something that is not its answer");
    let Ok(Members(answer)) = serde_json::from_slice(answer) else { return Err(no_answer) };
    let mut texts = answer.iter().filter(|(name, _)| name == "SecretString").map(|(_, value)| *value);
    match (texts.next(), texts.next()) {
        (None, None) => Err(SecretsManagerError::Malformed("a binary secret")),
        (Some(value), None) if value.get() == "null" => {
            Err(SecretsManagerError::Malformed("a binary secret"))
        }
        (Some(value), None) => members(&text(value).ok_or(no_answer)?, names),
        (_, Some(_)) => Err(no_answer),
    }
}

/// Why an answer of this status brings no secret; `None` where there is one, which nobody has filled in.
pub(super) fn refusal(status: u16, answer: &[u8]) -> Option<SecretsManagerError> {
    let refusal = serde_json::from_slice::<Refusal>(answer).ok();
    let code = refusal.as_ref().and_then(|refusal| short(&refusal.code));
    Some(match (code.as_deref(), status) {
        // A secret that is not there has the same code; one without a value lacks the version of this label.
        (Some("ResourceNotFoundException"), _)
            if refusal.is_some_and(|refusal| refusal.message.contains("AWSCURRENT")) =>
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

/// `AccessDeniedException` of `com.amazonaws.secretsmanager#AccessDeniedException`; nothing of what looks otherwise.
fn short(code: &str) -> Option<String> {
    const LONGEST: usize = 64;
    let code = code.rsplit('#').next().unwrap_or_default();
    let is_name =
        (1..=LONGEST).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| code.to_owned())
}

/// The members of these names in the secret. The values of the others are not looked at.
fn members(secret: &str, names: &[&str]) -> Result<Vec<(String, Zeroizing<String>)>, SecretsManagerError> {
    let Members(members) = serde_json::from_str(secret)
        .map_err(|_| SecretsManagerError::Malformed("a text that is no JSON object"))?;
    let mut found = Vec::new();
    for name in names {
        let fault = |expected| SecretsManagerError::Member { name: (*name).to_owned(), expected };
        let mut values = members.iter().filter(|(member, _)| member == name);
        let Some((_, value)) = values.next() else { continue };
        if values.next().is_some() {
            return Err(fault("it once"));
        }
        found.push(((*name).to_owned(), text(value).ok_or_else(|| fault("a text"))?));
    }
    Ok(found)
}

/// Returns the string that a JSON value is.
fn text(value: &RawValue) -> Option<Zeroizing<String>> {
    serde_json::from_str(value.get()).ok().map(Zeroizing::new)
}

/// The members of an object in their order. Values that are not asked for may be anything.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let members = std::iter::from_fn(|| map.next_entry().transpose());
                members.collect::<Result<_, _>>().map(Members)
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
        let answer = json!({ "Name": "hallpass", "SecretString": secret, "VersionStages": ["AWSCURRENT"] });
        let found = secrets(answer.to_string().as_bytes(), names)?;
        Ok(found.into_iter().map(|(name, value)| (name, value.to_string())).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_members_that_are_asked_for_are_read() {
        let secret = r#"{"B":"two","NUMBER":1,"A":"one \"1\" \u00e9","TWICE":"x","TWICE":"y"}"#;
        assert_eq!(read(secret, &["A", "B"]), Ok(pairs(&[("A", "one \"1\" é"), ("B", "two")])));
        assert_eq!(read(secret, &["C", "B"]), Ok(pairs(&[("B", "two")])));
        assert_eq!(read(secret, &[]), Ok(Vec::new()));
        assert_eq!(read("{}", &["A"]), Ok(Vec::new()));
    }

    #[test]
    fn a_member_is_found_however_its_name_is_written() {
        assert_eq!(read(r#"{"\u0041":"one"}"#, &["A"]), Ok(pairs(&[("A", "one")])));
        let twice = SecretsManagerError::Member { name: "A".into(), expected: "it once" };
        assert_eq!(read(r#"{"\u0041":"one","A":"one"}"#, &["A"]), Err(twice));
    }

    #[test]
    fn a_member_that_is_no_text_is_refused_by_its_name() {
        for value in ["1", "null", "true", r#"["x"]"#, r#"{"x":"y"}"#, r#""\ud800""#] {
            let refused = SecretsManagerError::Member { name: "A".into(), expected: "a text" };
            assert_eq!(read(&format!(r#"{{"A":{value}}}"#), &["A"]), Err(refused), "{value}");
        }
    }

    #[test]
    fn a_secret_that_is_no_object_is_refused() {
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
            assert_eq!(error, SecretsManagerError::Malformed("a text that is no JSON object"), "{secret}");
            assert!(!error.to_string().contains(SECRET));
        }
    }

    #[test]
    fn an_answer_without_a_text_is_refused() {
        for answer in [r#"{"SecretBinary":"AAEC"}"#, r#"{"SecretString":null}"#] {
            assert_eq!(
                secrets(answer.as_bytes(), &[]),
                Err(SecretsManagerError::Malformed("a binary secret"))
            );
        }
        let twice = r#"{"SecretString":"{}","SecretString":"{}"}"#;
        for answer in ["", "<!doctype html>", r#"{"SecretString":{"A":"x"}}"#, twice] {
            let refused = SecretsManagerError::Malformed("something that is not its answer");
            assert_eq!(secrets(answer.as_bytes(), &[]), Err(refused), "{answer}");
        }
    }

    #[test]
    fn a_refusal_is_known_by_its_code() {
        let of = |status, code: &str| {
            let message = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{SECRET}");
            refusal(status, json!({ "__type": code, "Message": message }).to_string().as_bytes()).unwrap()
        };
        let denied = |code: &str| SecretsManagerError::Denied { code: Some(code.to_owned()) };
        let failed = |status, code: Option<&str>| SecretsManagerError::Failed {
            status,
            code: code.map(str::to_owned),
        };
        assert_eq!(of(400, "ResourceNotFoundException"), SecretsManagerError::NotFound);
        assert_eq!(of(400, "AccessDeniedException"), denied("AccessDeniedException"));
        assert_eq!(of(403, "AccessDenied"), denied("AccessDenied"));
        for code in [
            "ExpiredTokenException",
            "IncompleteSignatureException",
            "InvalidSignatureException",
            "UnrecognizedClientException",
        ] {
            let error = SecretsManagerError::NotAuthenticated { code: Some(code.to_owned()) };
            assert_eq!(of(400, &format!("com.amazon.coral.service#{code}")), error);
            assert_eq!(of(403, code), error);
        }
        assert_eq!(of(500, "InternalServiceError"), failed(500, Some("InternalServiceError")));
        assert_eq!(of(400, "arn:aws:x"), failed(400, None));
        assert_eq!(of(400, &"A".repeat(65)), failed(400, None));
        assert_eq!(refusal(403, b"<html>"), Some(SecretsManagerError::Denied { code: None }));
        assert_eq!(refusal(302, b""), Some(failed(302, None)));
    }

    #[test]
    fn a_secret_that_nobody_has_filled_in_is_empty() {
        let message = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
        let answer = json!({ "__type": "ResourceNotFoundException", "Message": message });
        assert_eq!(refusal(400, answer.to_string().as_bytes()), None);
    }

    #[test]
    fn the_longest_secret_fits() {
        let longest = 64 * 1024 * r"\u0000".len();
        let around =
            r#"{"ARN":"","CreatedDate":1.0,"Name":"","SecretString":"","VersionId":"","VersionStages":[]}"#;
        // An ARN and a name have at most 2048 and 512 characters, an id 64.
        assert!(longest + around.len() + 2048 + 512 + 64 < usize::try_from(MAX_BYTES).unwrap());
    }
}
