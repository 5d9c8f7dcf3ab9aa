//! The port to the platform: what an adapter implements.

mod public_key;

use std::pin::Pin;

pub use self::public_key::{KeyMaterial, PublicKey};
use crate::settings::{Secrets, StoreError};
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// The functions that a platform provides. Each request that needs a caller waits for [`secrets`](Self::secrets) if none
/// are loaded, or if they are too old.
///
/// The futures are boxed, so that everything above a platform is compiled once, and a step that no request reaches costs a
/// cold Worker nothing.
pub trait Platform {
    /// Whether work can continue after a response: on a Worker yes, while a Lambda function is frozen.
    fn works_after_response(&self) -> bool;

    /// Reads these secrets from the platform's store. Secrets that the store does not have are left out. Gives up after
    /// [`STORE_MILLISECONDS`].
    fn secrets<'a>(&'a self, names: &'a [&'a str]) -> BoxFuture<'a, Result<Secrets, StoreError>>;

    /// Sends a request once and reads the response, regardless of its status. Does not follow redirects.
    fn send<'a>(&'a self, request: &'a OutboundRequest)
    -> BoxFuture<'a, Result<OutboundResponse, SendError>>;

    /// Verifies a signature of a message: RSASSA-PKCS1-v1_5 with SHA-256, ECDSA on P-256 with SHA-256 (64 bytes, RFC 7518
    /// section 3.4), or Ed25519, depending on the key.
    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool>;

    /// Counts a request against the limit of this key, and returns whether the request is allowed. Without a limiter or a
    /// key, or if the limiter fails, every request is allowed.
    fn is_within_limit<'a>(&'a self, key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool>;

    /// Waits for about [`SLEEP_MILLISECONDS`], while other requests continue.
    fn sleep(&self) -> BoxFuture<'_, ()>;
}

/// A future that a platform or a handler returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// How long a platform waits for its store. With the rest of a request, on a busy machine, a caller waits less than 2 s.
pub const STORE_MILLISECONDS: u32 = 1500;
/// The duration of one [`Platform::sleep`].
pub const SLEEP_MILLISECONDS: u32 = 50;
