//! One identity provider, and which of its JWTs are accepted.

use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use http::HeaderName;
use sha2::Sha256;

use super::Context;
use super::algorithm::Algorithm;
use super::jwt::UntrustedJwt;
use super::key_set::KeySet;
use super::unauthorized::Unauthorized;
use crate::claims::Claim;
use crate::platform::Platform;
use crate::problem::Problem;

#[derive(Debug)]
pub(super) struct Issuer {
    /// The claim `iss`.
    pub(super) name: String,
    /// One of them must be in `aud`; with none, `claims` say for whom a JWT is.
    pub(super) audiences: Vec<Claim>,
    /// What else a JWT must say.
    pub(super) claims: Vec<(String, Vec<Claim>)>,
    /// The header that the JWT comes in.
    pub(super) header: HeaderName,
    pub(super) keys: Keys,
}

pub(super) enum Keys {
    /// The key of an HMAC, for HS256 and nothing else: a public key never gets here.
    Secret(Hmac<Sha256>),
    /// Those that the issuer publishes, for these algorithms.
    Published { algorithms: Vec<Algorithm>, keys: Arc<KeySet> },
}

impl Issuer {
    /// Everything that can be checked without a key.
    ///
    /// # Errors
    /// [`Unauthorized`]
    pub(super) fn check(
        &self,
        jwt: &UntrustedJwt<'_>,
        context: &Context<'_, impl Platform>,
    ) -> Result<(), Unauthorized> {
        let is_allowed = jwt.algorithm.is_some_and(|algorithm| self.keys.allow(algorithm));
        if !is_allowed {
            return Err(Unauthorized::AlgorithmNotAllowed);
        }
        jwt.check_times(context.now)?;
        if !self.audiences.is_empty() && !jwt.is_for(&self.audiences) {
            return Err(Unauthorized::WrongAudience);
        }
        if !self.claims.iter().all(|(name, wanted)| jwt.has(name, wanted)) {
            return Err(Unauthorized::WrongClaims);
        }
        Ok(())
    }

    /// Whether the issuer signed a JWT that passed [`check`](Self::check).
    ///
    /// # Errors
    /// [`Unauthorized`], and [`Problem::IssuerUnreachable`].
    pub(super) async fn verify(
        &self,
        jwt: &UntrustedJwt<'_>,
        context: &Context<'_, impl Platform>,
    ) -> Result<(), Problem> {
        let message = jwt.message.as_bytes();
        let is_signed = match (&self.keys, jwt.algorithm) {
            (Keys::Secret(key), Some(Algorithm::Hs256)) => {
                key.clone().chain_update(message).verify_slice(&jwt.signature).is_ok()
            }
            (Keys::Published { keys, .. }, Some(algorithm)) if Algorithm::PUBLIC.contains(&algorithm) => {
                let Context { now, platform, journal } = *context;
                let key = keys.key(jwt.key_id.as_deref(), algorithm, now, platform, journal).await?;
                platform.verify(&key, message, &jwt.signature).await
            }
            _ => return Err(Unauthorized::AlgorithmNotAllowed.into()),
        };
        if is_signed { Ok(()) } else { Err(Unauthorized::BadSignature.into()) }
    }
}

impl Keys {
    fn allow(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Secret(_) => algorithm == Algorithm::Hs256,
            Self::Published { algorithms, .. } => algorithms.contains(&algorithm),
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("…"),
            Self::Published { keys, .. } => keys.fmt(f),
        }
    }
}
