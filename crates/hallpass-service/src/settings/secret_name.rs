//! Names of secrets.

use crate::web::json::{Invalid, Json};
use crate::web::strings::redact_hex;

/// The name of a secret, such as `AGORA_APP_CERTIFICATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretName(String);

impl SecretName {
    /// Returns a name that the service itself defines. Does not validate the name.
    pub(crate) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Reads a name from the configuration. An error does not contain the string, because the string may be the secret
    /// itself by mistake.
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        const EXPECTED: &str = "expected the name of a secret, such as AGORA_APP_CERTIFICATE, not its value";
        let name = value.string()?;
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            && redact_hex(name) == name;
        if is_name { Ok(Self::new(name)) } else { Err(Invalid::new(value, EXPECTED)) }
    }

    /// Reads a non-empty array of names.
    pub(crate) fn read_list<'j>(value: &'j Json<'j>) -> Result<Vec<Self>, Invalid<'j>> {
        if value.items()?.is_empty() {
            return Err(Invalid::new(value, "expected at least one secret name"));
        }
        value.read_items(Self::read)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
