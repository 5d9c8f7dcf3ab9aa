//! Format 006: `006`, the App ID, and the Base64 of a signature, two checksums and a message.
//!
//! The message contains the salt, the expiry and the privileges. The signature covers the channel and the user, but the
//! token contains only their CRC-32 checksums.
//!
//! Format 006 has a weakness: nothing separates channel and user in the signed bytes, and the checksums are not signed.
//! Anyone with a token for user `7` in channel `room` can derive a token for any user in channel `room7`. Format 007
//! does not have this weakness.

use alloc::string::String;

use base64::engine::general_purpose::STANDARD;

use super::crc32::crc32;
use super::credentials::{AppCertificate, AppId};
use super::field_str::FieldStr;
use super::name::{Channel, RtmUser};
use super::privilege::Privileges;
use super::user::User;
use super::writer::Writer;
use crate::UnixSeconds;
use crate::base64::push_base64;
use crate::mac::SIGNATURE_LEN;

#[cfg(feature = "inspect")]
mod parse;
#[cfg(feature = "inspect")]
mod verify;

#[cfg(feature = "inspect")]
pub use parse::Untrusted006;
#[cfg(feature = "inspect")]
pub use verify::Verified006;

/// An unsigned 006 token (Formats 1.1 to 1.4).
#[derive(Clone, Copy, Debug)]
pub struct Token006<'a> {
    /// The project's App ID.
    pub app_id: &'a AppId,
    /// The channel and the user that the token signs.
    pub subject: Subject<'a>,
    /// The salt: a random number that the token contains.
    pub salt: u32,
    /// The expiry of the token. All SDKs set the expiry to 24 hours after the issue time.
    pub expires_at: UnixSeconds,
    /// The expiry of each privilege. The IDs 1 to 4 are those of [`super::RtcPrivilege`]. The ID of Signaling login is
    /// 1000.
    pub privileges: Privileges<'a, UnixSeconds>,
}

/// The channel and the user of a 006 token. The signature covers both, but the token does not contain the names
/// (Formats 1.4, 1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The channel. In a Signaling token, this field is the user.
    pub channel: FieldStr<'a>,
    /// The user: a uid in decimal digits, or an account. In a token for any user, and in a Signaling token, this field
    /// is empty.
    pub user: FieldStr<'a>,
}

/// The ID of the privilege to log in to Signaling.
pub(super) const RTM_LOGIN: u16 = 1000;

/// The length of the part before the message: the length of the signature, the signature, two checksums, and the length
/// of the message.
const HEAD_LEN: usize = 2 + SIGNATURE_LEN + 4 + 4 + 2;

impl<'a> Subject<'a> {
    /// Returns the subject for a user in a channel.
    #[must_use]
    pub fn rtc(channel: Channel<'a>, user: User<'a>) -> Self {
        Self { channel: channel.into(), user: user.into() }
    }

    /// Returns the subject for a Signaling user.
    #[must_use]
    pub fn rtm(user: RtmUser<'a>) -> Self {
        Self { channel: user.into(), user: FieldStr::EMPTY }
    }
}

impl Token006<'_> {
    /// Signs the token, and returns the token string. The string has 35 characters, and the Base64 of 54 bytes plus 6
    /// bytes for each privilege.
    #[must_use]
    pub fn sign(&self, certificate: &AppCertificate) -> String {
        let message_len = 10 + 6 * self.privileges.len();
        let mut content = Writer::new(HEAD_LEN, message_len);
        content.u32(self.salt);
        content.u32(self.expires_at.0);
        content.privileges(&self.privileges);

        let app_id = self.app_id.as_str();
        let (channel, user) = (self.subject.channel.as_bytes(), self.subject.user.as_bytes());
        let message = content.0.get(HEAD_LEN..).unwrap_or_default();
        let signature = certificate.key().sign(&[app_id.as_bytes(), channel, user, message]);
        content.fill(
            0,
            &[
                &(SIGNATURE_LEN as u16).to_le_bytes(),
                &signature,
                &crc32(channel).to_le_bytes(),
                &crc32(user).to_le_bytes(),
                &(message_len as u16).to_le_bytes(),
            ],
        );

        let mut token = String::with_capacity(3 + app_id.len() + content.0.len().div_ceil(3) * 4);
        token.push_str("006");
        token.push_str(app_id);
        push_base64(&mut token, &STANDARD, &content.0);
        token
    }
}
