//! What is missing or wrong in settings and secrets.

use std::fmt;

use hallpass_token::agora::HexError;
use hallpass_token::videosdk::IdError;

use crate::config::DOCUMENT;
use crate::projects::{DEFAULT_PROJECT, SHORT_API_KEY, SHORT_APP_ID};

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
    /// There is no secret of this name.
    SecretMissing(String),
    /// The secret of this name is no certificate.
    SecretMalformed(String, HexError),
    /// The secret of this name is empty.
    SecretEmpty(String),
    /// The secret of this name begins or ends with a blank or a line break.
    SecretBlank(String),
    /// The secret of this name has fewer bytes than this.
    SecretShort(String, usize),
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
            Self::SecretMissing(name)
            | Self::SecretMalformed(name, _)
            | Self::SecretEmpty(name)
            | Self::SecretBlank(name)
            | Self::SecretShort(name, _) => &[name],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
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
            Self::SecretMissing(name) => write!(f, "the secret {name} is not set"),
            Self::SecretMalformed(name, error) => write!(f, "the secret {name} {error}"),
            Self::SecretEmpty(name) => write!(f, "the secret {name} must not be empty"),
            Self::SecretBlank(name) => {
                write!(f, "the secret {name} must not begin or end with a blank or a line break")
            }
            Self::SecretShort(name, bytes) => write!(f, "the secret {name} must have at least {bytes} bytes"),
        }
    }
}
