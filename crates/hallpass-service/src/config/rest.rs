//! The part `rest` of the configuration document: the providers' REST APIs.

use serde::de::{Deserialize, Deserializer};

use super::secret_name::SecretName;
use crate::json::{named, object};
use crate::setup_error::SetupError;
use crate::url::is_loopback;

/// The providers' REST APIs, without the secrets.
#[derive(Debug)]
pub(crate) struct RestConfig {
    /// Without a slash at the end.
    pub(crate) agora_url: String,
    /// Customer ID and customer secret.
    pub(crate) customer: Option<(SecretName, SecretName)>,
    /// Without a slash at the end.
    pub(crate) videosdk_url: String,
    pub(crate) videosdk_version: RoomsVersion,
}

/// The version of VideoSDK's REST API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RoomsVersion {
    /// Meetings: that of the oldest apps.
    V1,
    /// Rooms.
    #[default]
    V2,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestDocument {
    #[serde(default, deserialize_with = "object")]
    agora: AgoraDocument,
    #[serde(default, deserialize_with = "object")]
    videosdk: VideoSdkDocument,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AgoraDocument {
    customer_id: Option<SecretName>,
    customer_secret: Option<SecretName>,
    url: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct VideoSdkDocument {
    url: Option<String>,
    #[serde(default)]
    version: RoomsVersion,
}

/// The second is for when the domain of the first cannot be resolved:
/// <https://docs.agora.io/en/video-calling/channel-management-api/overview/ensure-service-reliability>
const OF_AGORA: &[&str] = &["https://api.agora.io", "https://api.sd-rtn.com"];
const OF_VIDEOSDK: &[&str] = &["https://api.videosdk.live"];

impl RestDocument {
    /// # Errors
    /// [`SetupError::Value`] for the first thing that is missing or wrong.
    pub(super) fn check(self) -> Result<RestConfig, SetupError> {
        let Self { agora, videosdk } = self;
        let missing = |member: &str| SetupError::Value {
            path: format!("rest.agora.{member}"),
            detail: "expected the name of a secret: customer ID and customer secret belong together"
                .to_owned(),
        };
        let customer = match (agora.customer_id, agora.customer_secret) {
            (None, None) => None,
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, Some(_)) => return Err(missing("customer_id")),
            (Some(_), None) => return Err(missing("customer_secret")),
        };
        Ok(RestConfig {
            agora_url: address("rest.agora.url", agora.url, OF_AGORA)?,
            customer,
            videosdk_url: address("rest.videosdk.url", videosdk.url, OF_VIDEOSDK)?,
            videosdk_version: videosdk.version,
        })
    }
}

/// One of the provider's own, or of a stand-in on this machine: whoever gets a request there gets credentials.
fn address(path: &str, url: Option<String>, known: &[&str]) -> Result<String, SetupError> {
    let Some(url) = url else { return Ok(known.first().copied().unwrap_or_default().to_owned()) };
    let url = url.trim_end_matches('/');
    let is_here = url.strip_prefix("http://").is_some_and(is_loopback);
    if is_here || known.contains(&url) {
        return Ok(url.to_owned());
    }
    let detail = format!("expected {}, or http:// and an address of this machine", known.join(" or "));
    Err(SetupError::Value { path: path.to_owned(), detail })
}

impl<'de> Deserialize<'de> for RoomsVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "\"v2\" or \"v1\"", |name| match name {
            "v1" => Some(Self::V1),
            "v2" => Some(Self::V2),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &str) -> Result<RestConfig, String> {
        let document: RestDocument = serde_json::from_str(document).map_err(|error| error.to_string())?;
        document.check().map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_providers_and_this_machine_get_requests() {
        for url in ["https://api.sd-rtn.com", "https://api.agora.io/", "http://127.0.0.1:8080"] {
            let config = read(&format!(r#"{{"agora":{{"url":"{url}"}}}}"#)).unwrap();
            assert_eq!(config.agora_url, url.trim_end_matches('/'));
        }
        for url in [
            "http://api.agora.io",
            "https://api.agora.io.example.com",
            "https://api.agora.io/dev",
            "https://api.videosdk.live",
            "https://127.0.0.1",
            "http://127.0.0.1/x",
            "http://127.0.0.1@example.com",
            "",
        ] {
            let message = read(&format!(r#"{{"agora":{{"url":"{url}"}}}}"#)).unwrap_err();
            assert!(
                message.starts_with("HALLPASS_CONFIG at `rest.agora.url`: expected https://api."),
                "{message}"
            );
        }
    }

    #[test]
    fn half_a_customer_is_none() {
        let message = read(r#"{"agora":{"customer_id":"ID"}}"#).unwrap_err();
        assert!(message.starts_with("HALLPASS_CONFIG at `rest.agora.customer_secret`"), "{message}");
        let message = read(r#"{"agora":{"customer_secret":"SECRET"}}"#).unwrap_err();
        assert!(message.starts_with("HALLPASS_CONFIG at `rest.agora.customer_id`"), "{message}");
    }
}
