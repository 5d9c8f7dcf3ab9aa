//! Format 007: `007` and Base64 of a zlib stream of a signature and what it signs: project, times, salt, services.
//!
//! Two tokens of the same content may differ as text, since zlib streams may; compare what they inflate to.

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::credentials::{AppCertificate, AppId};
use super::mac::{SIGNATURE_LEN, hmac};
use super::privilege::{Privileges, Text};
use super::writer::Writer;
use super::zlib;
use crate::{Seconds, UnixSeconds};

/// A 007 token before it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Token007<'a> {
    /// The project.
    pub app_id: &'a AppId,
    /// When it is issued.
    pub issued_at: UnixSeconds,
    /// How long it lives.
    pub expires_in: Seconds,
    /// A public random number.
    pub salt: u32,
    /// What it is for.
    pub services: Services<'a>,
}

/// The services of one token: at least one.
#[derive(Clone, Copy, Debug)]
pub struct Services<'a>(&'a [Service<'a>]);

/// One service that a token opens, with its privileges in seconds from the issue of the token.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Service<'a> {
    /// Type 1, voice and video.
    Rtc {
        /// The channel.
        channel: Text<'a>,
        /// The user: decimal digits, an account, or nothing for anybody.
        uid: Text<'a>,
        /// Lengths of the privileges in seconds; 0 for one that ends with the token.
        privileges: Privileges<'a>,
    },
}

/// Bytes of the signature with its length.
const SIGNATURE_FIELD_LEN: usize = 2 + SIGNATURE_LEN;

/// Bytes of an RTC token beside its texts: App ID with length, three numbers, count, type, map of four, two lengths.
const USUAL_LEN: usize = 34 + 12 + 2 + 2 + 26 + 4;

impl<'a> Services<'a> {
    /// A single service.
    #[must_use]
    pub const fn one(service: &'a Service<'a>) -> Self {
        Self(core::slice::from_ref(service))
    }
}

impl Service<'_> {
    /// The number of the service.
    const fn kind(&self) -> u16 {
        match self {
            Self::Rtc { .. } => 1,
        }
    }

    fn texts_len(&self) -> usize {
        match self {
            Self::Rtc { channel, uid, .. } => channel.as_str().len() + uid.as_str().len(),
        }
    }

    fn write(&self, out: &mut Writer) {
        out.u16(self.kind());
        match *self {
            Self::Rtc { channel, uid, privileges } => {
                out.privileges(privileges);
                out.text(channel);
                out.text(uid);
            }
        }
    }
}

impl Token007<'_> {
    /// Signs the token.
    #[must_use]
    pub fn sign(&self, certificate: &AppCertificate) -> String {
        let texts_len: usize = self.services.0.iter().map(Service::texts_len).sum();
        let mut out =
            Writer::new(zlib::HEAD_LEN + SIGNATURE_FIELD_LEN, USUAL_LEN + texts_len + zlib::TAIL_LEN);
        out.text(Text::from_short(self.app_id.as_str()));
        out.u32(self.issued_at.0);
        out.u32(self.expires_in.0);
        out.u32(self.salt);
        out.u16(self.services.0.len() as u16);
        for service in self.services.0 {
            service.write(&mut out);
        }

        let mut bytes = out.0;
        let signing_info = bytes.get(zlib::HEAD_LEN + SIGNATURE_FIELD_LEN..).unwrap_or_default();
        let signature = self.signature(certificate, signing_info);
        let field = (SIGNATURE_LEN as u16).to_le_bytes().into_iter().chain(signature);
        for (slot, byte) in bytes.iter_mut().skip(zlib::HEAD_LEN).zip(field) {
            *slot = byte;
        }

        let stream = zlib::store(bytes);
        let mut token = String::with_capacity(3 + stream.len().div_ceil(3) * 4);
        token.push_str("007");
        STANDARD.encode_string(&stream, &mut token);
        token
    }

    /// Three HMACs. In the first two the number is the key and the secret is the message.
    fn signature(&self, certificate: &AppCertificate, signing_info: &[u8]) -> [u8; SIGNATURE_LEN] {
        let of_time = hmac(&self.issued_at.0.to_le_bytes(), &[certificate.as_bytes()]);
        let of_salt = hmac(&self.salt.to_le_bytes(), &[&*of_time]);
        *hmac(&of_salt, &[signing_info])
    }
}
