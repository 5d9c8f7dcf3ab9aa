//! The parts of the Lambda function that tests also use: the platform and the secret stores.

mod platform;
mod secrets_manager;
mod store;
mod time_limits;

pub use platform::LambdaPlatform;
pub use secrets_manager::{STORE_TIMEOUT, SecretsManager, SecretsManagerError};
pub use store::{SecretStore, SettingsStore};
pub use time_limits::{TimeLimitFactor, TimeLimitFactorError};

/// Returns the secret store. If `HALLPASS_SECRET_ID` is set, the store is Secrets Manager. Otherwise, the store reads
/// secrets from the settings. `factor` multiplies the time limit for Secrets Manager.
pub fn secret_store(
    setting: impl Fn(&str) -> Option<String> + 'static,
    factor: TimeLimitFactor,
) -> Box<dyn SecretStore> {
    match SecretsManager::from_settings(&setting, factor) {
        None => Box::new(SettingsStore(setting)),
        Some(manager) => Box::new(manager),
    }
}
