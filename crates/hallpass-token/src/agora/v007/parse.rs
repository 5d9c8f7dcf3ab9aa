//! Reads a 007 token.

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

/// The most bytes that a token may inflate to if nothing else is said: 64 KiB. Real tokens have some hundred; only
/// large permission trees come near.
pub const MAX_PAYLOAD_LEN: usize = 64 * 1024;

/// A 007 token that was read, and that anybody may have made: nothing in it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Untrusted007 {
    pub(super) app_id: AppId,
    pub(super) issued_at: UnixSeconds,
    expires_in: Seconds,
    pub(super) salt: u32,
    pub(super) signature: [u8; SIGNATURE_LEN],
    /// All that is signed.
    pub(super) signing_info: Vec<u8>,
    /// How many services could be read.
    services: u16,
    /// Their names, each once: they are asked for often, and the services take long to read.
    pub(in crate::agora) service_names: Vec<&'static str>,
    remainder: Remainder,
}

/// What follows after the services that could be read. The signature covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum Remainder {
    /// Nothing.
    Empty,
    /// A service of the unknown type `number`. Because its length is unknown, this many `services` cannot be read: this one
    /// and all that follow.
    UnknownService { number: u16, services: u16 },
    /// Bytes behind the last service, which no SDK writes.
    Bytes(usize),
}

impl Untrusted007 {
    /// Reads a token that inflates to at most [`MAX_PAYLOAD_LEN`] bytes.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(token: &str) -> Result<Self, ParseError> {
        Self::parse_with_limit(token, MAX_PAYLOAD_LEN)
    }

    /// Reads a token that inflates to at most `max` bytes.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse_with_limit(token: &str, max: usize) -> Result<Self, ParseError> {
        let found = Format::detect(token);
        let Some(content) = token.strip_prefix("007").filter(|_| found == Format::V007) else {
            return Err(ParseError::Format { expected: Format::V007, found });
        };
        // No encoder makes a stream that is longer than Base64 of twice what it holds.
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

    /// The project that the token says to be for.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// When the token says to be issued.
    #[must_use]
    pub const fn issued_at(&self) -> UnixSeconds {
        self.issued_at
    }

    /// How long the token says to live.
    #[must_use]
    pub const fn expires_in(&self) -> Seconds {
        self.expires_in
    }

    /// When the token ends: at the end of its life, and after 24 hours at the latest, since Agora accepts no other.
    #[must_use]
    pub fn expires_at(&self) -> UnixSeconds {
        self.issued_at.saturating_add(self.expires_in.min(Seconds::DAY))
    }

    /// When a privilege ends that lasts this long: with the token where that is 0 or too long.
    #[must_use]
    pub fn privilege_expires_at(&self, ttl: Seconds) -> UnixSeconds {
        match ttl {
            Seconds(0) => self.expires_at(),
            _ => self.issued_at.saturating_add(ttl).min(self.expires_at()),
        }
    }

    /// The public random number.
    #[must_use]
    pub const fn salt(&self) -> u32 {
        self.salt
    }

    /// The services that could be read, in the order of the token.
    pub fn services(&self) -> impl Iterator<Item = Service<'_>> {
        let mut reader = Reader(self.signing_info.get(super::HEAD_LEN..).unwrap_or_default());
        (0..self.services).map_while(move |_| Service::read(&mut reader).ok().flatten())
    }

    /// How many those are.
    #[must_use]
    pub const fn service_count(&self) -> u16 {
        self.services
    }

    /// What follows after those services.
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
