//! Names of secrets.

use crate::web::json::{Invalid, Json};
use crate::web::strings::redact_hex;

/// The name of a secret, such as `AGORA_APP_CERTIFICATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretName {
    name: String,
    /// Other names under which the secret may be stored, in order of precedence.
    aliases: &'static [&'static str],
}

impl SecretName {
    /// Returns a name that the service itself defines. Does not validate the name.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), aliases: &[] }
    }

    /// Returns a name that the service itself defines, followed by its aliases. Does not validate the names.
    pub(crate) fn with_aliases(names: &'static [&'static str]) -> Self {
        let (name, aliases) = names.split_first().unwrap_or((&"", &[]));
        Self { name: (*name).to_owned(), aliases }
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
        &self.name
    }

    pub(crate) const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// Returns the name, followed by its aliases.
    #[cfg(feature = "check")]
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        [self.as_str()].into_iter().chain(self.aliases.iter().copied())
    }
}
