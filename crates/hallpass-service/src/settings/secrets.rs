//! Secrets by name, as a platform's store returned them.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::error::ConfigError;
use super::secret_name::SecretName;

/// Secrets by name. They are zeroized on drop.
#[derive(Default)]
pub struct Secrets {
    values: Vec<(String, Zeroizing<String>)>,
    is_permanent: bool,
}

/// Names of secrets and hashes of their values. Only hashes are kept, so that nothing can disclose a secret.
#[derive(PartialEq, Eq)]
pub(crate) struct Fingerprints(Vec<(String, Zeroizing<[u8; 32]>)>);

impl Secrets {
    /// Returns secrets out of a store that may return others later.
    #[must_use]
    pub fn from_store(values: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self { values: values.into_iter().collect(), is_permanent: false }
    }

    /// Returns secrets that stay the same for the lifetime of this process or isolate.
    #[must_use]
    pub fn permanent(values: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self { values: values.into_iter().collect(), is_permanent: true }
    }

    /// Whether the secrets stay the same for the lifetime of this process or isolate.
    pub(crate) const fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Returns the secret of this name.
    pub(crate) fn get(&self, name: &SecretName) -> Result<&str, ConfigError> {
        self.find(name.as_str()).ok_or_else(|| ConfigError::SecretsMissing(vec![name.as_str().to_owned()]))
    }

    /// Returns what `parse` makes of the secret of this name. Its error is a predicate that contains no part of the secret.
    pub(crate) fn parse<T, E: fmt::Display>(
        &self,
        name: &SecretName,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        parse(self.get(name)?).map_err(|error| not_valid(name, &error))
    }

    /// Returns what `parse` makes of each of these secrets.
    pub(crate) fn parse_all<T, E: fmt::Display>(
        &self,
        names: &[SecretName],
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, ConfigError> {
        let mut parsed = Vec::with_capacity(names.len());
        for name in names {
            parsed.push(self.parse(name, &parse)?);
        }
        Ok(parsed)
    }

    /// Returns the secret of this name, a string that a provider issued.
    pub(crate) fn checked(&self, name: &SecretName) -> Result<&str, ConfigError> {
        let secret = self.get(name)?;
        if secret.is_empty() {
            return Err(invalid(name, "must not be empty"));
        }
        // Whitespace around a secret is a mistake of whoever stored it, and would match nothing.
        if secret.trim() != secret {
            return Err(invalid(name, "must not begin or end with a blank or a line break"));
        }
        Ok(secret)
    }

    /// Returns the secret of this name, which two sides have agreed on: at least 256 random bits.
    pub(crate) fn shared_key(&self, name: &SecretName) -> Result<&str, ConfigError> {
        const MIN_BYTES: usize = 32;
        let secret = self.get(name)?;
        if secret.trim() == secret && secret.len() < MIN_BYTES {
            return Err(invalid(name, "must have at least 32 bytes"));
        }
        self.checked(name)
    }

    pub(crate) fn fingerprints(&self) -> Fingerprints {
        Fingerprints::new(self.values.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Fingerprints {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let print = |(name, value): (&str, &str)| {
            (name.to_owned(), Zeroizing::new(<[u8; 32]>::from(Sha256::digest(value))))
        };
        Self(secrets.into_iter().map(print).collect())
    }

    /// Returns the name of the secret that equals this string, in a time that does not depend on the string.
    pub(crate) fn find(&self, text: &str) -> Option<&str> {
        let hash: [u8; 32] = Sha256::digest(text).into();
        let mut found = None;
        for (name, known) in &self.0 {
            if known.ct_eq(&hash).into() {
                found = Some(name.as_str());
            }
        }
        found
    }

    /// Returns the names of the secrets whose values changed.
    pub(crate) fn changed_since(&self, before: &Self) -> Vec<&str> {
        let changed = self.0.iter().filter(|print| !before.0.contains(print));
        changed.map(|(name, _)| name.as_str()).collect()
    }
}

/// Prints names only: the hash of a guessable string reveals it.
impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name, "…"))).finish()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values.iter().map(|(name, _)| (name, "…"))).finish()
    }
}

#[cold]
fn not_valid(name: &SecretName, error: &dyn fmt::Display) -> ConfigError {
    invalid(name, error.to_string())
}

fn invalid(name: &SecretName, detail: impl Into<Cow<'static, str>>) -> ConfigError {
    ConfigError::Secret { name: name.as_str().to_owned(), detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    fn secrets(values: &[(&str, &str)]) -> Secrets {
        Secrets::from_store(
            values.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()))),
        )
    }

    #[test]
    fn an_error_names_the_secret_and_does_not_repeat_it() {
        let name = SecretName::new("A");
        let error = |error: ConfigError| error.to_string();
        let shared = |value| error(secrets(&[("A", value)]).shared_key(&name).unwrap_err());
        assert_eq!(error(secrets(&[("B", CERTIFICATE)]).get(&name).unwrap_err()), "the secret A is not set");
        assert_eq!(
            error(secrets(&[("A", "")]).checked(&name).unwrap_err()),
            "the secret A must not be empty"
        );
        assert_eq!(
            shared(" 0123456789abcdef0123456789abcdef"),
            "the secret A must not begin or end with a blank or a line break"
        );
        assert_eq!(shared("0123456789abcdef0123456789abcde"), "the secret A must have at least 32 bytes");
        let parse = |text: &str| Err::<(), _>(format!("has {} bytes", text.len()));
        assert_eq!(
            error(secrets(&[("A", "x")]).parse(&name, parse).unwrap_err()),
            "the secret A has 1 bytes"
        );
    }

    #[test]
    fn printing_shows_names_only() {
        let shown = format!("{:?}", secrets(&[("A", CERTIFICATE)]));
        assert_eq!(shown, r#"{"A": "…"}"#);
    }
}
