//! The trait that a platform adapter implements.

mod public_key;
mod signature_algorithm;

use std::pin::Pin;

pub use self::public_key::{Curve, KeyMaterial, PublicKey};
pub use self::signature_algorithm::SignatureAlgorithm;
use crate::settings::{Secrets, StoreError};
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// The functions that a platform provides.
///
/// Futures are boxed, so that the code that calls a platform is compiled only once. On a cold Worker, V8 compiles only
/// the functions that a request reaches.
pub trait Platform {
    /// Returns whether work can continue after a response. A Worker can continue its work; a Lambda function is frozen.
    fn works_after_response(&self) -> bool;

    /// Reads the secrets with these names from the platform's store. Omits secrets that the store does not contain.
    /// Fails after [`STORE_MILLISECONDS`]. If no secrets are loaded, or if the loaded secrets are too old, a request
    /// that requires authentication waits for this call.
    fn secrets<'a>(&'a self, names: &'a [&'a str]) -> BoxFuture<'a, Result<Secrets, StoreError>>;

    /// Sends a request without retries, and returns the response regardless of its status. Does not follow redirects.
    fn send<'a>(&'a self, request: &'a OutboundRequest)
    -> BoxFuture<'a, Result<OutboundResponse, SendError>>;

    /// Returns whether the platform can verify signatures of this algorithm.
    fn supports(&self, algorithm: SignatureAlgorithm) -> bool;

    /// Verifies the signature of a message. The platform must support the algorithm, and the algorithm must fit the key.
    /// A signature of ECDSA has a fixed length (RFC 7518 section 3.4), and the salt of PSS has the length of the hash
    /// (section 3.5).
    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        algorithm: SignatureAlgorithm,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool>;

    /// Counts a request against the rate limit of this key, and returns whether the request is allowed. If the platform
    /// has no rate limiter, if there is no key, or if the rate limiter fails, the request is allowed.
    fn is_within_limit<'a>(&'a self, key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool>;

    /// Sleeps for about [`SLEEP_MILLISECONDS`] without blocking other requests.
    fn sleep(&self) -> BoxFuture<'_, ()>;
}

/// A boxed future: the return type of platform functions and request handlers.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The timeout of [`Platform::secrets`], in milliseconds. This timeout keeps the duration of a whole request below 2 s
/// on a busy machine.
pub const STORE_MILLISECONDS: u32 = 1500;
/// The duration of one call of [`Platform::sleep`], in milliseconds.
pub const SLEEP_MILLISECONDS: u32 = 50;
