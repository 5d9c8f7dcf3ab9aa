//! Parsing of 007 tokens.

use alloc::vec::Vec;
use core::fmt;

use crate::agora::credentials::AppId;
use crate::agora::error::ParseError;
use crate::agora::format::Format;
use crate::agora::reader::{Reader, decode_base64};
use crate::agora::service::Service;
use crate::agora::zlib;
use crate::mac::SIGNATURE_LEN;
use crate::{Seconds, UnixSeconds};

/// The default limit for the inflated length: 64 KiB. A typical token has a few hundred bytes. Only a token with a
/// large permission tree comes near the limit.
pub const MAX_PAYLOAD_LEN: usize = 64 * 1024;

/// A parsed 007 token. The signature is not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Untrusted007 {
    pub(super) app_id: AppId,
    pub(super) issued_at: UnixSeconds,
    expires_in: Seconds,
    pub(super) salt: u32,
    pub(super) signature: [u8; SIGNATURE_LEN],
    /// The signed bytes: the decoded payload without the signature.
    pub(super) signing_info: Vec<u8>,
    /// The number of services that could be parsed.
    services: u16,
    /// The distinct names of the services. The names are stored, because parsing the services again would be slow.
    pub(in crate::agora) service_names: Vec<&'static str>,
    remainder: Remainder,
}

/// The signed data after the services that could be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum Remainder {
    /// No data follows the services.
    Empty,
    /// A service of the unknown type `number`. This service and the services after it cannot be parsed, because the
    /// length of this service is unknown. `services` is the number of services that cannot be parsed.
    UnknownService { number: u16, services: u16 },
    /// Bytes after the last service, which no SDK writes. The variant contains the number of these bytes.
    Bytes(usize),
}

impl Untrusted007 {
    /// Parses a token that inflates to at most [`MAX_PAYLOAD_LEN`] bytes.
    ///
    /// # Errors
    /// Returns [`ParseError`] if the string is not a well-formed token, or inflates to more than [`MAX_PAYLOAD_LEN`]
    /// bytes.
    pub fn parse(token: &str) -> Result<Self, ParseError> {
        Self::parse_with_limit(token, MAX_PAYLOAD_LEN)
    }

    /// Parses a token that inflates to at most `max` bytes.
    ///
    /// # Errors
    /// Returns [`ParseError`] if the string is not a well-formed token, or inflates to more than `max` bytes.
    pub fn parse_with_limit(token: &str, max: usize) -> Result<Self, ParseError> {
        let found = Format::detect(token);
        let Some(content) = token.strip_prefix("007").filter(|_| found == Format::V007) else {
            return Err(ParseError::Format { expected: Format::V007, found });
        };
        // Longer Base64 is rejected without decoding, because no encoder produces a stream of this length from `max`
        // bytes.
        if content.len() > max.saturating_mul(2).saturating_add(1024) {
            return Err(ParseError::TooLarge { max });
        }
        Self::read(&zlib::inflate(&decode_base64(content)?, max)?)
    }

    fn read(payload: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader(payload);
        let signature = reader.bytes()?;
        let signature = signature.try_into().map_err(|_| ParseError::SignatureLength(signature.len()))?;
        let signing_info = reader.0.to_vec();

        let app_id = AppId::parse(reader.str()?).map_err(ParseError::AppId)?;
        let (issued_at, expires_in, salt) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let count = reader.u16()?;
        let (mut services, mut service_names) = (0, Vec::new());
        let mut remainder = Remainder::Empty;
        while services < count {
            let mut number = reader;
            let Some(service) = Service::read(&mut reader)? else {
                remainder = Remainder::UnknownService { number: number.u16()?, services: count - services };
                break;
            };
            if !service_names.contains(&service.name()) {
                service_names.push(service.name());
            }
            services += 1;
        }
        if remainder == Remainder::Empty && !reader.0.is_empty() {
            remainder = Remainder::Bytes(reader.0.len());
        }
        Ok(Self {
            app_id,
            issued_at: UnixSeconds(issued_at),
            expires_in: Seconds(expires_in),
            salt,
            signature,
            signing_info,
            services,
            service_names,
            remainder,
        })
    }

    /// Returns the App ID that the token claims.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// Returns the issue time that the token claims.
    #[must_use]
    pub const fn issued_at(&self) -> UnixSeconds {
        self.issued_at
    }

    /// Returns the TTL that the token claims.
    #[must_use]
    pub const fn expires_in(&self) -> Seconds {
        self.expires_in
    }

    /// Returns the expiry: the issue time plus the TTL. The TTL is capped at 24 hours, because Agora rejects older
    /// tokens.
    #[must_use]
    pub fn expires_at(&self) -> UnixSeconds {
        self.issued_at.saturating_add(self.expires_in.min(Seconds::DAY))
    }

    /// Returns the expiry of a privilege with this TTL. If the TTL is 0 or longer than the token's TTL, the privilege
    /// expires with the token.
    #[must_use]
    pub fn privilege_expires_at(&self, ttl: Seconds) -> UnixSeconds {
        match ttl {
            Seconds(0) => self.expires_at(),
            _ => self.issued_at.saturating_add(ttl).min(self.expires_at()),
        }
    }

    /// Returns the salt.
    #[must_use]
    pub const fn salt(&self) -> u32 {
        self.salt
    }

    /// Iterates over the services that could be parsed, in the order in which the token contains them.
    pub fn services(&self) -> impl Iterator<Item = Service<'_>> {
        let mut reader = Reader(self.signing_info.get(super::HEAD_LEN..).unwrap_or_default());
        (0..self.services).map_while(move |_| Service::read(&mut reader).ok().flatten())
    }

    /// Returns the number of services that could be parsed.
    #[must_use]
    pub const fn service_count(&self) -> u16 {
        self.services
    }

    /// Returns the data after the services that could be parsed.
    #[must_use]
    pub const fn remainder(&self) -> Remainder {
        self.remainder
    }
}

impl fmt::Debug for Untrusted007 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Untrusted007")
            .field("app_id", &self.app_id)
            .field("issued_at", &self.issued_at)
            .field("expires_in", &self.expires_in)
            .field("services", &self.services().collect::<Vec<_>>())
            .field("remainder", &self.remainder)
            .finish_non_exhaustive()
    }
}
