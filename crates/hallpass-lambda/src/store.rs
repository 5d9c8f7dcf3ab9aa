//! Secret stores of a Lambda function.

use hallpass_service::{Secrets, StoreError};
use zeroize::Zeroizing;

/// A store that returns secrets by name.
pub trait SecretStore {
    /// Reads the secrets with these names. Omits secrets that the store does not contain. This function can block.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the secrets cannot be read.
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError>;
}

impl SecretStore for Box<dyn SecretStore> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        self.as_ref().secrets(names)
    }
}

/// A store that reads each secret from the setting with the same name. On a developer's machine, the settings are
/// environment variables.
#[derive(Debug)]
pub struct SettingsStore<F>(pub F);

impl<F: Fn(&str) -> Option<String>> SecretStore for SettingsStore<F> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let secret = |name: &&str| Some(((*name).to_owned(), Zeroizing::new((self.0)(name)?)));
        Ok(Secrets::permanent(names.iter().filter_map(secret)))
    }
}
