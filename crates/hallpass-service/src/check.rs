//! Checks of a configuration before its deployment: a summary, and the evaluation of a token request.
//!
//! **Invariants**: a check reads and evaluates the configuration with the same code that serves requests. Checks need
//! no secrets, and their output contains no secrets.

pub mod dry_run;
mod identity_warnings;
mod placeholder;
pub mod summary;

use std::fmt;

use crate::problem::Problem;
use crate::settings::ConfigError;

/// An invalid configuration or request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The path of the invalid value in the configuration or the request; `None` if no single value is invalid.
    pub field: Option<String>,
    /// A message that describes the error and the expected value.
    pub message: String,
}

impl InputError {
    pub(super) fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), message: message.into() }
    }
}

impl From<&ConfigError> for InputError {
    fn from(error: &ConfigError) -> Self {
        let path = if let ConfigError::Value { path, .. } = error { path.as_str() } else { "" };
        let field = (!path.is_empty()).then(|| path.to_owned());
        Self { field, message: error.to_string() }
    }
}

impl From<Problem> for InputError {
    fn from(problem: Problem) -> Self {
        Self { field: problem.field_path().map(str::to_owned), message: problem.to_string() }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}
