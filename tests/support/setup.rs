//! The deployments that the list is run on.

use serde::Deserialize;

/// The App ID that Agora's own tests publish.
pub(crate) const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
/// The App Certificate that Agora's own tests publish.
pub(crate) const APP_CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

/// One deployment: its configuration document, and whether it has its secret.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Setup {
    /// Everybody gets tokens.
    Open,
    /// Everybody gets tokens, also for uid 0.
    OpenWildcard,
    /// Nobody said who may have tokens.
    Closed,
    /// Open, but the secret is missing.
    NoCertificate,
    /// The configuration document holds a value that it must not.
    BadConfig,
}

impl Setup {
    /// A name for files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OpenWildcard => "open-wildcard",
            Self::Closed => "closed",
            Self::NoCertificate => "no-certificate",
            Self::BadConfig => "bad-config",
        }
    }

    /// The value of `HALLPASS_CONFIG`.
    pub(crate) const fn document(self) -> Option<&'static str> {
        match self {
            Self::Open | Self::NoCertificate => Some(r#"{"auth":{"open":true}}"#),
            Self::OpenWildcard => Some(r#"{"auth":{"open":{"wildcard":true}}}"#),
            Self::Closed => None,
            Self::BadConfig => Some(r#"{"auth":{"open":"yes"}}"#),
        }
    }

    /// The value of `AGORA_APP_CERTIFICATE`.
    pub(crate) fn certificate(self) -> Option<&'static str> {
        (self != Self::NoCertificate).then_some(APP_CERTIFICATE)
    }

    /// Settings and secrets by name, for a platform that keeps both in one place.
    pub(crate) fn variables(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        [
            ("HALLPASS_CONFIG", self.document()),
            ("AGORA_APP_ID", Some(APP_ID)),
            ("AGORA_APP_CERTIFICATE", self.certificate()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}
