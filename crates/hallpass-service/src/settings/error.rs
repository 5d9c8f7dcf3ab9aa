//! What is missing or wrong in settings and secrets.

use std::borrow::Cow;
use std::fmt;

use super::DOCUMENT;
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};

/// A missing or wrong setting or secret. It names the setting or secret and never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConfigError {
    /// `HALLPASS_CONFIG` is not JSON.
    Syntax(String),
    /// A value in `HALLPASS_CONFIG` is not the expected one; the path is empty for the whole document.
    Value { path: String, detail: String },
    /// Neither `projects` nor one of these settings is set.
    NoProject(Vec<&'static str>),
    /// Another setting is not valid.
    Setting { name: &'static str, detail: String },
    /// The store has no secrets of these names.
    SecretsMissing(Vec<String>),
    /// The secret of this name is not valid.
    Secret { name: String, detail: Cow<'static, str> },
    /// The secrets could not be read.
    Store(StoreError),
    /// No request has needed the secrets.
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

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(detail) => write!(f, "{DOCUMENT} is not JSON: {detail}"),
            Self::Value { path, detail } if path.is_empty() => write!(f, "{DOCUMENT}: {detail}"),
            Self::Value { path, detail } => write!(f, "{DOCUMENT} at `{path}`: {detail}"),
            Self::NoProject(settings) => {
                let settings = settings.join(" or ");
                write!(f, "there is no project: set {settings}, or `projects` in {DOCUMENT}")
            }
            Self::Setting { name, detail } => write!(f, "{name} {detail}"),
            Self::SecretsMissing(names) => match names.as_slice() {
                [name] => write!(f, "the secret {name} is not set"),
                names => write!(f, "the secrets {} are not set", names.join(", ")),
            },
            Self::Secret { name, detail } => write!(f, "the secret {name} {detail}"),
            Self::Store(StoreError { reason, .. }) => write!(f, "the secrets could not be read: {reason}"),
            Self::NotLoaded => f.write_str("the secrets are not loaded"),
        }
    }
}
