//! The Lambda runtime as the service's platform. The functions of the platform block the thread. Blocking delays no other
//! request, because an instance of the Lambda function handles one request at a time.

use std::future::ready;
use std::sync::OnceLock;
use std::time::Duration;

use hallpass_service::{
    BoxFuture, CAPTURED_HEADERS, KeyMaterial, OutboundRequest, OutboundResponse, Platform, PublicKey,
    SLEEP_MILLISECONDS, Secrets, SendError, SignatureAlgorithm, StoreError,
};
use http::Request;
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use ureq::Agent;

use crate::store::SecretStore;
use crate::time_limits::TimeLimitFactor;

/// The platform of a Lambda function, with a secret store.
#[derive(Debug)]
pub struct LambdaPlatform<S> {
    store: S,
    factor: TimeLimitFactor,
    agent: OnceLock<Agent>,
}

impl<S: SecretStore> LambdaPlatform<S> {
    /// Creates a platform with this secret store. `factor` multiplies every time limit for calls to other servers.
    pub const fn new(store: S, factor: TimeLimitFactor) -> Self {
        Self { store, factor, agent: OnceLock::new() }
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                // Connections are not reused. Lambda freezes the function between requests, so the server could close an
                // idle connection. A call on a closed connection would fail, and some calls must not be sent twice.
                .max_idle_connections(0);
            config.build().into()
        })
    }

    fn send_blocking(&self, request: &OutboundRequest) -> Result<OutboundResponse, SendError> {
        let mut http_request = Request::builder().method(&request.method).uri(&request.url);
        for (name, value) in &request.headers {
            http_request = http_request.header(*name, value.as_str());
        }
        // A request with an invalid URL or header cannot be sent.
        let http_request = http_request.body(request.body.as_slice()).map_err(|_| SendError::Unreachable)?;
        let agent = self.agent();
        let time_limit = self.factor.extend(Duration::from_secs(request.seconds.into()));
        let http_request = agent.configure_request(http_request).timeout_global(Some(time_limit)).build();
        let mut response = agent.run(http_request).map_err(send_error)?;
        let headers = CAPTURED_HEADERS
            .into_iter()
            .filter_map(|name| Some((name, response.headers().get(name)?.to_str().ok()?.to_owned())));
        let (status, headers) = (response.status().as_u16(), headers.collect());
        // The limit is one byte higher, because ureq also rejects a body that reaches the limit.
        let body_limit = u64::try_from(request.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let body = response.body_mut().with_config().limit(body_limit).read_to_vec().map_err(send_error)?;
        Ok(OutboundResponse { status, headers, body: body.into() })
    }
}

impl<S: SecretStore> Platform for LambdaPlatform<S> {
    fn works_after_response(&self) -> bool {
        false
    }

    fn secrets<'a>(&'a self, names: &'a [&'a str]) -> BoxFuture<'a, Result<Secrets, StoreError>> {
        Box::pin(ready(self.store.secrets(names)))
    }

    fn send<'a>(
        &'a self,
        request: &'a OutboundRequest,
    ) -> BoxFuture<'a, Result<OutboundResponse, SendError>> {
        Box::pin(ready(self.send_blocking(request)))
    }

    fn supports(&self, algorithm: SignatureAlgorithm) -> bool {
        parameters(algorithm).is_some()
    }

    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        algorithm: SignatureAlgorithm,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool> {
        Box::pin(ready(verify_signature(key, algorithm, message, signature).is_some()))
    }

    /// Allows every request, because API Gateway limits the rate of requests.
    fn is_within_limit<'a>(&'a self, _key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool> {
        Box::pin(ready(true))
    }

    fn sleep(&self) -> BoxFuture<'_, ()> {
        std::thread::sleep(Duration::from_millis(SLEEP_MILLISECONDS.into()));
        Box::pin(ready(()))
    }
}

/// The parameters with which ring verifies signatures.
enum VerificationParameters {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

/// Verifies a signature. Returns `None` if the signature is invalid, or the algorithm does not fit the key.
fn verify_signature(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Option<()> {
    use VerificationParameters::{Curve, Rsa};
    let verified = match (key.material(), parameters(algorithm)?) {
        (KeyMaterial::Rsa { n, e }, Rsa(parameters)) => {
            RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
        }
        (KeyMaterial::Ec { x, y, .. }, Curve(parameters)) => {
            // The encoding of an uncompressed point (SEC 1, section 2.3.3).
            let point = [&[4], x.as_slice(), y].concat();
            UnparsedPublicKey::new(parameters, point).verify(message, signature)
        }
        (KeyMaterial::Ed25519(key), Curve(parameters)) => {
            UnparsedPublicKey::new(parameters, key).verify(message, signature)
        }
        (KeyMaterial::Rsa { .. }, Curve(_)) | (_, Rsa(_)) => return None,
    };
    verified.ok()
}

/// Returns the parameters of an algorithm; `None` for ES512, because ring does not support the curve P-521.
fn parameters(algorithm: SignatureAlgorithm) -> Option<VerificationParameters> {
    use VerificationParameters::{Curve, Rsa};
    match algorithm {
        SignatureAlgorithm::Rs256 => Some(Rsa(&signature::RSA_PKCS1_2048_8192_SHA256)),
        SignatureAlgorithm::Rs384 => Some(Rsa(&signature::RSA_PKCS1_2048_8192_SHA384)),
        SignatureAlgorithm::Rs512 => Some(Rsa(&signature::RSA_PKCS1_2048_8192_SHA512)),
        SignatureAlgorithm::Ps256 => Some(Rsa(&signature::RSA_PSS_2048_8192_SHA256)),
        SignatureAlgorithm::Ps384 => Some(Rsa(&signature::RSA_PSS_2048_8192_SHA384)),
        SignatureAlgorithm::Ps512 => Some(Rsa(&signature::RSA_PSS_2048_8192_SHA512)),
        SignatureAlgorithm::Es256 => Some(Curve(&signature::ECDSA_P256_SHA256_FIXED)),
        SignatureAlgorithm::Es384 => Some(Curve(&signature::ECDSA_P384_SHA384_FIXED)),
        SignatureAlgorithm::Es512 => None,
        SignatureAlgorithm::Ed25519 => Some(Curve(&signature::ED25519)),
    }
}

fn send_error(error: ureq::Error) -> SendError {
    if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
        SendError::TooLarge
    } else if matches!(error, ureq::Error::Timeout(_)) {
        SendError::TimedOut
    } else {
        SendError::Unreachable
    }
}
