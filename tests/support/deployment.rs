//! The deployments to which the tests send requests.

use serde::Deserialize;

use crate::provider::agora::CUSTOMER_SECRET;

/// The App ID in Agora's own tests.
const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
/// The App Certificate in Agora's own tests.
const APP_CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";
/// A second certificate that signs no tokens, as during a rotation.
const NEXT_CERTIFICATE: &str = "b3a1f0c24d5e6978812a3b4c5d6e7f90";
const OTHER_APP_ID: &str = "0123456789abcdef0123456789ABCDEF";
const OTHER_CERTIFICATE: &str = "7e2d9c4b5a60183f9e8d7c6b5a493827";
const API_KEY: &str = "6d1b9f0e-2c47-4a58-9e13-5b7d8c9a0f21";
const VIDEOSDK_SECRET: &str = "e4c1a7b2d9f8063512ab34cd56ef7890e4c1a7b2d9f80635";
const WEBINAR_API_KEY: &str = "0b8e3d6a-71f5-4c29-8d4e-a2c6f1b39e57";
const WEBINAR_SECRET: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a3928";

/// The setting that holds the configuration document.
pub(crate) const CONFIG: &str = "HALLPASS_CONFIG";
/// All App IDs. Every 006 token contains one of these App IDs after the version.
pub(crate) const APP_IDS: [&str; 2] = [APP_ID, OTHER_APP_ID];
/// The secrets of all deployments. No response or log may contain any of these secrets.
pub(crate) const SECRETS: [&str; 6] =
    [APP_CERTIFICATE, NEXT_CERTIFICATE, OTHER_CERTIFICATE, VIDEOSDK_SECRET, WEBINAR_SECRET, CUSTOMER_SECRET];

/// A kind of deployment: a configuration document and secrets.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentKind {
    /// `auth.open` is set: any caller gets tokens.
    Open,
    /// `auth.open.wildcard` is set: any caller gets tokens, including tokens for uid 0.
    OpenWildcard,
    /// `auth.open.wildcard` is set, the compatible routes return tokens of the format 007, and CORS allows every origin.
    Compat007,
    /// Two projects of each provider, and other settings. One Agora project has a second certificate.
    Configured,
    /// `auth.open` is set, with a project of each provider in the short form.
    BothProviders,
    /// `auth.open` is set, with a project of VideoSDK only, in the short form.
    VideosdkOnly,
    /// A single project whose name is not `default`.
    SoleProject,
    /// CORS allows some origins.
    Cors,
    /// CORS allows every origin.
    CorsAny,
    /// CORS allows one origin, and pages may send several headers.
    CorsHeaders,
    /// `auth.open` is set. The settings and secrets have the names that the imitated servers use.
    Aliases,
    /// `base_path` is set, and the compatible routes return tokens of the format 007.
    BasePath,
    /// Authentication is not configured.
    Closed,
    /// `auth.open` is set, but the certificate is missing.
    NoCertificate,
    /// The configuration document contains an invalid value, and a valid `base_path`.
    BadConfig,
}

/// The settings with which a target is started.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The name of the deployment's files.
    pub name: String,
    /// The names and values of settings and secrets.
    pub variables: Vec<(String, String)>,
    /// The time limits on the secret store, issuers and providers.
    pub time_limits: TimeLimits,
    /// The address of the server that receives the service's requests to `https` URLs. The path of such a request
    /// contains the URL. [`Target::redirects`] returns whether a target supports the setting.
    ///
    /// [`Target::redirects`]: crate::target::Target::redirects
    pub redirect: Option<String>,
}

/// The choice of time limits on the secret store, issuers and providers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeLimits {
    /// Extended time limits, so that a busy machine does not change results.
    #[default]
    Extended,
    /// The time limits of production, for tests of servers that never respond.
    Production,
}

/// The project of a token: an App ID and certificate, or an API key and secret.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Project {
    /// The Agora project with the keys of Agora's own tests.
    #[default]
    Default,
    /// The second Agora project of [`DeploymentKind::Configured`].
    Other,
    /// The first VideoSDK project.
    Videosdk,
    /// The second VideoSDK project of [`DeploymentKind::Configured`].
    Webinar,
}

