//! The account at Agora.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::settings::{ConfigError, SecretName, Secrets};

/// The credentials of the account, as the value of `Authorization` (RFC 7617 section 2). They open the whole account.
pub(crate) struct Customer(Zeroizing<String>);

impl Customer {
    /// Loads customer ID and customer secret.
    ///
    /// # Errors
    /// [`ConfigError`] for the first secret that is missing or malformed.
    pub(crate) fn load(id: &SecretName, secret: &SecretName, secrets: &Secrets) -> Result<Self, ConfigError> {
        let (name, id, secret) = (id, secrets.plain(id)?, secrets.plain(secret)?);
        // The id would end there (RFC 7617 section 2).
        if id.contains(':') {
            let (name, detail) = (name.as_str().to_owned(), ", a customer ID, must not hold a colon".into());
            return Err(ConfigError::Secret { name, detail });
        }
        let pair = Zeroizing::new([id, secret].join(":"));
        let mut value = Zeroizing::new(String::with_capacity(pair.len() * 2 + 16));
        value.push_str("Basic ");
        STANDARD.encode_string(pair.as_bytes(), &mut value);
        Ok(Self(value))
    }

    /// Returns the value of `Authorization`.
    pub(crate) fn authorization(&self) -> &Zeroizing<String> {
        &self.0
    }
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
