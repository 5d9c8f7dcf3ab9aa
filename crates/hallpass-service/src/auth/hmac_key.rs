//! Keys of an HMAC, which an issuer and the service share.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::settings::{ConfigError, SecretName, Secrets};

/// A key for HS256.
pub(super) struct HmacKey(Hmac<Sha256>);

impl HmacKey {
    pub(super) fn load(name: &SecretName, secrets: &Secrets) -> Result<Self, ConfigError> {
        secrets.shared(name)?;
        secrets.parse(name, |secret| Hmac::new_from_slice(secret.as_bytes())).map(Self)
    }

    /// Verifies a signature in constant time.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.clone().chain_update(message).verify_slice(signature).is_ok()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
