//! Errors in settings and secrets.

use std::borrow::Cow;

use super::DOCUMENT;
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};
use crate::web::strings::join;

/// A missing or invalid setting or secret. The error contains names of secrets, never their values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// `HALLPASS_CONFIG` is not valid JSON.
    #[error("{DOCUMENT} is not valid JSON: {0}")]
    Syntax(String),
    /// A value in `HALLPASS_CONFIG` is invalid. If the document as a whole is invalid, the path is empty.
    #[error("{DOCUMENT}{at}: {detail}", at = at(path))]
    Value { path: String, detail: String },
    /// Neither `projects` nor any of these settings is set.
    #[error("no project is configured: set {}, or `projects` in {DOCUMENT}", join(.0, " or "))]
    NoProject(Vec<&'static str>),
    /// A setting other than `HALLPASS_CONFIG` is invalid.
    #[error("{name} {detail}")]
    Setting { name: &'static str, detail: String },
    /// The store does not contain the secrets with these names.
    #[error("{}", not_set(.0))]
    SecretsMissing(Vec<String>),
    /// The secret with this name is invalid.
    #[error("the secret {name} {detail}")]
    Secret { name: String, detail: Cow<'static, str> },
    /// The store could not be read.
    #[error("the secrets could not be read: {}", .0.reason)]
    Store(StoreError),
    /// The secrets have not been loaded yet, because no request required them.
    #[error("the secrets have not been loaded yet")]
    NotLoaded,
}

/// An error of the platform's secret store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The names of the settings or bindings to check.
    pub names: Vec<String>,
    /// The cause of the error and the expected state, for the log. This message contains no part of a secret.
    pub reason: Cow<'static, str>,
    /// True if the store did not respond in time.
    pub is_timeout: bool,
}

impl ConfigError {
    /// Returns the names of the missing or invalid settings and secrets.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Value { path, .. } if !path.is_empty() => vec![format!("{DOCUMENT}.{path}")],
            Self::Syntax(_) | Self::Value { .. } => vec![DOCUMENT.to_owned()],
            Self::NoProject(names) => names.iter().map(|name| (*name).to_owned()).collect(),
            Self::Setting { name, .. } => vec![(*name).to_owned()],
            Self::SecretsMissing(names) | Self::Store(StoreError { names, .. }) => names.clone(),
            Self::Secret { name, .. } => vec![name.clone()],
            Self::NotLoaded => Vec::new(),
        }
    }

    /// Returns a log line with the event `not_ready`.
    pub(crate) fn log_line(&self) -> LogLine {
        LogLine::new(Level::Error, "not_ready", [("message", Json::from(self.to_string()))])
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at `{path}`") }
}

fn not_set(names: &[String]) -> String {
    match names {
        [name] => format!("the secret {name} is not set. Store it in the platform's secret store"),
        names => format!(
            "the secrets {} are not set. Store each of them in the platform's secret store",
            join(names, ", ")
        ),
    }
}
