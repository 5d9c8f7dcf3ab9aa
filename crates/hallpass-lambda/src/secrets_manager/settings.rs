//! The settings of AWS SDKs, as far as one call needs them.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html>

use std::net::Ipv4Addr;

use aws_credential_types::Credentials;
use http::Uri;
use ureq::tls::{Certificate, PemItem, parse_pem};

use super::error::{SECRET_ID, SecretsManagerError};

/// What is needed to ask for a secret.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) secret_id: String,
    pub(super) region: String,
    pub(super) url: String,
    pub(super) credentials: Credentials,
    /// Who may sign the certificate of a server, where these are not the public authorities.
    pub(super) authorities: Option<Vec<Certificate<'static>>>,
}

impl Settings {
    /// `None` where no secret is named.
    pub(super) fn read(
        setting: impl Fn(&str) -> Option<String>,
    ) -> Option<Result<Self, SecretsManagerError>> {
        let setting = |name: &str| setting(name).filter(|text| !text.is_empty());
        let secret_id = setting(SECRET_ID)?;
        Some(Self::of(secret_id, setting))
    }

    fn of(secret_id: String, setting: impl Fn(&str) -> Option<String>) -> Result<Self, SecretsManagerError> {
        let region =
            setting("AWS_REGION").filter(|text| is_region(text)).ok_or(SecretsManagerError::Setting {
                name: "AWS_REGION",
                expected: "a region such as eu-central-1",
            })?;
        let endpoint = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"]
            .into_iter()
            .find_map(|name| setting(name).map(|text| (name, text)));
        let url = match endpoint {
            None => url_of(&region),
            Some((name, text)) => safe_url(&text).ok_or(SecretsManagerError::Setting {
                name,
                expected: "an address such as https://secretsmanager.eu-central-1.amazonaws.com, without a path; http is for this machine alone",
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
                expected: "the path of a PEM file with at least one certificate, and every one of them whole",
            })?),
        };
        Ok(Self { secret_id, region, url, credentials, authorities })
    }
}

fn is_region(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The public endpoint of a region, where no setting gives it. Regions that are cut off from the others have domains of
/// their own: `template.yaml` sets it.
fn url_of(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://secretsmanager.{region}.amazonaws.com{suffix}/")
}

/// The URL of an endpoint to which a secret may be entrusted: `https`, or this machine itself.
fn safe_url(endpoint: &str) -> Option<String> {
    let uri: Uri = endpoint.parse().ok()?;
    let (scheme, authority, host) = (uri.scheme_str()?, uri.authority()?.as_str(), uri.host()?);
    let is_local =
        host == "localhost" || host == "[::1]" || host.parse::<Ipv4Addr>().is_ok_and(|it| it.is_loopback());
    let is_safe = scheme == "https" || (scheme == "http" && is_local);
    let is_plain = uri.path_and_query().is_none_or(|it| it == "/") && !authority.contains('@');
    (is_safe && is_plain).then(|| format!("{scheme}://{authority}/"))
}

/// The certificates in a PEM file; `None` where there are none, or it cannot be read.
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

    /// Those of a function in eu-central-1, with changes to them.
    fn read(changes: &[(&str, &str)]) -> Option<Result<Settings, SecretsManagerError>> {
        let of_function = [
            ("HALLPASS_SECRET_ID", "hallpass"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ];
        let of = |name: &str, all: &[(&str, &str)]| {
            all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::read(|name| of(name, changes).or_else(|| of(name, &of_function)))
    }

    fn url(changes: &[(&str, &str)]) -> String {
        read(changes).unwrap().unwrap().url
    }

    fn wrong(changes: &[(&str, &str)]) -> &'static str {
        let Some(Err(SecretsManagerError::Setting { name, .. })) = read(changes) else {
            panic!("{changes:?}")
        };
        name
    }

    #[test]
    fn without_a_name_there_is_no_store() {
        assert!(read(&[("HALLPASS_SECRET_ID", "")]).is_none());
        assert!(Settings::read(|_| None).is_none());
    }

    #[test]
    fn the_region_leads_to_the_endpoint() {
        assert_eq!(url(&[]), "https://secretsmanager.eu-central-1.amazonaws.com/");
        assert_eq!(
            url(&[("AWS_REGION", "cn-north-1")]),
            "https://secretsmanager.cn-north-1.amazonaws.com.cn/"
        );
        for region in ["", "a.example", "Frankfurt", "eu central", "a/"] {
            assert_eq!(wrong(&[("AWS_REGION", region)]), "AWS_REGION");
        }
    }

    #[test]
    fn the_endpoint_of_the_service_goes_before_that_of_all() {
        let all = ("AWS_ENDPOINT_URL", "https://a.example");
        let own = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://b.example:8443/");
        assert_eq!(url(&[all]), "https://a.example/");
        assert_eq!(url(&[all, own]), "https://b.example:8443/");
        assert_eq!(wrong(&[all, ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "b")]), own.0);
    }

    #[test]
    fn http_is_for_this_machine_alone() {
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
    fn without_credentials_nothing_is_asked() {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert_eq!(read(&[(name, "")]).unwrap().unwrap_err(), SecretsManagerError::NoCredentials);
        }
    }

    #[test]
    fn a_bundle_must_hold_a_certificate() {
        for path in ["/nowhere", "/", file!()] {
            assert_eq!(wrong(&[("AWS_CA_BUNDLE", path)]), "AWS_CA_BUNDLE");
        }
    }

    #[test]
    fn what_is_printed_holds_no_key() {
        let token = ("AWS_SESSION_TOKEN", "FQoGZXIvYXdzEBYaDxWykwOL");
        let settings = read(&[token]).unwrap().unwrap();
        let of_settings = format!("{settings:?}");
        for printed in
            [of_settings, format!("{:?}", SecretsManager::new(settings, TimeLimitFactor::default()))]
        {
            assert!(printed.contains("eu-central-1"));
            assert!(!printed.contains(SECRET_KEY) && !printed.contains(token.1), "{printed}");
        }
    }
}
