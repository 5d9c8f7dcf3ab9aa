//! What calls to the providers' REST APIs are made with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::config::{RestConfig, RoomsVersion};
use crate::secrets::Secrets;
use crate::setup_error::SetupError;

/// The providers' REST APIs, with the secrets of the account.
#[derive(Debug)]
pub(crate) struct Rest {
    /// Without a slash at the end.
    pub(crate) agora_url: String,
    /// Opens everything of the account, and so is for few: see [`Customer`].
    pub(crate) customer: Option<Customer>,
    /// Without a slash at the end.
    pub(crate) videosdk_url: String,
    pub(crate) videosdk_version: RoomsVersion,
}

/// The account at Agora, as the value of `Authorization` (RFC 7617 section 2).
pub(crate) struct Customer(Zeroizing<String>);

impl Rest {
    /// # Errors
    /// [`SetupError`] for the first secret that is missing or malformed.
    pub(crate) fn load(config: &RestConfig, secrets: &Secrets) -> Result<Self, SetupError> {
        let RestConfig { agora_url, customer, videosdk_url, videosdk_version } = config;
        let customer = match customer {
            None => None,
            Some((id, secret)) => {
                let (name, id, secret) = (id.as_str(), secrets.plain(id)?, secrets.plain(secret)?);
                // It would end there (RFC 7617 section 2).
                if id.contains(':') {
                    return Err(SetupError::SecretColon(name.to_owned()));
                }
                let pair = Zeroizing::new([id, secret].join(":"));
                let mut value = Zeroizing::new(String::with_capacity(pair.len() * 2 + 16));
                value.push_str("Basic ");
                STANDARD.encode_string(pair.as_bytes(), &mut value);
                Some(Customer(value))
            }
        };
        Ok(Self {
            agora_url: agora_url.clone(),
            customer,
            videosdk_url: videosdk_url.clone(),
            videosdk_version: *videosdk_version,
        })
    }
}

impl Customer {
    /// The value of `Authorization`.
    pub(crate) fn authorization(&self) -> &Zeroizing<String> {
        &self.0
    }
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
