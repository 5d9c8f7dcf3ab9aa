//! What the service asks of a platform while it answers.

use std::borrow::Cow;

use crate::auth::PublicKey;
use crate::outbound::{Incoming, Outgoing, SendError};
use crate::secrets::Secrets;

/// What a platform does for the service. Every request that needs a caller waits for [`secrets`](Self::secrets) where
/// there are none, or none that are young enough; for the rest of it those that bring credentials, and all where there
/// is a limiter.
pub trait Platform {
    /// Whether work can go on after an answer: a Worker may, a function of Lambda is frozen.
    const WORKS_AFTER_ANSWER: bool;

    /// Reads these secrets out of the platform's store, and leaves those out that it does not have. Given up after
    /// [`STORE_MILLISECONDS`].
    fn secrets(&self, names: &[&str]) -> impl Future<Output = Result<Secrets, StoreError>>;

    /// Sends a request, once, and reads the answer, whatever its status. No redirect is followed.
    fn send(&self, request: &Outgoing) -> impl Future<Output = Result<Incoming, SendError>>;

    /// Whether this key's owner signed this message: with RSASSA-PKCS1-v1_5 and SHA-256, with ECDSA on P-256 and
    /// SHA-256 (a signature of 64 bytes, RFC 7518 section 3.4), or with Ed25519, as the key says.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> impl Future<Output = bool>;

    /// Counts a request against the limit of this key, and says whether it is within. Where there is no limiter, no key
    /// for the request, or the limiter fails, every request is.
    fn is_within_limit(&self, key: impl Fn() -> Option<String>) -> impl Future<Output = bool>;

    /// Waits for about [`PAUSE_MILLISECONDS`], and lets other requests go on.
    fn pause(&self) -> impl Future<Output = ()>;
}

/// How long a platform waits for its store: with the rest of an answer, and on a busy machine, a caller waits for less
/// than 2 s.
pub const STORE_MILLISECONDS: u32 = 1500;
/// How long one [`Platform::pause`] is.
pub const PAUSE_MILLISECONDS: u32 = 50;

/// Why no secrets could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The names of the settings or bindings to look at.
    pub names: Vec<String>,
    /// What was wrong and what would be right, for the log. It holds no part of a secret.
    pub reason: Cow<'static, str>,
    /// Whether the store did not answer at all.
    pub is_timeout: bool,
}
