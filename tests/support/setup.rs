//! The deployments that the list is run on.

use serde::Deserialize;

/// The App ID that Agora's own tests publish.
const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
/// The App Certificate that Agora's own tests publish.
const APP_CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";
/// Where a certificate would be rotated to; it signs nothing.
const NEXT_CERTIFICATE: &str = "b3a1f0c24d5e6978812a3b4c5d6e7f90";
const OTHER_APP_ID: &str = "0123456789abcdef0123456789ABCDEF";
const OTHER_CERTIFICATE: &str = "7e2d9c4b5a60183f9e8d7c6b5a493827";

/// All App IDs, one of which every 006 token begins with.
pub(crate) const APP_IDS: [&str; 2] = [APP_ID, OTHER_APP_ID];
/// The secrets of all deployments; each must stay secret in every one.
pub(crate) const CERTIFICATES: [&str; 3] = [APP_CERTIFICATE, NEXT_CERTIFICATE, OTHER_CERTIFICATE];

/// One deployment: its configuration document and secrets.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Setup {
    /// Everybody gets tokens.
    Open,
    /// Everybody gets tokens, also for uid 0.
    OpenWildcard,
    /// Two projects, one of them with a second certificate, and every other setting.
    Configured,
    /// One project, which is not named `default`.
    SoleProject,
    /// Pages of some origins may call.
    Cors,
    /// Pages of every origin may call.
    CorsAny,
    /// Nobody said who may have tokens.
    Closed,
    /// Open, but the secret is missing.
    NoCertificate,
    /// The configuration document holds a value that it must not.
    BadConfig,
}

/// Whose App ID and certificate a token is made with.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Project {
    /// Those of Agora's own tests.
    #[default]
    Default,
    /// Those of the second project in [`Setup::Configured`].
    Other,
}

impl Setup {
    /// A name for files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OpenWildcard => "open-wildcard",
            Self::Configured => "configured",
            Self::SoleProject => "sole-project",
            Self::Cors => "cors",
            Self::CorsAny => "cors-any",
            Self::Closed => "closed",
            Self::NoCertificate => "no-certificate",
            Self::BadConfig => "bad-config",
        }
    }

    /// What its log must say to the person on call.
    pub(crate) const fn logged(self) -> &'static str {
        match self {
            Self::Open
            | Self::OpenWildcard
            | Self::Configured
            | Self::SoleProject
            | Self::Cors
            | Self::CorsAny => "auth_open",
            Self::Closed => "auth_not_configured",
            Self::NoCertificate => "AGORA_APP_CERTIFICATE",
            Self::BadConfig => "auth.open",
        }
    }

    /// The value of `HALLPASS_CONFIG`.
    const fn document(self) -> Option<&'static str> {
        match self {
            Self::Open | Self::NoCertificate => Some(r#"{"auth":{"open":true}}"#),
            Self::OpenWildcard => Some(r#"{"auth":{"open":{"wildcard":true}}}"#),
            Self::Configured => Some(
                r#"{
                    "projects": {
                        "default": {
                            "provider": "agora",
                            "app_id": "970CA35de60c44645bbae8a215061b33",
                            "certificates": ["AGORA_APP_CERTIFICATE", "NEXT_CERTIFICATE"]
                        },
                        "other": {
                            "provider": "agora",
                            "app_id": "0123456789abcdef0123456789ABCDEF",
                            "certificates": ["OTHER_CERTIFICATE"]
                        }
                    },
                    "auth": { "open": true },
                    "ttl": { "max": 600 },
                    "compat": { "version": "007" }
                }"#,
            ),
            Self::SoleProject => Some(
                r#"{
                    "projects": {
                        "main": {
                            "provider": "agora",
                            "app_id": "970CA35de60c44645bbae8a215061b33",
                            "certificates": ["AGORA_APP_CERTIFICATE"]
                        }
                    },
                    "auth": { "open": true }
                }"#,
            ),
            Self::Cors => Some(
                r#"{
                    "auth": { "open": true },
                    "cors": { "origins": ["https://app.example.com", "https://*.example.org", "capacitor://localhost"] }
                }"#,
            ),
            Self::CorsAny => Some(r#"{"auth":{"open":true},"cors":{"origins":["*"]}}"#),
            Self::Closed => None,
            Self::BadConfig => Some(r#"{"auth":{"open":"yes"}}"#),
        }
    }

    /// Settings and secrets by name, for a platform that keeps both in one place.
    pub(crate) fn variables(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let names_projects = matches!(self, Self::Configured | Self::SoleProject);
        let is_configured = self == Self::Configured;
        [
            ("HALLPASS_CONFIG", self.document()),
            ("AGORA_APP_ID", (!names_projects).then_some(APP_ID)),
            ("AGORA_APP_CERTIFICATE", (self != Self::NoCertificate).then_some(APP_CERTIFICATE)),
            ("NEXT_CERTIFICATE", is_configured.then_some(NEXT_CERTIFICATE)),
            ("OTHER_CERTIFICATE", is_configured.then_some(OTHER_CERTIFICATE)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

impl Project {
    /// App ID and certificate.
    pub(crate) const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Default => (APP_ID, APP_CERTIFICATE),
            Self::Other => (OTHER_APP_ID, OTHER_CERTIFICATE),
        }
    }
}
