//! Parsing of 006 tokens.

use alloc::vec::Vec;
use core::fmt;

use super::RTM_LOGIN;
use crate::UnixSeconds;
use crate::agora::credentials::AppId;
use crate::agora::error::ParseError;
use crate::agora::format::Format;
use crate::agora::privilege::{Privileges, RtcPrivilege};
use crate::agora::reader::{Reader, decode_base64};
use crate::mac::SIGNATURE_LEN;

/// A parsed 006 token. The signature is not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Untrusted006 {
    pub(super) app_id: AppId,
    pub(super) signature: [u8; SIGNATURE_LEN],
    pub(super) channel_crc: u32,
    pub(super) user_crc: u32,
    salt: u32,
    expires_at: UnixSeconds,
    /// The signed message, which contains the salt, the expiry and the privileges.
    pub(super) message: Vec<u8>,
}

/// The number of characters before the Base64: three for the version, and 32 for the App ID.
const HEAD_LEN: usize = 35;

/// The maximum length of the decoded Base64: the head, and a message of at most 65,535 bytes.
const MAX_CONTENT_LEN: usize = super::HEAD_LEN + u16::MAX as usize;

/// The offset of the privileges in the message. The salt and the expiry precede the privileges.
const PRIVILEGES_AT: usize = 8;

impl Untrusted006 {
    /// Parses a token.
    ///
    /// # Errors
    /// Returns [`ParseError`] if the string is not a well-formed 006 token.
    pub fn parse(token: &str) -> Result<Self, ParseError> {
        let found = Format::detect(token);
        if found != Format::V006 {
            return Err(ParseError::Format { expected: Format::V006, found });
        }
        let (app_id, content) =
            token.get(3..HEAD_LEN).zip(token.get(HEAD_LEN..)).ok_or(ParseError::Truncated)?;
        let app_id = AppId::parse(app_id).map_err(ParseError::AppId)?;
        if content.len() > MAX_CONTENT_LEN.div_ceil(3) * 4 {
            return Err(ParseError::TooLarge { max: MAX_CONTENT_LEN });
        }
        let content = decode_base64(content)?;

        let mut reader = Reader(&content);
        let signature = reader.bytes()?;
        let signature = signature.try_into().map_err(|_| ParseError::SignatureLength(signature.len()))?;
        let (channel_crc, user_crc) = (reader.u32()?, reader.u32()?);
        let message = reader.bytes()?;
        expect_end(reader)?;

        let mut reader = Reader(message);
        let (salt, expires_at) = (reader.u32()?, UnixSeconds(reader.u32()?));
        reader.privileges::<UnixSeconds>()?;
        expect_end(reader)?;
        Ok(Self { app_id, signature, channel_crc, user_crc, salt, expires_at, message: message.to_vec() })
    }

    /// Returns the App ID that the token claims.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// Returns the CRC-32 checksum of the channel. For a Signaling token, returns the checksum of the user.
    #[must_use]
    pub const fn channel_crc(&self) -> u32 {
        self.channel_crc
    }

    /// Returns the CRC-32 checksum of the user. For a token for any user, and for a valid Signaling token, returns 0.
    #[must_use]
    pub const fn user_crc(&self) -> u32 {
        self.user_crc
    }

    /// Returns the salt.
    #[must_use]
    pub const fn salt(&self) -> u32 {
        self.salt
    }

    /// Returns the expiry that the token claims.
    #[must_use]
    pub const fn expires_at(&self) -> UnixSeconds {
        self.expires_at
    }

    /// Returns the privileges with their expiries. A privilege with the value 0 expires with the token.
    #[must_use]
    pub fn privileges(&self) -> Privileges<'_, UnixSeconds> {
        let mut reader = Reader(self.message.get(PRIVILEGES_AT..).unwrap_or_default());
        reader.privileges().unwrap_or(Privileges::NONE)
    }

    /// Returns the services that the privileges belong to. A token that grants login to Signaling is for `rtm`. A token that
    /// grants joining a channel, and a token without the privilege to log in, is for `rtc`.
    #[must_use]
    pub fn service_names(&self) -> &'static [&'static str] {
        let map = self.privileges();
        match (map.get(RtcPrivilege::Join as u16), map.get(RTM_LOGIN)) {
            (_, None) => &["rtc"],
            (None, Some(_)) => &["rtm"],
            (Some(_), Some(_)) => &["rtc", "rtm"],
        }
    }

    /// Returns whether a privilege belongs to one of the token's services. In a token for both services, each privilege
    /// except the login belongs to `rtc`.
    #[must_use]
    pub fn is_privilege_of(&self, id: u16, service: &str) -> bool {
        self.service_names().len() == 1 || (id == RTM_LOGIN) == (service == "rtm")
    }

    /// Returns the name of a privilege, such as `publish_audio` or `login`. Returns `None` if the ID is not defined.
    #[must_use]
    pub const fn privilege_name(id: u16) -> Option<&'static str> {
        match RtcPrivilege::from_number(id) {
            Some(privilege) => Some(privilege.as_str()),
            None if id == RTM_LOGIN => Some("login"),
            None => None,
        }
    }
}

impl fmt::Debug for Untrusted006 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Untrusted006")
            .field("app_id", &self.app_id)
            .field("expires_at", &self.expires_at())
            .field("privileges", &self.privileges())
            .finish_non_exhaustive()
    }
}

fn expect_end(reader: Reader<'_>) -> Result<(), ParseError> {
    match reader.0.len() {
        0 => Ok(()),
        bytes => Err(ParseError::TrailingBytes(bytes)),
    }
}
