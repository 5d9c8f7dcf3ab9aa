//! The names of secrets in the configuration document.

use serde::de::{Deserialize, Deserializer, Error};

use super::without_hex;

/// The name of a secret, and never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretName(String);

/// Names of secrets, at least one; the first is of the one that signs.
#[derive(Debug)]
pub(crate) struct SecretNames(pub(crate) Vec<SecretName>);

impl SecretName {
    /// One that stands in no document.
    pub(crate) fn of(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SecretName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        // The text is kept out of the message: whoever put a certificate here must not find it in a log.
        if is_secret_name(&name) {
            return Ok(Self(name));
        }
        Err(D::Error::custom(
            "expected the name of a secret, such as AGORA_APP_CERTIFICATE, and never its value",
        ))
    }
}

impl<'de> Deserialize<'de> for SecretNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::deserialize(deserializer)?;
        if names.is_empty() {
            return Err(D::Error::custom("expected at least one name of a secret"));
        }
        Ok(Self(names))
    }
}

/// Upper case, digits and underscores, and nothing that may be a certificate or a piece of one.
fn is_secret_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && without_hex(text) == text
}
