//! Derived uids: the uid of a subject in the channels of an app.

use hallpass_token::agora::{AppId, Uid};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::settings::{ConfigError, SecretName, Secrets};
use crate::web::json::{Invalid, Json};

/// The section `identity` of the configuration.
#[derive(Debug, Default)]
pub(crate) struct IdentityConfig {
    /// The name of the secret with the key of derived uids.
    pub(crate) uid_secret: Option<SecretName>,
}

/// The function that derives uids. With a key, only the deployment and its servers can calculate uids. Without a key,
/// anyone can search for a subject with the uid of another user.
#[derive(Debug)]
pub(crate) struct UidDerivation(Option<Hmac<Sha256>>);

impl IdentityConfig {
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        Ok(Self { uid_secret: section.fields(&["uid_secret"])?.read("uid_secret", SecretName::read)? })
    }

    /// Loads the key.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if the secret is missing or invalid.
    pub(crate) fn load(&self, secrets: &Secrets) -> Result<UidDerivation, ConfigError> {
        Ok(UidDerivation(self.uid_secret.as_ref().map(|name| secrets.hmac_key(name)).transpose()?))
    }
}

impl UidDerivation {
    /// Returns whether the derivation has a key.
    pub(crate) const fn is_keyed(&self) -> bool {
        self.0.is_some()
    }

    /// Derives a uid from a subject: the first four bytes, big-endian, of a hash of the App ID, a zero byte and the subject.
    /// The hash is HMAC-SHA-256 with a key, and SHA-256 without a key. If the four bytes are 0, the uid is 1. The result is
    /// the same on every platform.
    pub(crate) fn derive(&self, app_id: &AppId, subject: &str) -> Uid {
        let parts = [app_id.as_str().as_bytes(), &[0], subject.as_bytes()];
        let hash: [u8; 32] = if let Some(key) = &self.0 {
            let mut mac = key.clone();
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().into()
        } else {
            let mut hash = Sha256::new();
            parts.iter().for_each(|part| hash.update(part));
            hash.finalize().into()
        };
        let [a, b, c, d, ..] = hash;
        Uid::from_bytes([a, b, c, d])
    }
}

#[cfg(test)]
impl UidDerivation {
    /// The derivation of a configuration without a key.
    pub(crate) const UNKEYED: Self = Self(None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    const APP_IDS: [&str; 2] = ["970CA35de60c44645bbae8a215061b33", "0123456789abcdef0123456789ABCDEF"];

    fn keyed(key: &str) -> Result<UidDerivation, ConfigError> {
        let secrets = Secrets::permanent([("UID_KEY".to_owned(), Zeroizing::new(key.to_owned()))]);
        IdentityConfig { uid_secret: Some(SecretName::new("UID_KEY")) }.load(&secrets)
    }

    /// The uids were calculated with OpenSSL:
    /// `printf '%s\0%s' APP_ID SUBJECT | openssl dgst -sha256 -mac HMAC -macopt key:KEY`, and without a key
    /// `printf '%s\0%s' APP_ID SUBJECT | openssl dgst -sha256`. The uid is the number with the first eight digits.
    #[test]
    fn equals_independently_calculated_uids() {
        let (short, long) = ("0123456789abcdef0123456789abcdef", "k".repeat(100));
        for (app_id, subject, uids) in [
            (APP_IDS[0], "alice", [2_606_419_837, 699_054_527, 3_137_601_312]),
            (APP_IDS[1], "alice", [1_076_672_083, 4_200_564_977, 1_758_342_053]),
            (APP_IDS[0], "4711", [2_162_450_017, 1_347_871_034, 2_824_391_945]),
            (APP_IDS[1], "josé@example.com", [3_834_630_448, 2_467_698_371, 3_471_929_868]),
            (APP_IDS[0], "", [3_174_082_690, 245_759_741, 1_804_607_459]),
        ] {
            let derivations = [UidDerivation::UNKEYED, keyed(short).unwrap(), keyed(&long).unwrap()];
            let app_id = AppId::parse(app_id).unwrap();
            assert_eq!(derivations.map(|uids| uids.derive(&app_id, subject).get()), uids, "{subject}");
        }
    }

    #[test]
    fn rejects_a_short_key() {
        let error = keyed("0123456789abcdef0123456789abcde").unwrap_err().to_string();
        assert_eq!(error, "the secret UID_KEY must have at least 32 bytes");
    }
}
