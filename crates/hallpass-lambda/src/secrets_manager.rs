//! A client for AWS Secrets Manager. One secret in Secrets Manager contains all secrets of a deployment, as a JSON object
//! of names and values.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

mod error;
mod response;
mod settings;

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use hallpass_service::{STORE_MILLISECONDS, Secrets, StoreError};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};
use zeroize::Zeroizing;

pub use self::error::SecretsManagerError;
use self::response::MAX_BYTES;
use self::settings::Settings;
use crate::store::SecretStore;
use crate::time_limits::TimeLimitFactor;

/// The time limit of [`SecretsManager::get`] in production. With this limit, no caller waits longer than 2 s for a token
/// because of the store.
pub const STORE_TIMEOUT: Duration = Duration::from_millis(STORE_MILLISECONDS as u64);

/// The secret store of a deployment on AWS.
pub struct SecretsManager {
    agent: Agent,
    /// The time limit of a request, after multiplication by the factor.
    limit: Duration,
    url: String,
    region: String,
    credentials: Credentials,
    /// The body of the request.
    body: String,
}

impl SecretsManager {
    /// Creates a store from these settings, or returns `None` if `HALLPASS_SECRET_ID` is not set. `factor` multiplies
    /// [`STORE_TIMEOUT`].
    ///
    /// `HALLPASS_SECRET_ID` is the name or ARN of the secret. The other settings are `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL` and
    /// `AWS_CA_BUNDLE`. Lambda sets the region and the credentials.
    ///
    /// # Errors
    /// Returns an error if a setting is missing or invalid.
    pub fn from_settings(
        setting: impl Fn(&str) -> Option<String>,
        factor: TimeLimitFactor,
    ) -> Option<Result<Self, SecretsManagerError>> {
        Some(Settings::read(setting)?.map(|settings| Self::new(settings, factor)))
    }

    fn new(settings: Settings, factor: TimeLimitFactor) -> Self {
        let limit = factor.extend(STORE_TIMEOUT);
        let Settings { secret_id, region, url, credentials, authorities } = settings;
        // No proxy is used for a URL with `http`, because such a URL refers to this machine.
        let proxy = if url.starts_with("https:") { Proxy::try_from_env() } else { None };
        let roots =
            authorities.map_or(RootCerts::WebPki, |certificates| RootCerts::new_with_certs(&certificates));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Connections are not reused, because Lambda can freeze the function for longer than AWS keeps a connection
            // open.
            .max_idle_connections(0)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(limit));
        let body = serde_json::json!({ "SecretId": secret_id }).to_string();
        Self { agent: config.build().into(), limit, url, region, credentials, body }
    }

    /// Fetches the secret, and returns the fields with these names. Omits the names that the secret does not contain.
    /// Sends one request without retries, and fails when the time limit expires.
    ///
    /// The returned values are zeroized when they are dropped. The buffers in which `ureq`, `rustls` and `serde_json`
    /// receive and decode the values are not zeroized.
    ///
    /// # Errors
    /// Returns an error if the secret cannot be read, or a field with one of these names is not a string.
    pub fn get(
        &self,
        names: &[&str],
        now: SystemTime,
    ) -> Result<Vec<(String, Zeroizing<String>)>, SecretsManagerError> {
        let request = self.request(now).ok_or(SecretsManagerError::NoCredentials)?;
        let response = self.agent.run(request).map_err(|error| self.convert_error(error))?;
        let (head, mut body) = response.into_parts();
        let status = head.status.as_u16();
        // The limit is one byte higher, because ureq also rejects a body that reaches the limit.
        let body = body.with_config().limit(MAX_BYTES + 1).read_to_vec();
        let body = body.map_err(|error| self.convert_error(error))?;
        if status != 200 {
            return response::error(status, &body).map_or(Ok(Vec::new()), Err);
        }
        response::secrets(&body, names)
    }

    fn convert_error(&self, error: ureq::Error) -> SecretsManagerError {
        if matches!(error, ureq::Error::Timeout(_)) {
            SecretsManagerError::TimedOut { limit: self.limit }
        } else if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
            SecretsManagerError::Malformed("a response that is too long for a secret")
        } else {
            SecretsManagerError::Unreachable
        }
    }

    /// Returns the signed request, or `None` if the credentials contain characters that are not valid in a header.
    fn request(&self, now: SystemTime) -> Option<http::Request<&str>> {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "secretsmanager.GetSecretValue"),
        ];
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("secretsmanager")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .ok()?;
        let body = SignableBody::Bytes(self.body.as_bytes());
        let signable = SignableRequest::new("POST", self.url.as_str(), headers.into_iter(), body).ok()?;
        let (signature, _) = sign(signable, &params.into()).ok()?.into_parts();
        let mut request = http::Request::post(&self.url);
        for (name, value) in headers.into_iter().chain(signature.headers()) {
            request = request.header(name, value);
        }
        request.body(self.body.as_str()).ok()
    }
}

impl SecretStore for SecretsManager {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let secrets = self.get(names, SystemTime::now());
        secrets.map(Secrets::from_store).map_err(|error| StoreError::from(&error))
    }
}

/// The result of creating a store. If the settings are invalid, every read returns the error.
impl SecretStore for Result<SecretsManager, SecretsManagerError> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        self.as_ref().map_err(StoreError::from)?.secrets(names)
    }
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsManager").field("url", &self.url).finish_non_exhaustive()
    }
}
