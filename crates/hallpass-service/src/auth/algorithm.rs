//! The algorithms of JWTs.

use crate::platform::SignatureAlgorithm;

/// The algorithm of a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// A signature with a key that the issuer publishes.
    Published(SignatureAlgorithm),
    /// HMAC with SHA-256 and a secret that the issuer and the service share.
    Hs256,
}

impl Algorithm {
    /// Returns the algorithm with this value of `alg`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        if name == "HS256" {
            return Some(Self::Hs256);
        }
        SignatureAlgorithm::parse(name).map(Self::Published)
    }
}
