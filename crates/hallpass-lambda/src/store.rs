//! Where the secrets of a deployment are.

use hallpass_service::{Secrets, StoreError};
use zeroize::Zeroizing;

use crate::{SecretsManager, SecretsManagerError, TimeLimitFactor};

/// Gives secrets by name. It may block: whoever asks has nothing else to do.
pub trait Store {
    /// Those of these names that there are.
    ///
    /// # Errors
    /// [`StoreError`] where none can be read.
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError>;
}

/// Returns the store that the settings name: Secrets Manager if `HALLPASS_SECRET_ID` is set, otherwise the settings
/// themselves. The factor extends the time limit on Secrets Manager.
pub fn store(setting: impl Fn(&str) -> Option<String> + 'static, factor: TimeLimitFactor) -> Box<dyn Store> {
    match SecretsManager::from_settings(&setting, factor) {
        None => Box::new(Variables(setting)),
        Some(manager) => Box::new(manager),
    }
}

/// Settings that cannot be right are said to whoever wants a secret.
impl Store for Result<SecretsManager, SecretsManagerError> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        self.as_ref().map_err(StoreError::from)?.secrets(names)
    }
}

impl Store for Box<dyn Store> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        self.as_ref().secrets(names)
    }
}

/// Secrets that are settings: environment variables, on a developer's machine.
#[derive(Debug)]
pub struct Variables<F>(pub F);

impl<F: Fn(&str) -> Option<String>> Store for Variables<F> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let secret = |name: &&str| Some(((*name).to_owned(), Zeroizing::new((self.0)(name)?)));
        Ok(Secrets::for_good(names.iter().filter_map(secret)))
    }
}
