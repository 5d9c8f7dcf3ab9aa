//! The trait that a platform adapter implements.

mod public_key;

use std::pin::Pin;

pub use self::public_key::{KeyMaterial, PublicKey};
use crate::settings::{Secrets, StoreError};
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// The functions that a platform provides.
///
/// Futures are boxed, so that the code above a platform is compiled once. On a cold Worker, V8 compiles only the steps that
/// a request reaches.
pub trait Platform {
    /// Returns whether work can continue after a response. A Worker can continue; a Lambda function is frozen.
    fn works_after_response(&self) -> bool;

    /// Reads these secrets from the platform's store, and omits those that the store does not contain. Fails after
    /// [`STORE_MILLISECONDS`]. A request that requires authentication waits for this call if no secrets are loaded, or if
    /// they are too old.
    fn secrets<'a>(&'a self, names: &'a [&'a str]) -> BoxFuture<'a, Result<Secrets, StoreError>>;

    /// Sends a request once and reads the response, whatever its status. Does not follow redirects.
    fn send<'a>(&'a self, request: &'a OutboundRequest)
    -> BoxFuture<'a, Result<OutboundResponse, SendError>>;

    /// Verifies the signature of a message. The key determines the algorithm: RSASSA-PKCS1-v1_5 with SHA-256, ECDSA on P-256
    /// with SHA-256 (64 bytes, RFC 7518 section 3.4), or Ed25519.
    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool>;

    /// Counts a request against the rate limit of this key, and returns whether the request is allowed. If there is no
    /// limiter or key, or if the limiter fails, every request is allowed.
    fn is_within_limit<'a>(&'a self, key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool>;

    /// Sleeps for about [`SLEEP_MILLISECONDS`] without blocking other requests.
    fn sleep(&self) -> BoxFuture<'_, ()>;
}

/// A boxed future, which a platform or a handler returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The timeout of [`Platform::secrets`]. The limit keeps a whole request below 2 s on a busy machine.
pub const STORE_MILLISECONDS: u32 = 1500;
/// The duration of one [`Platform::sleep`].
pub const SLEEP_MILLISECONDS: u32 = 50;
