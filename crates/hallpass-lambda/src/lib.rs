//! What the Lambda function and its tests share: a platform without a platform's services, and where AWS keeps
//! secrets.

mod native;
mod secrets_manager;
mod store;
mod time_limits;

pub use native::Native;
pub use secrets_manager::{STORE_TIMEOUT, SecretsManager, SecretsManagerError};
pub use store::{Store, Variables, store};
pub use time_limits::{TimeLimitFactor, TimeLimitFactorError};
