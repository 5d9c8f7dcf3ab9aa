//! Why a caller could not be authenticated.

use super::unauthorized::Unauthorized;

/// Why a caller could not be authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthError {
    /// The credentials are missing or not accepted.
    Unauthorized(Unauthorized),
    /// The keys to verify a JWT with cannot be fetched.
    IssuerUnreachable,
}

impl From<Unauthorized> for AuthError {
    fn from(unauthorized: Unauthorized) -> Self {
        Self::Unauthorized(unauthorized)
    }
}
