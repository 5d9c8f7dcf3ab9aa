//! Format 006: `006`, the App ID, and Base64 of a signature, two checksums and a message.
//!
//! The message holds the salt, the end of the token and the privileges. Channel and user are signed but not in the
//! token; only their CRC-32 are.

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::credentials::{AppCertificate, AppId};
use super::mac::{SIGNATURE_LEN, hmac};
use super::privilege::Privileges;
use super::writer::Writer;
use crate::UnixSeconds;

/// An 006 token before it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Token006<'a> {
    /// The project.
    pub app_id: &'a AppId,
    /// The channel; for an RTM token the user account.
    pub channel: &'a str,
    /// The user: decimal digits, an account, or nothing for anybody.
    pub uid: &'a str,
    /// A public random number.
    pub salt: u32,
    /// The end of the token; all SDKs write 24 hours from its issue.
    pub expires_at: UnixSeconds,
    /// The ends of the privileges in Unix seconds; 0 for one that ends with the token.
    pub privileges: Privileges<'a>,
}

/// Bytes before the message: the signature with its length, two checksums, the length of the message.
const HEAD_LEN: usize = 2 + SIGNATURE_LEN + 4 + 4 + 2;

impl Token006<'_> {
    /// Signs the token: 35 characters and the Base64 of 54 bytes and 6 more for each privilege.
    #[must_use]
    pub fn sign(&self, certificate: &AppCertificate) -> String {
        let message_len = 10 + 6 * self.privileges.as_slice().len();
        let mut message = Writer::new(0, message_len);
        message.u32(self.salt);
        message.u32(self.expires_at.0);
        message.privileges(self.privileges);
        let message = message.0;

        let app_id = self.app_id.as_str();
        let signature = hmac(
            certificate.as_bytes(),
            &[app_id.as_bytes(), self.channel.as_bytes(), self.uid.as_bytes(), &message],
        );

        let mut content = Writer::new(0, HEAD_LEN + message.len());
        content.u16(SIGNATURE_LEN as u16);
        content.raw(&*signature);
        content.u32(crc32fast::hash(self.channel.as_bytes()));
        content.u32(crc32fast::hash(self.uid.as_bytes()));
        content.u16(message.len() as u16);
        content.raw(&message);

        let mut token = String::with_capacity(3 + app_id.len() + content.0.len().div_ceil(3) * 4);
        token.push_str("006");
        token.push_str(app_id);
        STANDARD.encode_string(&content.0, &mut token);
        token
    }
}
