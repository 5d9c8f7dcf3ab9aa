//! What is missing or wrong in settings and secrets.

use std::fmt;

use hallpass_token::agora::HexError;
use hallpass_token::videosdk::IdError;
use serde_json::json;

use crate::config::{DEFAULT_PROJECT, DOCUMENT, SHORT_API_KEY, SHORT_APP_ID};
use crate::log::{Level, LogLine};
use crate::platform::StoreError;

/// What is missing or wrong in settings and secrets. It names things and never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetupError {
    /// `HALLPASS_CONFIG` is no JSON.
    Syntax(String),
    /// A value in `HALLPASS_CONFIG` is not the wanted one.
    Value { path: String, detail: String },
    /// There is neither a `projects` nor an `AGORA_APP_ID` or a `VIDEOSDK_API_KEY`.
    NoProject,
    /// There are several projects of Agora, and none is named `default`.
    NoDefaultProject,
    /// `AGORA_APP_ID` is none.
    ShortAppId(HexError),
    /// `VIDEOSDK_API_KEY` is none.
    ShortApiKey(IdError),
    /// There are no secrets of these names.
    SecretsMissing(Vec<String>),
    /// The secret of this name is no certificate.
    SecretMalformed(String, HexError),
    /// The secret of this name is empty.
    SecretEmpty(String),
    /// The secret of this name begins or ends with a blank or a line break.
    SecretBlank(String),
    /// The secret of this name, a customer ID, holds a colon.
    SecretColon(String),
    /// The secret of this name has fewer bytes than this.
    SecretShort(String, usize),
    /// The secrets could not be read.
    Store(StoreError),
    /// Nobody has asked for the secrets.
    NotLoaded,
}

impl SetupError {
    /// The names of what is missing or wrong.
    pub(crate) fn names(&self) -> Vec<String> {
        let names: &[&str] = match self {
            Self::Value { path, .. } if !path.is_empty() => return vec![format!("{DOCUMENT}.{path}")],
            Self::Syntax(_) | Self::Value { .. } => &[DOCUMENT],
            Self::NoProject => &[SHORT_APP_ID, SHORT_API_KEY],
            Self::NoDefaultProject => return vec![format!("{DOCUMENT}.projects.{DEFAULT_PROJECT}")],
            Self::ShortAppId(_) => &[SHORT_APP_ID],
            Self::ShortApiKey(_) => &[SHORT_API_KEY],
            Self::SecretsMissing(names) | Self::Store(StoreError { names, .. }) => return names.clone(),
            Self::NotLoaded => &[],
            Self::SecretMalformed(name, _)
            | Self::SecretEmpty(name)
            | Self::SecretBlank(name)
            | Self::SecretColon(name)
            | Self::SecretShort(name, _) => &[name],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What the person on call reads.
    pub(crate) fn log_line(&self) -> LogLine {
        LogLine::new(Level::Error, "not_ready", &json!({ "message": self.to_string() }))
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(detail) => write!(f, "{DOCUMENT} is not JSON: {detail}"),
            Self::Value { path, detail } if path.is_empty() => write!(f, "{DOCUMENT}: {detail}"),
            Self::Value { path, detail } => write!(f, "{DOCUMENT} at `{path}`: {detail}"),
            Self::NoProject => write!(
                f,
                "there is no project: set {SHORT_APP_ID} or {SHORT_API_KEY}, or `projects` in {DOCUMENT}"
            ),
            Self::NoDefaultProject => {
                write!(f, "{DOCUMENT} at `projects`: one of several must be named `{DEFAULT_PROJECT}`")
            }
            Self::ShortAppId(error) => write!(f, "{SHORT_APP_ID} {error}"),
            Self::ShortApiKey(error) => write!(f, "{SHORT_API_KEY} {error}"),
            Self::SecretsMissing(names) => match names.as_slice() {
                [name] => write!(f, "the secret {name} is not set"),
                names => write!(f, "the secrets {} are not set", names.join(", ")),
            },
            Self::SecretMalformed(name, error) => write!(f, "the secret {name} {error}"),
            Self::SecretEmpty(name) => write!(f, "the secret {name} must not be empty"),
            Self::SecretBlank(name) => {
                write!(f, "the secret {name} must not begin or end with a blank or a line break")
            }
            Self::SecretColon(name) => write!(f, "the secret {name}, a customer ID, must not hold a colon"),
            Self::SecretShort(name, bytes) => write!(f, "the secret {name} must have at least {bytes} bytes"),
            Self::Store(StoreError { reason, .. }) => write!(f, "the secrets could not be read: {reason}"),
            Self::NotLoaded => f.write_str("the secrets are not loaded"),
        }
    }
}
