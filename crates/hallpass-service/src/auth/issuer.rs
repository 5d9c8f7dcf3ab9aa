//! Identity providers, and the verification of their JWTs.

use hallpass_token::UnixSeconds;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::algorithm::Algorithm;
use super::claims::ClaimConditions;
use super::error::{AuthError, Unauthorized};
use super::issuer_name::IssuerName;
use super::jwt::UntrustedJwt;
use super::key_set::{Context, KeySet};
use crate::platform::{BoxFuture, SignatureAlgorithm};
use crate::settings::SecretName;
use crate::web::headers::AUTHORIZATION;
use crate::web::json::Json;

/// An identity provider, and the conditions on its JWTs.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) name: IssuerName,
    /// The accepted values of the claim `aud`. If `audiences` is empty, `claims` identifies the app.
    pub(super) audiences: Vec<Json<'static>>,
    /// True if the issuer and its key set belong to one app, so that neither `audiences` nor `claims` must identify the app.
    pub(super) identifies_app: bool,
    /// Conditions on claims other than `iss` and `aud`.
    pub(super) claims: ClaimConditions,
    /// The header that contains the JWT, in lower case.
    pub(super) header: String,
    /// The accepted media types in `typ`, in normal form. If `types` is empty, [`DEFAULT_TYPES`] and JWTs without `typ`
    /// are accepted.
    pub(super) types: Vec<String>,
    /// The maximum number of seconds until `exp`.
    pub(super) max_ttl: u32,
    pub(super) keys: KeySource,
}

/// The media types of access tokens and ID tokens. Other JWTs of the same issuer, such as logout tokens, are not
/// credentials (RFC 8725 section 3.11, RFC 9068 section 4).
const DEFAULT_TYPES: [&str; 2] = ["jwt", "at+jwt"];
/// The default maximum of the time until `exp`: 30 days in seconds. An `exp` in milliseconds exceeds any maximum.
pub(super) const DEFAULT_MAX_TTL: u32 = 30 * 24 * 60 * 60;

/// The source of the keys that verify an issuer's JWTs.
#[derive(Debug)]
pub(super) enum KeySource {
    /// The shared secret with this name. Only HS256 uses a shared secret.
    Secret(SecretName),
    /// The keys that the issuer publishes, and the accepted algorithms. The cache of these keys is part of the
    /// configuration, so that a change of the secrets does not clear the cache.
    Published { algorithms: Vec<SignatureAlgorithm>, keys: KeySet },
}

impl Issuer {
    /// Returns an issuer with published keys. The issuer's JWTs are expected in `Authorization`.
    pub(super) fn new(name: IssuerName, audiences: Vec<Json<'static>>, keys: KeySet) -> Self {
        let keys = KeySource::Published { algorithms: SignatureAlgorithm::ALL.to_vec(), keys };
        Self {
            name,
            audiences,
            identifies_app: false,
            claims: Vec::new(),
            header: AUTHORIZATION.to_owned(),
            types: Vec::new(),
            max_ttl: DEFAULT_MAX_TTL,
            keys,
        }
    }

    /// Adds a condition: the accepted values of a claim.
    #[inline(never)]
    pub(super) fn requiring(mut self, claim: &str, accepted: Vec<Json<'static>>) -> Self {
        self.claims.push((claim.to_owned(), accepted));
        self
    }

    /// Verifies a JWT. `hmac_key` is the issuer's HS256 key, or `None` for an issuer with published keys.
    ///
    /// # Errors
    /// Returns [`AuthError`] if the JWT is rejected, or if the issuer's keys cannot be fetched.
    pub(super) async fn verify(
        &self,
        jwt: &UntrustedJwt<'_>,
        hmac_key: Option<&Hmac<Sha256>>,
        context: &Context<'_>,
    ) -> Result<(), AuthError> {
        let algorithm = self.check(jwt, context.now)?;
        let message = jwt.message.as_bytes();
        let is_signed = match (&self.keys, algorithm) {
            (KeySource::Published { keys, .. }, Algorithm::Published(algorithm)) => {
                if !context.platform.supports(algorithm) {
                    return Err(Unauthorized::AlgorithmNotSupported.into());
                }
                // The future that fetches keys is boxed, so that the verification of an HS256 JWT does not reserve
                // memory for this future.
                let claims = self.name.is_multi_tenant().then_some(&jwt.claims);
                let key = keys.key(jwt.key_id.as_deref(), algorithm, claims, context);
                let key: BoxFuture<'_, _> = Box::pin(key);
                context.platform.verify(&*key.await?, algorithm, message, &jwt.signature).await
            }
            _ => hmac_key
                .is_some_and(|key| key.clone().chain_update(message).verify_slice(&jwt.signature).is_ok()),
        };
        if is_signed { Ok(()) } else { Err(Unauthorized::BadSignature.into()) }
    }

    /// Checks the algorithm and the claims of a JWT, and returns the algorithm.
    #[inline(never)]
    fn check(&self, jwt: &UntrustedJwt<'_>, now: UnixSeconds) -> Result<Algorithm, Unauthorized> {
        let algorithm = jwt.algorithm.filter(|algorithm| match (&self.keys, algorithm) {
            (KeySource::Published { algorithms, .. }, Algorithm::Published(algorithm)) => {
                algorithms.contains(algorithm)
            }
            (KeySource::Secret(_), Algorithm::Hs256) => true,
            _ => false,
        });
        let algorithm = algorithm.ok_or(Unauthorized::AlgorithmNotAllowed)?;
        if !self.accepts_type(jwt.media_type.as_deref()) {
            return Err(Unauthorized::WrongType);
        }
        jwt.check_times(now, self.max_ttl)?;
        if !self.audiences.is_empty() && !jwt.claims.matches("aud", &self.audiences) {
            return Err(Unauthorized::WrongAudience);
        }
        if !jwt.claims.satisfy(&self.claims) {
            return Err(Unauthorized::WrongClaims);
        }
        Ok(algorithm)
    }

    fn accepts_type(&self, media_type: Option<&str>) -> bool {
        match media_type {
            None => self.types.is_empty(),
            Some(found) if self.types.is_empty() => DEFAULT_TYPES.contains(&found),
            Some(found) => self.types.iter().any(|accepted| accepted == found),
        }
    }
}

impl KeySource {
    /// Returns the name of the secret; `None` for published keys.
    pub(super) const fn secret_name(&self) -> Option<&SecretName> {
        if let Self::Secret(name) = self { Some(name) } else { None }
    }
}
