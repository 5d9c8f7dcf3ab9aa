//! Extension of the time limits for calls to other servers, for machines that are slower than production.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// The factor that multiplies every time limit for calls to other servers: the secret store, issuers, and providers.
/// Default: 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimitFactor(NonZeroU32);

/// An error for a value of `HALLPASS_TIME_LIMIT_FACTOR` that is not a valid factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimitFactorError;

impl TimeLimitFactor {
    /// The largest factor.
    pub const MAX: u32 = 100;
    /// The setting that holds the factor.
    pub const SETTING: &str = "HALLPASS_TIME_LIMIT_FACTOR";

    /// Creates a factor. Returns `None` if `factor` is not from 1 to [`MAX`](Self::MAX).
    #[must_use]
    pub const fn new(factor: u32) -> Option<Self> {
        match NonZeroU32::new(factor) {
            Some(factor) if factor.get() <= Self::MAX => Some(Self(factor)),
            _ => None,
        }
    }

    /// Reads [`SETTING`](Self::SETTING). Returns the default if the setting is missing or empty.
    ///
    /// # Errors
    /// Returns an error if the setting is not a whole number from 1 to [`MAX`](Self::MAX).
    pub fn from_settings(setting: impl Fn(&str) -> Option<String>) -> Result<Self, TimeLimitFactorError> {
        match setting(Self::SETTING).filter(|value| !value.is_empty()) {
            None => Ok(Self::default()),
            Some(value) => value.parse().ok().and_then(Self::new).ok_or(TimeLimitFactorError),
        }
    }

    /// Multiplies a production time limit by the factor.
    pub(crate) const fn extend(self, limit: Duration) -> Duration {
        limit.saturating_mul(self.0.get())
    }
}

impl Default for TimeLimitFactor {
    fn default() -> Self {
        Self(NonZeroU32::MIN)
    }
}

impl std::error::Error for TimeLimitFactorError {}

impl fmt::Display for TimeLimitFactorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected a whole number from 1 to {}. Leave the variable unset in production",
            TimeLimitFactor::SETTING,
            TimeLimitFactor::MAX
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Option<&str>) -> Result<TimeLimitFactor, TimeLimitFactorError> {
        TimeLimitFactor::from_settings(|name| {
            assert_eq!(name, "HALLPASS_TIME_LIMIT_FACTOR");
            value.map(str::to_owned)
        })
    }

    #[test]
    fn uses_production_limits_by_default() {
        for value in [None, Some(""), Some("1")] {
            let limit = Duration::from_millis(1500);
            assert_eq!(read(value).unwrap().extend(limit), limit, "{value:?}");
        }
    }

    #[test]
    fn multiplies_limits() {
        assert_eq!(read(Some("20")).unwrap().extend(Duration::from_millis(1500)), Duration::from_secs(30));
        assert_eq!(read(Some("100")).unwrap().extend(Duration::from_secs(20)), Duration::from_secs(2000));
    }

    #[test]
    fn rejects_invalid_factors() {
        for value in ["0", "101", "-1", "1.5", "2x", " 2", "4294967296"] {
            assert_eq!(read(Some(value)), Err(TimeLimitFactorError), "{value}");
        }
        let message = TimeLimitFactorError.to_string();
        assert!(message.starts_with("HALLPASS_TIME_LIMIT_FACTOR: expected a whole number from 1 to 100"));
    }
}
