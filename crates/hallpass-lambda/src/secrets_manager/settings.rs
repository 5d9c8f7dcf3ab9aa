//! The settings of AWS SDKs that a call to Secrets Manager needs.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html>

use std::net::Ipv4Addr;

use aws_credential_types::Credentials;
use http::Uri;
use ureq::tls::{Certificate, PemItem, parse_pem};

use super::error::{SECRET_ID, SecretsManagerError};

/// The settings for a request to Secrets Manager.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) secret_id: String,
    pub(super) region: String,
    pub(super) url: String,
    pub(super) credentials: Credentials,
    /// The certificate authorities to trust instead of the public certificate authorities.
    pub(super) authorities: Option<Vec<Certificate<'static>>>,
}

impl Settings {
    /// Reads the settings. Returns `None` if `HALLPASS_SECRET_ID` is not set.
    pub(super) fn read(
        setting: impl Fn(&str) -> Option<String>,
    ) -> Option<Result<Self, SecretsManagerError>> {
        let setting = |name: &str| setting(name).filter(|value| !value.is_empty());
        let secret_id = setting(SECRET_ID)?;
        Some(Self::for_secret(secret_id, setting))
    }

    fn for_secret(
        secret_id: String,
        setting: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SecretsManagerError> {
        let region =
            setting("AWS_REGION").filter(|region| is_region(region)).ok_or(SecretsManagerError::Setting {
                name: "AWS_REGION",
                expected: "a region such as eu-central-1",
            })?;
        let endpoint = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"]
            .into_iter()
            .find_map(|name| setting(name).map(|endpoint| (name, endpoint)));
        let url = match endpoint {
            None => public_url(&region),
            Some((name, endpoint)) => safe_url(&endpoint).ok_or(SecretsManagerError::Setting {
                name,
                expected: "a URL such as https://secretsmanager.eu-central-1.amazonaws.com without a path, or an http URL on this machine",
            })?,
        };
        let (id, key) = setting("AWS_ACCESS_KEY_ID")
            .zip(setting("AWS_SECRET_ACCESS_KEY"))
            .ok_or(SecretsManagerError::NoCredentials)?;
        let credentials = Credentials::new(id, key, setting("AWS_SESSION_TOKEN"), None, "environment");
        let authorities = match setting("AWS_CA_BUNDLE") {
            None => None,
            Some(path) => Some(certificates(&path).ok_or(SecretsManagerError::Setting {
                name: "AWS_CA_BUNDLE",
                expected: "the path of a PEM file with at least one certificate, all of them valid",
            })?),
        };
        Ok(Self { secret_id, region, url, credentials, authorities })
    }
}

fn is_region(region: &str) -> bool {
    region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns the URL of a region's public endpoint. The endpoint is used if no setting overrides it. Regions of isolated
/// partitions have other domains. For these regions, `template.yaml` sets the endpoint.
fn public_url(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://secretsmanager.{region}.amazonaws.com{suffix}/")
}

/// Returns the URL of an endpoint, or `None` if the endpoint is not safe. An endpoint is safe if it uses `https`, or
/// `http` on this machine. An endpoint with a path, a query or credentials is not safe.
fn safe_url(endpoint: &str) -> Option<String> {
    let uri: Uri = endpoint.parse().ok()?;
    let (scheme, authority, host) = (uri.scheme_str()?, uri.authority()?.as_str(), uri.host()?);
    let is_local =
        host == "localhost" || host == "[::1]" || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    let is_safe = scheme == "https" || (scheme == "http" && is_local);
    let is_origin = uri.path_and_query().is_none_or(|path| path == "/") && !authority.contains('@');
    (is_safe && is_origin).then(|| format!("{scheme}://{authority}/"))
}

/// Reads the certificates in a PEM file. Returns `None` if the file cannot be read, is invalid, or contains no
/// certificate.
fn certificates(path: &str) -> Option<Vec<Certificate<'static>>> {
    let pem = std::fs::read(path).ok()?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.ok()? {
            certificates.push(certificate);
        }
    }
    (!certificates.is_empty()).then_some(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SecretsManager, TimeLimitFactor};

