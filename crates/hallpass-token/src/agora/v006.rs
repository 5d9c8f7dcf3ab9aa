//! Format 006: `006`, the App ID, and Base64 of a signature, two checksums and a message.
//!
//! The message holds the salt, the end of the token and the privileges. Channel and user are signed but not in the
//! token; only their CRC-32 are. Nothing separates the two in the signed text, and the checksums are not
//! signed: who holds a token for the user `7` of the channel `room` can make one for anybody in the channel `room7`.
//! Format 007 has no such weakness.

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::crc32::crc32;
use super::credentials::{AppCertificate, AppId};
use super::field_str::FieldStr;
use super::name::{Channel, RtmUser};
use super::privilege::Privileges;
use super::user::User;
use super::writer::Writer;
use crate::UnixSeconds;
use crate::mac::SIGNATURE_LEN;

#[cfg(feature = "inspect")]
mod parse;
#[cfg(feature = "inspect")]
mod verify;

#[cfg(feature = "inspect")]
pub use parse::Untrusted006;
#[cfg(feature = "inspect")]
pub use verify::Verified006;

/// An 006 token before it is signed (Formats 1.1 to 1.4).
#[derive(Clone, Copy, Debug)]
pub struct Token006<'a> {
    /// The project.
    pub app_id: &'a AppId,
    /// What the token is for.
    pub subject: Subject<'a>,
    /// A public random number.
    pub salt: u32,
    /// The end of the token; all SDKs write 24 hours from its issue.
    pub expires_at: UnixSeconds,
    /// When the privileges end: 1 to 4 as in [`super::RtcPrivilege`], 1000 for login to Signaling.
    pub privileges: Privileges<'a, UnixSeconds>,
}

/// What an 006 token is for: two texts that it signs and does not hold (Formats 1.4, 1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The channel; for Signaling the user.
    pub channel: FieldStr<'a>,
    /// The user: decimal digits, an account, or nothing for anybody and for Signaling.
    pub user: FieldStr<'a>,
}

/// The privilege to log in to Signaling.
pub(super) const RTM_LOGIN: u16 = 1000;

/// Bytes before the message: the signature with its length, two checksums, the length of the message.
const HEAD_LEN: usize = 2 + SIGNATURE_LEN + 4 + 4 + 2;

impl<'a> Subject<'a> {
    /// A user in a channel.
    #[must_use]
    pub fn rtc(channel: Channel<'a>, user: User<'a>) -> Self {
        Self { channel: channel.into(), user: user.into() }
    }

    /// A user of Signaling.
    #[must_use]
    pub fn rtm(user: RtmUser<'a>) -> Self {
        Self { channel: user.into(), user: FieldStr::EMPTY }
    }
}

impl Token006<'_> {
    /// Signs the token: 35 characters and the Base64 of 54 bytes and 6 more for each privilege.
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
        STANDARD.encode_string(&content.0, &mut token);
        token
    }
}
