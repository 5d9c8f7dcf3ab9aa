//! The platform of a Lambda function. A function answers one request at a time, so that no other request waits for a
//! fetch that blocks.

use std::future::ready;
use std::sync::OnceLock;
use std::time::Duration;

use hallpass_service::{
    BoxFuture, CAPTURED_HEADERS, KeyMaterial, OutboundRequest, OutboundResponse, Platform, PublicKey,
    SLEEP_MILLISECONDS, Secrets, SendError, StoreError,
};
use http::Request;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ureq::Agent;

use crate::store::Store;
use crate::time_limits::TimeLimitFactor;

/// The machine of a Lambda function, with a store of secrets.
#[derive(Debug)]
pub struct LambdaPlatform<S> {
    store: S,
    factor: TimeLimitFactor,
    agent: OnceLock<Agent>,
}

impl<S: Store> LambdaPlatform<S> {
    /// Returns this machine with a store, and time limits on other servers that are extended by a factor.
    pub const fn new(store: S, factor: TimeLimitFactor) -> Self {
        Self { store, factor, agent: OnceLock::new() }
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                // A function that was frozen may find a connection dead, and some calls must not be sent twice.
                .max_idle_connections(0);
            config.build().into()
        })
    }

    fn send_now(&self, request: &OutboundRequest) -> Result<OutboundResponse, SendError> {
        let mut to_send = Request::builder().method(&request.method).uri(&request.url);
        for (name, value) in &request.headers {
            to_send = to_send.header(*name, value.as_str());
        }
        // An address and headers that HTTP cannot hold reach nobody.
        let to_send = to_send.body(request.body.as_slice()).map_err(|_| SendError::Unreachable)?;
        let agent = self.agent();
        let limit = self.factor.extend(Duration::from_secs(request.seconds.into()));
        let to_send = agent.configure_request(to_send).timeout_global(Some(limit)).build();
        let mut answer = agent.run(to_send).map_err(fault)?;
        let taken = CAPTURED_HEADERS
            .into_iter()
            .filter_map(|name| Some((name, answer.headers().get(name)?.to_str().ok()?.to_owned())));
        let (status, headers) = (answer.status().as_u16(), taken.collect());
        // The reader fails once it has given out as many bytes, and not only for more.
        let limit = u64::try_from(request.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let body = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(fault)?;
        Ok(OutboundResponse { status, headers, body: body.into() })
    }
}

impl<S: Store> Platform for LambdaPlatform<S> {
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
        Box::pin(ready(self.send_now(request)))
    }

    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool> {
        Box::pin(ready(is_signed(key, message, signature)))
    }

    /// The gateway in front of a function limits.
    fn is_within_limit<'a>(&'a self, _key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool> {
        Box::pin(ready(true))
    }

    fn sleep(&self) -> BoxFuture<'_, ()> {
        std::thread::sleep(Duration::from_millis(SLEEP_MILLISECONDS.into()));
        Box::pin(ready(()))
    }
}

fn is_signed(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let verified = match key.material() {
        KeyMaterial::Rsa { n, e } => {
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        }
        KeyMaterial::P256 { x, y } => {
            // The point, uncompressed (SEC 1 section 2.3.3).
            let point = [&[4], x.as_slice(), y].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
        }
        KeyMaterial::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
    };
    verified.is_ok()
}

fn fault(error: ureq::Error) -> SendError {
    if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
        SendError::TooLarge
    } else if matches!(error, ureq::Error::Timeout(_)) {
        SendError::TimedOut
    } else {
        SendError::Unreachable
    }
}