impl DeploymentKind {
    /// Returns the name of the deployment's files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OpenWildcard => "open-wildcard",
            Self::Compat007 => "compat007",
            Self::Configured => "configured",
            Self::BothProviders => "both-providers",
            Self::VideosdkOnly => "videosdk-only",
            Self::SoleProject => "sole-project",
            Self::Cors => "cors",
            Self::CorsAny => "cors-any",
            Self::CorsHeaders => "cors-headers",
            Self::Aliases => "aliases",
            Self::BasePath => "base-path",
            Self::Closed => "closed",
            Self::NoCertificate => "no-certificate",
            Self::BadConfig => "bad-config",
        }
    }

    /// Returns a string that the deployment's log must contain.
    pub(crate) const fn logged(self) -> &'static str {
        match self {
            Self::Open
            | Self::OpenWildcard
            | Self::Compat007
            | Self::Configured
            | Self::BothProviders
            | Self::VideosdkOnly
            | Self::SoleProject
            | Self::Cors
            | Self::CorsAny
            | Self::CorsHeaders
            | Self::Aliases
            | Self::BasePath => "auth_open",
            Self::Closed => "auth_not_configured",
            Self::NoCertificate => "AGORA_APP_CERTIFICATE",
            Self::BadConfig => "auth.open",
        }
    }

    /// Returns the value of `HALLPASS_CONFIG`.
    const fn document(self) -> Option<&'static str> {
        match self {
            Self::Open | Self::BothProviders | Self::VideosdkOnly | Self::Aliases | Self::NoCertificate => {
                Some(r#"{"auth":{"open":true}}"#)
            }
            Self::OpenWildcard => Some(r#"{"auth":{"open":{"wildcard":true}}}"#),
            Self::Compat007 => Some(
                r#"{
                    "auth": { "open": { "wildcard": true } },
                    "compat": { "version": "007" },
                    "cors": { "origins": ["*"], "headers": "*" }
                }"#,
            ),
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
                        },
                        "meet": {
                            "provider": "videosdk",
                            "api_key": "6d1b9f0e-2c47-4a58-9e13-5b7d8c9a0f21",
                            "secrets": ["VIDEOSDK_SECRET_KEY"]
                        },
                        "a-webinar": {
                            "provider": "videosdk",
                            "api_key": "0b8e3d6a-71f5-4c29-8d4e-a2c6f1b39e57",
                            "secrets": ["WEBINAR_SECRET", "VIDEOSDK_SECRET_KEY"]
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
                    "cors": {
                        "origins": [
                            "https://app.example.com", "https://*.example.org", "capacitor://localhost",
                            "https://*--site.netlify.app", "https://app-git-*-team.vercel.app",
                            "http://localhost:*", "http://[::1]:3000"
                        ]
                    }
                }"#,
            ),
            Self::CorsHeaders => Some(
                r#"{
                    "auth": { "open": true },
                    "cors": {
                        "origins": ["https://app.example.com"],
                        "headers": ["baggage", "sentry-trace", "traceparent", "X-Requested-With", "ngrok-skip-browser-warning"]
                    }
                }"#,
            ),
            Self::CorsAny => Some(r#"{"auth":{"open":true},"cors":{"origins":["*"]}}"#),
            Self::BasePath => {
                Some(r#"{"auth":{"open":true},"compat":{"version":"007"},"base_path":"/tokens"}"#)
            }
            Self::Closed => None,
            Self::BadConfig => Some(r#"{"auth":{"open":"yes"},"base_path":"/tokens"}"#),
        }
    }

    fn variables(self) -> Vec<(&'static str, &'static str)> {
        if self == Self::Aliases {
            return vec![
                (CONFIG, r#"{"auth":{"open":true}}"#),
                ("AGORA_APP_ID", ""),
                ("APP_ID", APP_ID),
                ("APP_CERTIFICATE", ""),
                ("NEXT_AGORA_APP_CERTIFICATE", APP_CERTIFICATE),
                ("VIDEOSDK_API_KEY", API_KEY),
                ("VIDEOSDK_SECRET", VIDEOSDK_SECRET),
            ];
        }
        let names_projects = matches!(self, Self::Configured | Self::SoleProject);
        let has_agora = self != Self::VideosdkOnly;
        let is_configured = self == Self::Configured;
        let has_videosdk = matches!(self, Self::BothProviders | Self::VideosdkOnly);
        [
            (CONFIG, self.document()),
            ("AGORA_APP_ID", (has_agora && !names_projects).then_some(APP_ID)),
            ("AGORA_APP_CERTIFICATE", (has_agora && self != Self::NoCertificate).then_some(APP_CERTIFICATE)),
            ("NEXT_CERTIFICATE", is_configured.then_some(NEXT_CERTIFICATE)),
            ("OTHER_CERTIFICATE", is_configured.then_some(OTHER_CERTIFICATE)),
            ("VIDEOSDK_API_KEY", has_videosdk.then_some(API_KEY)),
            ("VIDEOSDK_SECRET_KEY", (has_videosdk || is_configured).then_some(VIDEOSDK_SECRET)),
            ("WEBINAR_SECRET", is_configured.then_some(WEBINAR_SECRET)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

impl From<DeploymentKind> for Deployment {
    fn from(kind: DeploymentKind) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            name: kind.name().to_owned(),
            variables: kind.variables().into_iter().map(owned).collect(),
            time_limits: TimeLimits::default(),
            redirect: None,
        }
    }
}

impl Deployment {
    /// Creates a deployment with a project of each provider and this configuration document.
    #[must_use]
    pub fn configured(name: &str, document: String) -> Self {
        let mut deployment = Self::from(DeploymentKind::BothProviders);
        name.clone_into(&mut deployment.name);
        deployment.variables.retain(|(name, _)| name != CONFIG);
        deployment.variables.push((CONFIG.to_owned(), document));
        deployment
    }
}

impl Project {
    /// Returns the App ID and certificate, or the API key and secret.
    pub(crate) const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Default => (APP_ID, APP_CERTIFICATE),
            Self::Other => (OTHER_APP_ID, OTHER_CERTIFICATE),
            Self::Videosdk => (API_KEY, VIDEOSDK_SECRET),
            Self::Webinar => (WEBINAR_API_KEY, WEBINAR_SECRET),
        }
    }
}
