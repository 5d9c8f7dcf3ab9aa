//! Secrets by name, as the platform's store returns them.

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::error::ConfigError;
use super::secret_name::SecretName;

/// Secrets by name, zeroized on drop.
#[derive(Default)]
pub struct Secrets {
    values: Vec<(String, Zeroizing<String>)>,
    is_permanent: bool,
}

/// The names of secrets, each with the SHA-256 hash of its value. The values are not stored, so that they cannot leak.
#[derive(PartialEq, Eq)]
pub(crate) struct Fingerprints(Vec<(String, Zeroizing<[u8; 32]>)>);

impl Secrets {
    /// Returns secrets from a store whose values may change later.
    #[must_use]
    pub fn from_store(values: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self { values: values.into_iter().collect(), is_permanent: false }
    }

    /// Returns secrets that do not change during the lifetime of this process or isolate.
    #[must_use]
    pub fn permanent(values: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self { values: values.into_iter().collect(), is_permanent: true }
    }

    /// Returns whether the secrets do not change during the lifetime of this process or isolate.
    pub(crate) const fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    pub(crate) fn has(&self, name: &SecretName) -> bool {
        self.find(name).is_some()
    }

    /// Returns the secret with this name.
    fn get(&self, name: &SecretName) -> Result<&str, ConfigError> {
        self.find(name).map(|(_, value)| value).ok_or_else(|| missing(name))
    }

    /// Parses the secret with this name. Display of the error must be a predicate that contains no part of the secret.
    pub(crate) fn parse<T, E: fmt::Display>(
        &self,
        name: &SecretName,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let (name, value) = self.find(name).ok_or_else(|| missing(name))?;
        parse(value).map_err(|error| parse_error(name, &error))
    }

    /// Parses the secrets with these names.
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

    /// Returns the secret with this name. Rejects an empty secret and a secret with surrounding whitespace.
    pub(crate) fn checked(&self, name: &SecretName) -> Result<&str, ConfigError> {
        let secret = self.get(name)?;
        if secret.is_empty() {
            return Err(invalid(name.as_str(), "must not be empty"));
        }
        // Surrounding whitespace is a mistake, because no credential would match such a secret.
        if secret.trim() != secret {
            return Err(invalid(name.as_str(), "must not start or end with whitespace"));
        }
        Ok(secret)
    }

    /// Returns the shared key with this name. In addition to the checks of [`checked`](Self::checked), rejects a key of
    /// fewer than 32 bytes (256 bits).
    pub(crate) fn shared_key(&self, name: &SecretName) -> Result<&str, ConfigError> {
        const MIN_BYTES: usize = 32;
        let secret = self.get(name)?;
        if secret.trim() == secret && secret.len() < MIN_BYTES {
            return Err(invalid(name.as_str(), "must have at least 32 bytes"));
        }
        self.checked(name)
    }

    /// Returns the HMAC key with this name. The checks are those of [`shared_key`](Self::shared_key).
    pub(crate) fn hmac_key(&self, name: &SecretName) -> Result<Hmac<Sha256>, ConfigError> {
        self.shared_key(name)?;
        self.parse(name, |key| Hmac::new_from_slice(key.as_bytes()))
    }

    pub(crate) fn fingerprints(&self) -> Fingerprints {
        Fingerprints::new(self.values.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Returns the secret with this name, or the first of its aliases if the secret is missing or empty, and the name of the
    /// returned secret. An empty secret is returned only if all of these secrets are empty.
    #[inline(never)]
    fn find(&self, name: &SecretName) -> Option<(&str, &str)> {
        let mut found = self.value(name.as_str());
        for alias in name.aliases() {
            if found.is_some_and(|(_, value)| !value.is_empty()) {
                break;
            }
            found = self.value(alias).filter(|(_, value)| found.is_none() || !value.is_empty()).or(found);
        }
        found
    }

    fn value(&self, name: &str) -> Option<(&str, &str)> {
        let (name, value) = self.values.iter().find(|(known, _)| known == name)?;
        Some((name, value))
    }
}

impl Fingerprints {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let fingerprint = |(name, value): (&str, &str)| {
            (name.to_owned(), Zeroizing::new(<[u8; 32]>::from(Sha256::digest(value))))
        };
        Self(secrets.into_iter().map(fingerprint).collect())
    }

    /// Returns the name of the secret that equals the string. Each comparison takes constant time.
    pub(crate) fn find(&self, secret: &str) -> Option<&str> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        let mut found = None;
        for (name, known) in &self.0 {
            if known.ct_eq(&hash).into() {
                found = Some(name.as_str());
            }
        }
        found
    }

    /// Returns the names of the secrets that are new or that changed since `before`.
    pub(crate) fn changed_since(&self, before: &Self) -> Vec<&str> {
        let changed = self.0.iter().filter(|fingerprint| !before.0.contains(fingerprint));
        changed.map(|(name, _)| name.as_str()).collect()
    }
}

/// Prints names only, because the hash of a guessable secret can reveal the secret.
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
fn missing(name: &SecretName) -> ConfigError {
    ConfigError::SecretsMissing(vec![name.as_str().to_owned()])
}

#[cold]
fn parse_error(name: &str, error: &dyn fmt::Display) -> ConfigError {
    invalid(name, error.to_string())
}

fn invalid(name: &str, detail: impl Into<Cow<'static, str>>) -> ConfigError {
    ConfigError::Secret { name: name.to_owned(), detail: detail.into() }
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
    fn errors_contain_the_name_and_not_the_value() {
        let name = SecretName::new("A");
        let error = |error: ConfigError| error.to_string();
        let shared = |value| error(secrets(&[("A", value)]).shared_key(&name).unwrap_err());
        assert_eq!(
            error(secrets(&[("B", CERTIFICATE)]).get(&name).unwrap_err()),
            "the secret A is not set. Store it in the platform's secret store"
        );
        assert_eq!(
            error(secrets(&[("A", "")]).checked(&name).unwrap_err()),
            "the secret A must not be empty"
        );
        assert_eq!(
            shared(" 0123456789abcdef0123456789abcdef"),
            "the secret A must not start or end with whitespace"
        );
        assert_eq!(shared("0123456789abcdef0123456789abcde"), "the secret A must have at least 32 bytes");
        let parse = |text: &str| Err::<(), _>(format!("has {} bytes", text.len()));
        assert_eq!(
            error(secrets(&[("A", "x")]).parse(&name, parse).unwrap_err()),
            "the secret A has 1 bytes"
        );
    }

    #[test]
    fn the_first_name_with_a_value_applies() {
        let name = SecretName::with_aliases(&["A", "B", "C"]);
        for (values, expected) in [
            (&[("C", "c"), ("B", "b"), ("A", "a")][..], Some(("A", "a"))),
            (&[("C", "c"), ("B", "b"), ("A", "")], Some(("B", "b"))),
            (&[("C", "c")], Some(("C", "c"))),
            (&[("C", ""), ("A", "")], Some(("A", ""))),
            (&[("D", "d")], None),
        ] {
            assert_eq!(secrets(values).find(&name), expected, "{values:?}");
        }
        let parse = |_: &str| Err::<(), _>("is invalid");
        let error = |values: &[_]| secrets(values).parse(&name, parse).unwrap_err().to_string();
        assert_eq!(error(&[("B", "b")]), "the secret B is invalid");
        assert_eq!(error(&[]), "the secret A is not set. Store it in the platform's secret store");
    }

    #[test]
    fn debug_output_contains_names_only() {
        let output = format!("{:?}", secrets(&[("A", CERTIFICATE)]));
        assert_eq!(output, r#"{"A": "…"}"#);
    }
}
