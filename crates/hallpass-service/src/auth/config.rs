//! Who may call, as far as it needs no secret.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _};
use http::HeaderName;

use super::Auth;
use super::algorithm::Algorithm;
use super::document::Open;
use super::issuer::{Issuer, Keys};
use super::key_set::KeySet;
use super::service_key::ServiceKey;
use crate::caller::Kind;
use crate::claims::Claim;
use crate::config::SecretName;
use crate::secrets::Secrets;
use crate::setup_error::SetupError;

/// Which credentials are accepted, without the secrets to check them with.
#[derive(Debug)]
pub(crate) struct AuthConfig {
    pub(super) open: Option<Open>,
    pub(super) trusts_gateway: bool,
    /// The service keys by name.
    pub(super) keys: Vec<(String, SecretName)>,
    pub(super) issuers: Vec<IssuerConfig>,
    /// Those that credentials come in, each once.
    pub(super) headers: Arc<[HeaderName]>,
}

/// One identity provider; its members are those of [`Issuer`].
#[derive(Clone, Debug)]
pub(super) struct IssuerConfig {
    pub(super) name: String,
    pub(super) audiences: Vec<Claim>,
    pub(super) claims: Vec<(String, Vec<Claim>)>,
    pub(super) header: HeaderName,
    pub(super) keys: KeySource,
}

/// What its JWTs are checked with.
#[derive(Clone, Debug)]
pub(super) enum KeySource {
    /// The secret of this name.
    Secret(SecretName),
    /// Published keys. They are kept here, so that they outlive a change of secrets.
    Published { algorithms: Vec<Algorithm>, keys: Arc<KeySet> },
}

impl AuthConfig {
    /// Whether those may call who bring no credentials.
    pub(crate) const fn open(&self) -> Option<Open> {
        self.open
    }

    /// The headers that credentials come in.
    pub(crate) fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    /// The kinds of callers whom it lets in.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let kinds = [
            (Kind::Anonymous, self.open.is_some()),
            (Kind::User, !self.issuers.is_empty()),
            (Kind::Service, !self.keys.is_empty()),
            (Kind::Gateway, self.trusts_gateway),
        ];
        kinds.into_iter().filter_map(|(kind, may_call)| may_call.then_some(kind)).collect()
    }

    /// The names of the service keys.
    pub(crate) fn key_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| name.as_str())
    }

    /// The secrets that it names.
    pub(crate) fn secret_names(&self) -> impl Iterator<Item = &SecretName> {
        let of_issuers = self.issuers.iter().filter_map(|issuer| match &issuer.keys {
            KeySource::Secret(name) => Some(name),
            KeySource::Published { .. } => None,
        });
        self.keys.iter().map(|(_, secret)| secret).chain(of_issuers)
    }

    /// Adds the secrets.
    ///
    /// # Errors
    /// [`SetupError`] for the first one that is missing or malformed.
    pub(crate) fn load(&self, secrets: &Secrets) -> Result<Auth, SetupError> {
        let keys =
            self.keys.iter().map(|(name, secret)| Ok(ServiceKey::new(name.clone(), secrets.shared(secret)?)));
        let issuers = self.issuers.iter().map(|issuer| issuer.load(secrets));
        Ok(Auth {
            open: self.open,
            trusts_gateway: self.trusts_gateway,
            keys: keys.collect::<Result<_, SetupError>>()?,
            issuers: issuers.collect::<Result<_, SetupError>>()?,
            headers: Arc::clone(&self.headers),
        })
    }
}

impl IssuerConfig {
    fn load(&self, secrets: &Secrets) -> Result<Issuer, SetupError> {
        let Self { name, audiences, claims, header, keys } = self.clone();
        let keys = match keys {
            KeySource::Published { algorithms, keys } => Keys::Published { algorithms, keys },
            KeySource::Secret(name) => match Hmac::new_from_slice(secrets.shared(&name)?.as_bytes()) {
                Ok(key) => Keys::Secret(key),
                // An HMAC takes a key of any length.
                Err(_) => return Err(SetupError::SecretEmpty(name.as_str().to_owned())),
            },
        };
        Ok(Issuer { name, audiences, claims, header, keys })
    }
}