    const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    /// Reads the settings of a function in eu-central-1, with these changes.
    fn read(changes: &[(&str, &str)]) -> Option<Result<Settings, SecretsManagerError>> {
        let defaults = [
            ("HALLPASS_SECRET_ID", "hallpass"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ];
        let find = |name: &str, settings: &[(&str, &str)]| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::read(|name| find(name, changes).or_else(|| find(name, &defaults)))
    }

    fn url(changes: &[(&str, &str)]) -> String {
        read(changes).unwrap().unwrap().url
    }

    fn invalid_setting(changes: &[(&str, &str)]) -> &'static str {
        let Some(Err(SecretsManagerError::Setting { name, .. })) = read(changes) else {
            panic!("{changes:?}")
        };
        name
    }

    #[test]
    fn requires_a_secret_id() {
        assert!(read(&[("HALLPASS_SECRET_ID", "")]).is_none());
        assert!(Settings::read(|_| None).is_none());
    }

    #[test]
    fn derives_the_endpoint_from_the_region() {
        assert_eq!(url(&[]), "https://secretsmanager.eu-central-1.amazonaws.com/");
        assert_eq!(
            url(&[("AWS_REGION", "cn-north-1")]),
            "https://secretsmanager.cn-north-1.amazonaws.com.cn/"
        );
        for region in ["", "a.example", "Frankfurt", "eu central", "a/"] {
            assert_eq!(invalid_setting(&[("AWS_REGION", region)]), "AWS_REGION");
        }
    }

    #[test]
    fn prefers_the_endpoint_of_secrets_manager_to_the_general_endpoint() {
        let general = ("AWS_ENDPOINT_URL", "https://a.example");
        let specific = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://b.example:8443/");
        assert_eq!(url(&[general]), "https://a.example/");
        assert_eq!(url(&[general, specific]), "https://b.example:8443/");
        assert_eq!(invalid_setting(&[general, ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "b")]), specific.0);
    }

    #[test]
    fn accepts_http_only_on_this_machine() {
        for (endpoint, url) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000/"),
            ("http://localhost:5000/", "http://localhost:5000/"),
            ("http://[::1]:5000", "http://[::1]:5000/"),
            ("https://192.0.2.1", "https://192.0.2.1/"),
        ] {
            assert_eq!(safe_url(endpoint).as_deref(), Some(url));
        }
        for endpoint in [
            "http://192.0.2.1",
            "http://localhost.a.example",
            "http://127.0.0.1@192.0.2.1",
            "https://user:password@a.example",
            "https://a.example/path",
            "https://a.example?query",
            "ftp://localhost",
            "localhost:5000",
            "/path",
            "",
        ] {
            assert_eq!(safe_url(endpoint), None, "{endpoint}");
        }
    }

    #[test]
    fn requires_credentials() {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert_eq!(read(&[(name, "")]).unwrap().unwrap_err(), SecretsManagerError::NoCredentials);
        }
    }

    #[test]
    fn rejects_a_bundle_without_certificates() {
        for path in ["/nowhere", "/", file!()] {
            assert_eq!(invalid_setting(&[("AWS_CA_BUNDLE", path)]), "AWS_CA_BUNDLE");
        }
    }

    #[test]
    fn debug_output_contains_no_credentials() {
        let token = ("AWS_SESSION_TOKEN", "FQoGZXIvYXdzEBYaDxWykwOL");
        let settings = read(&[token]).unwrap().unwrap();
        let of_settings = format!("{settings:?}");
        let of_store = format!("{:?}", SecretsManager::new(settings, TimeLimitFactor::default()));
        for debug in [of_settings, of_store] {
            assert!(debug.contains("eu-central-1"));
            assert!(!debug.contains(SECRET_KEY) && !debug.contains(token.1), "{debug}");
        }
    }
}
