//! Secrets by name, as a platform's store gave them.

use std::fmt;

use hallpass_token::agora::AppCertificate;
use hallpass_token::videosdk::Secret;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::config::SecretName;
use crate::setup_error::SetupError;

/// Secrets by name. They are wiped on drop.
#[derive(Default)]
pub struct Secrets {
    values: Vec<(String, Zeroizing<String>)>,
    is_final: bool,
}

/// What tells one value of each secret from another one, and gives neither away.
#[derive(PartialEq, Eq)]
pub(crate) struct Fingerprints(Vec<(String, Zeroizing<[u8; 32]>)>);

impl Secrets {
    /// Out of a store that may hold others later.
    #[must_use]
    pub fn from_store(values: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self { values: values.into_iter().collect(), is_final: false }
    }

    /// Those that this process or isolate will have as long as it lives.
    #[must_use]
    pub fn for_good(values: impl IntoIterator<Item = (String, Zeroizing<String>)>) -> Self {
        Self { values: values.into_iter().collect(), is_final: true }
    }

    /// Whether they are the same as long as this process or isolate lives.
    pub(crate) const fn is_final(&self) -> bool {
        self.is_final
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The secret of this name.
    ///
    /// # Errors
    /// [`SetupError::SecretsMissing`]
    pub(crate) fn get(&self, name: &SecretName) -> Result<&str, SetupError> {
        self.find(name.as_str()).ok_or_else(|| SetupError::SecretsMissing(vec![name.as_str().to_owned()]))
    }

    /// The secret of this name, which is a certificate.
    ///
    /// # Errors
    /// [`SetupError::SecretsMissing`], [`SetupError::SecretMalformed`]
    pub(crate) fn certificate(&self, name: &SecretName) -> Result<AppCertificate, SetupError> {
        AppCertificate::parse(self.get(name)?)
            .map_err(|error| SetupError::SecretMalformed(name.as_str().to_owned(), error))
    }

    /// The secret of this name, which VideoSDK gave.
    ///
    /// # Errors
    /// [`SetupError::SecretsMissing`], [`SetupError::SecretEmpty`]
    pub(crate) fn videosdk(&self, name: &SecretName) -> Result<Secret, SetupError> {
        Secret::parse(self.get(name)?).map_err(|_| SetupError::SecretEmpty(name.as_str().to_owned()))
    }

    /// The secret of this name, which two sides have agreed on. Blanks around it are a slip of whoever stored it, and
    /// would fit nothing.
    ///
    /// # Errors
    /// [`SetupError::SecretsMissing`], [`SetupError::SecretBlank`], [`SetupError::SecretShort`]
    pub(crate) fn shared(&self, name: &SecretName) -> Result<&str, SetupError> {
        /// Those of 256 random bits.
        const MIN_BYTES: usize = 32;
        let secret = self.get(name)?;
        let name = || name.as_str().to_owned();
        if secret.trim() != secret {
            return Err(SetupError::SecretBlank(name()));
        }
        if secret.len() < MIN_BYTES { Err(SetupError::SecretShort(name(), MIN_BYTES)) } else { Ok(secret) }
    }

    /// The secret of this name, a text that a provider gave.
    ///
    /// # Errors
    /// [`SetupError::SecretsMissing`], [`SetupError::SecretEmpty`], [`SetupError::SecretBlank`]
    pub(crate) fn plain(&self, name: &SecretName) -> Result<&str, SetupError> {
        let secret = self.get(name)?;
        let name = || name.as_str().to_owned();
        if secret.is_empty() {
            return Err(SetupError::SecretEmpty(name()));
        }
        if secret.trim() == secret { Ok(secret) } else { Err(SetupError::SecretBlank(name())) }
    }

    pub(crate) fn fingerprints(&self) -> Fingerprints {
        let print = |(name, value): &(String, Zeroizing<String>)| {
            (name.clone(), Zeroizing::new(Sha256::digest(value.as_str()).into()))
        };
        Fingerprints(self.values.iter().map(print).collect())
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Fingerprints {
    /// The names of the secrets that are other ones than before.
    pub(crate) fn changed_since(&self, before: &Self) -> Vec<&str> {
        let changed = self.0.iter().filter(|print| !before.0.contains(print));
        changed.map(|(name, _)| name.as_str()).collect()
    }
}

/// A hash of a text that somebody chose gives it away to whoever tries enough of them.
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
    fn secrets_are_named_when_missing_or_malformed() {
        let name = SecretName::of("A");
        let certificate = |value| secrets(&[("A", value)]).certificate(&name).unwrap_err().to_string();
        assert_eq!(
            certificate("secret value"),
            "the secret A must be 32 hexadecimal characters, but has 12 bytes"
        );
        assert_eq!(
            secrets(&[("B", CERTIFICATE)]).certificate(&name).unwrap_err().to_string(),
            "the secret A is not set"
        );
        let videosdk = secrets(&[("A", "")]).videosdk(&name).unwrap_err();
        assert_eq!(videosdk.to_string(), "the secret A must not be empty");
        let shared = |value| secrets(&[("A", value)]).shared(&name).unwrap_err().to_string();
        assert_eq!(
            shared(" 0123456789abcdef0123456789abcdef"),
            "the secret A must not begin or end with a blank or a line break"
        );
        assert_eq!(shared("0123456789abcdef0123456789abcde"), "the secret A must have at least 32 bytes");
    }

    #[test]
    fn printing_shows_names_only() {
        let shown = format!("{:?}", secrets(&[("A", CERTIFICATE)]));
        assert_eq!(shown, r#"{"A": "…"}"#);
    }

    #[test]
    fn a_change_is_known_by_its_name() {
        let before = secrets(&[("A", "1"), ("B", "2")]).fingerprints();
        let after = secrets(&[("A", "1"), ("B", "3"), ("C", "4")]).fingerprints();
        assert_eq!(after.changed_since(&before), ["B", "C"]);
        assert!(before.changed_since(&before).is_empty());
    }
}
