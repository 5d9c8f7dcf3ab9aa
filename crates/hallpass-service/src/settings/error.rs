//! What is missing or wrong in settings and secrets.

use std::borrow::Cow;

use super::DOCUMENT;
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};

/// A missing or wrong setting or secret. It names the setting or secret and never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// `HALLPASS_CONFIG` is not JSON.
    #[error("{DOCUMENT} is not JSON: {0}")]
    Syntax(String),
    /// A value in `HALLPASS_CONFIG` is not the expected one; the path is empty for the whole document.
    #[error("{DOCUMENT}{at}: {detail}", at = at(path))]
    Value { path: String, detail: String },
    /// Neither `projects` nor one of these settings is set.
    #[error("there is no project: set {}, or `projects` in {DOCUMENT}", .0.join(" or "))]
    NoProject(Vec<&'static str>),
    /// Another setting is not valid.
    #[error("{name} {detail}")]
    Setting { name: &'static str, detail: String },
    /// The store has no secrets of these names.
    #[error("{}", not_set(.0))]
    SecretsMissing(Vec<String>),
    /// The secret of this name is not valid.
    #[error("the secret {name} {detail}")]
    Secret { name: String, detail: Cow<'static, str> },
    /// The secrets could not be read.
    #[error("the secrets could not be read: {}", .0.reason)]
    Store(StoreError),
    /// No request has needed the secrets.
    #[error("the secrets are not loaded")]
    NotLoaded,
}

/// Why no secrets could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The names of the settings or bindings to check.
    pub names: Vec<String>,
    /// What was wrong and what was expected, for the log. It holds no part of a secret.
    pub reason: Cow<'static, str>,
    /// Whether the store did not respond at all.
    pub is_timeout: bool,
}

impl ConfigError {
    /// The names of the settings and secrets that are missing or wrong.
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

    /// The line for the person on call.
    pub(crate) fn log_line(&self) -> LogLine {
        LogLine::new(Level::Error, "not_ready", [("message", Json::from(self.to_string()))])
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at `{path}`") }
}

fn not_set(names: &[String]) -> String {
    match names {
        [name] => format!("the secret {name} is not set"),
        names => format!("the secrets {} are not set", names.join(", ")),
    }
}
