//! Parts of the Lambda function that its tests use as well: the platform and the stores of secrets.

mod platform;
mod secrets_manager;
mod store;
mod time_limits;

pub use platform::LambdaPlatform;
pub use secrets_manager::{STORE_TIMEOUT, SecretsManager, SecretsManagerError};
pub use store::{Store, Variables};
pub use time_limits::{TimeLimitFactor, TimeLimitFactorError};

/// Returns the store that the settings name: Secrets Manager if `HALLPASS_SECRET_ID` is set, otherwise the settings
/// themselves. The factor extends the time limit on Secrets Manager.
pub fn store(setting: impl Fn(&str) -> Option<String> + 'static, factor: TimeLimitFactor) -> Box<dyn Store> {
    match SecretsManager::from_settings(&setting, factor) {
        None => Box::new(Variables(setting)),
        Some(manager) => Box::new(manager),
    }
}
