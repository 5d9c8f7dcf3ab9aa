//! An identity provider, and which of its JWTs are accepted.

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::algorithm::Algorithm;
use super::claims::Conditions;
use super::context::Context;
use super::error::AuthError;
use super::hmac_key::HmacKey;
use super::jwt::UntrustedJwt;
use super::key_set::{KeySet, KeySetSource};
use super::unauthorized::Unauthorized;
use crate::platform::Platform;
use crate::settings::SecretName;
use crate::web::json::Json;

/// An identity provider, and what its JWTs must say.
#[derive(Debug)]
pub(super) struct Issuer {
    /// The claim `iss`.
    pub(super) name: String,
    /// `aud` must hold one of these. If there are none, `claims` tell for which app a JWT is.
    pub(super) audiences: Vec<Json<'static>>,
    /// Further claims that a JWT must have.
    pub(super) claims: Conditions,
    /// The header that contains the JWT.
    pub(super) header: HeaderName,
    pub(super) keys: KeySource,
}

/// The keys that verify the JWTs of an issuer.
#[derive(Debug)]
pub(super) enum KeySource {
    /// The secret of this name, for HS256 only.
    Secret(SecretName),
    /// Published keys, for these algorithms. They are part of the configuration, so that a change of secrets does not
    /// discard them.
    Published { algorithms: Vec<Algorithm>, keys: KeySet },
}

impl Issuer {
    /// Returns an issuer with published keys and JWTs in `Authorization`.
    pub(super) fn new(name: String, audiences: Vec<Json<'static>>, source: KeySetSource) -> Self {
        let keys = KeySource::Published { algorithms: Algorithm::PUBLIC.to_vec(), keys: KeySet::new(source) };
        Self { name, audiences, claims: Vec::new(), header: AUTHORIZATION, keys }
    }

    /// Verifies a JWT. `hmac_key` is the key for HS256, if the issuer has one.
    ///
    /// # Errors
    /// [`Unauthorized`], and [`AuthError::IssuerUnreachable`].
    pub(super) async fn verify(
        &self,
        jwt: &UntrustedJwt<'_>,
        hmac_key: Option<&HmacKey>,
        context: &Context<'_, impl Platform>,
    ) -> Result<(), AuthError> {
        let algorithm = jwt.algorithm.filter(|algorithm| self.keys.allow(*algorithm));
        let algorithm = algorithm.ok_or(Unauthorized::AlgorithmNotAllowed)?;
        jwt.check_times(context.now)?;
        if !self.audiences.is_empty() && !jwt.claims.has("aud", &self.audiences) {
            return Err(Unauthorized::WrongAudience.into());
        }
        if !jwt.claims.meet(&self.claims) {
            return Err(Unauthorized::WrongClaims.into());
        }
        let message = jwt.message.as_bytes();
        let is_signed = match &self.keys {
            KeySource::Secret(_) => hmac_key.is_some_and(|key| key.verify(message, &jwt.signature)),
            KeySource::Published { keys, .. } => {
                let key = keys.key(jwt.key_id.as_deref(), algorithm, context).await?;
                context.platform.verify(&key, message, &jwt.signature).await
            }
        };
        if is_signed { Ok(()) } else { Err(Unauthorized::BadSignature.into()) }
    }
}

impl KeySource {
    fn allow(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Secret(_) => algorithm == Algorithm::Hs256,
            Self::Published { algorithms, .. } => algorithms.contains(&algorithm),
        }
    }

    /// Returns the name of the secret, if the keys are not public.
    pub(super) const fn secret_name(&self) -> Option<&SecretName> {
        if let Self::Secret(name) = self { Some(name) } else { None }
    }
}
