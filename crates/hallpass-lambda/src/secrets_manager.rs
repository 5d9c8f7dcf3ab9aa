//! AWS Secrets Manager, where AWS keeps the secrets of a deployment: one secret, a JSON object by their names.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

mod answer;
mod error;
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

use self::answer::MAX_BYTES;
pub use self::error::SecretsManagerError;
use self::settings::Settings;
use crate::store::Store;
use crate::time_limits::TimeLimitFactor;

/// The longest that [`SecretsManager::get`] takes in production. No caller waits longer than 2 s for a token because of the
/// store.
pub const STORE_TIMEOUT: Duration = Duration::from_millis(STORE_MILLISECONDS as u64);

/// Where AWS keeps the secrets of a deployment.
pub struct SecretsManager {
    agent: Agent,
    /// The time limit in force.
    limit: Duration,
    url: String,
    region: String,
    credentials: Credentials,
    /// The request, which asks for the secret.
    body: String,
}

impl SecretsManager {
    /// Returns the store that these settings name, or `None` if they do not name a secret. The factor extends
    /// [`STORE_TIMEOUT`].
    ///
    /// Read are `HALLPASS_SECRET_ID`, the name or ARN of the secret, and what Lambda or whoever runs the function
    /// sets: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL` and `AWS_CA_BUNDLE`.
    pub fn from_settings(
        setting: impl Fn(&str) -> Option<String>,
        factor: TimeLimitFactor,
    ) -> Option<Result<Self, SecretsManagerError>> {
        Some(Settings::read(setting)?.map(|settings| Self::new(settings, factor)))
    }

    fn new(settings: Settings, factor: TimeLimitFactor) -> Self {
        let limit = factor.extend(STORE_TIMEOUT);
        let Settings { secret_id, region, url, credentials, authorities } = settings;
        // What goes over http stays on this machine.
        let proxy = if url.starts_with("https:") { Proxy::try_from_env() } else { None };
        let roots =
            authorities.map_or(RootCerts::WebPki, |certificates| RootCerts::new_with_certs(&certificates));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Between two calls the function is frozen for longer than AWS keeps a connection.
            .max_idle_connections(0)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(limit));
        let body = serde_json::json!({ "SecretId": secret_id }).to_string();
        Self { agent: config.build().into(), limit, url, region, credentials, body }
    }

    /// Fetches the secret, and gives out those of its members that have one of these names. It is asked for once, and
    /// given up after the time limit in force.
    ///
    /// The values wipe themselves. The buffers in which `ureq`, `rustls` and `serde_json` receive and decode them do not.
    ///
    /// # Errors
    /// Where the secret cannot be had, or a member of these names is no text.
    pub fn get(
        &self,
        names: &[&str],
        now: SystemTime,
    ) -> Result<Vec<(String, Zeroizing<String>)>, SecretsManagerError> {
        let request = self.request(now).ok_or(SecretsManagerError::NoCredentials)?;
        let (head, mut body) = self.agent.run(request).map_err(|error| self.fault(error))?.into_parts();
        let status = head.status.as_u16();
        // The reader fails once it has given out as many bytes, and not only for more.
        let answer = body.with_config().limit(MAX_BYTES + 1).read_to_vec();
        let answer = answer.map_err(|error| self.fault(error))?;
        if status != 200 {
            return answer::refusal(status, &answer).map_or(Ok(Vec::new()), Err);
        }
        answer::secrets(&answer, names)
    }

    fn fault(&self, error: ureq::Error) -> SecretsManagerError {
        if matches!(error, ureq::Error::Timeout(_)) {
            SecretsManagerError::TimedOut { limit: self.limit }
        } else if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
            SecretsManagerError::Malformed("an answer that is too long for a secret")
        } else {
            SecretsManagerError::Unreachable
        }
    }

    /// The signed request; `None` where the credentials hold what no header may.
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

impl Store for SecretsManager {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let secrets = self.get(names, SystemTime::now());
        secrets.map(Secrets::from_store).map_err(|error| StoreError::from(&error))
    }
}

/// Settings that cannot be right are said to whoever wants a secret.
impl Store for Result<SecretsManager, SecretsManagerError> {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        self.as_ref().map_err(StoreError::from)?.secrets(names)
    }
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsManager").field("url", &self.url).finish_non_exhaustive()
    }
}
