//! Format 007: `007` and the Base64 of a zlib stream. The stream contains a signature and the signed data: App ID,
//! issue time, TTL, salt and services.
//!
//! Two tokens with equal content can be different strings, because the same data has several zlib encodings. To compare
//! two tokens, compare the inflated bytes.

use alloc::string::String;
use alloc::vec::Vec;

use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::credentials::{AppCertificate, AppId};
use super::service::Service;
use super::size::SizeError;
use super::writer::Writer;
use super::zlib;
use crate::base64::push_base64;
use crate::mac::{Key, SIGNATURE_LEN};
use crate::{Seconds, UnixSeconds};

#[cfg(feature = "inspect")]
mod parse;
#[cfg(feature = "inspect")]
mod verify;

#[cfg(feature = "inspect")]
pub use parse::{MAX_PAYLOAD_LEN, Remainder, Untrusted007};
#[cfg(feature = "inspect")]
pub use verify::Verified007;

/// An unsigned 007 token (Formats 2.1 to 2.3).
#[derive(Clone, Copy, Debug)]
pub struct Token007<'a> {
    /// The project's App ID.
    pub app_id: &'a AppId,
    /// The issue time.
    pub issued_at: UnixSeconds,
    /// The TTL of the token.
    pub expires_in: Seconds,
    /// The salt: a random number that the token contains.
    pub salt: u32,
    /// The services that the token grants.
    pub services: Services<'a>,
}

/// The services of one token: at least one, in ascending order of type (Formats 2.2).
#[derive(Clone, Copy, Debug)]
pub struct Services<'a>(&'a [Service<'a>]);

/// The length of the signature field: two bytes for the length of the signature, and the signature.
const SIGNATURE_FIELD_LEN: usize = 2 + SIGNATURE_LEN;

/// The length of the part before the services: the length of the App ID, the App ID, three 4-byte numbers, and the
/// number of services.
const HEAD_LEN: usize = 34 + 12 + 2;

impl<'a> Services<'a> {
    /// Wraps a single service.
    #[must_use]
    pub const fn single(service: &'a Service<'a>) -> Self {
        Self(core::slice::from_ref(service))
    }

    /// Sorts services into the order of the official builders: by type. Services of the same type keep their order.
    ///
    /// # Errors
    /// Returns [`SizeError::NoService`] if the slice is empty. Returns [`SizeError::TooManyServices`] if the slice has
    /// more than 65,535 services.
    pub fn new(services: &'a mut [Service<'a>]) -> Result<Self, SizeError> {
        match services.len() {
            0 => Err(SizeError::NoService),
            len if len > usize::from(u16::MAX) => Err(SizeError::TooManyServices),
            _ => {
                if !services.is_sorted_by_key(Service::number) {
                    sort(services);
                }
                Ok(Self(services))
            }
        }
    }

    /// Wraps services that are already sorted.
    pub(super) const fn sorted(services: &'a [Service<'a>]) -> Self {
        Self(services)
    }
}

impl Token007<'_> {
    /// Signs the token, and returns the token string.
    #[must_use]
    pub fn sign(&self, certificate: &AppCertificate) -> String {
        let services = self.services.0;
        let len = HEAD_LEN + services.iter().map(Service::len_hint).sum::<usize>();
        let mut out = Writer::new(zlib::HEAD_LEN + SIGNATURE_FIELD_LEN, len + zlib::TAIL_LEN);
        out.u16(self.app_id.as_str().len() as u16);
        out.raw(self.app_id.as_str().as_bytes());
        out.u32(self.issued_at.0);
        out.u32(self.expires_in.0);
        out.u32(self.salt);
        out.u16(services.len() as u16);
        for service in services {
            service.write(&mut out);
        }

        let signing_info = out.0.get(zlib::HEAD_LEN + SIGNATURE_FIELD_LEN..).unwrap_or_default();
        let signature = sign(certificate, self.issued_at, self.salt, signing_info);
        out.fill(zlib::HEAD_LEN, &[&(SIGNATURE_LEN as u16).to_le_bytes(), &signature]);

        let stream = zlib::store(out.0);
        let mut token = String::with_capacity(3 + stream.len().div_ceil(3) * 4);
        token.push_str("007");
        push_base64(&mut token, &STANDARD, &stream);
        token
    }
}

/// Sorts services by type. Services of the same type keep their order.
///
/// One pass for each of the ten types takes linear time, and adds less code than a sort function of the standard
/// library.
fn sort(services: &mut [Service<'_>]) {
    let with_number = |number| services.iter().filter(move |service| service.number() == number);
    let sorted: Vec<_> = (1..=Service::MAX_NUMBER).flat_map(with_number).copied().collect();
    services.copy_from_slice(&sorted);
}

/// Computes the signature with three HMACs. In the first two HMACs, the key is a public number (the issue time or the
/// salt), and the message is the secret.
fn sign(
    certificate: &AppCertificate,
    issued_at: UnixSeconds,
    salt: u32,
    signing_info: &[u8],
) -> [u8; SIGNATURE_LEN] {
    let time_key = Zeroizing::new(Key::new(&issued_at.0.to_le_bytes()).sign_once(&[certificate.as_bytes()]));
    let salt_key = Zeroizing::new(Key::new(&salt.to_le_bytes()).sign_once(&[&*time_key]));
    Key::new(&*salt_key).sign_once(&[signing_info])
}
