//! Decoding of the integers and strings of both formats from untrusted bytes: the counterpart of [`super::writer`].

use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::{Base64Error, ParseError};
use super::field_str::FieldStr;
use super::privilege::{PrivilegeTime, Privileges};

/// Decodes standard Base64 with padding. Any deviation is an error.
pub(super) fn decode_base64(string: &str) -> Result<Vec<u8>, ParseError> {
    STANDARD.decode(string).map_err(|error| ParseError::Base64(Base64Error::new(string, error)))
}

/// A reader, represented by the bytes that are not read yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn raw(&mut self, len: usize) -> Result<&'a [u8], ParseError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(ParseError::Truncated)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], ParseError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(ParseError::Truncated)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ParseError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ParseError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], ParseError> {
        let len = self.u16()?;
        self.raw(usize::from(len))
    }

    pub(super) fn str(&mut self) -> Result<&'a str, ParseError> {
        core::str::from_utf8(self.bytes()?).map_err(|_| ParseError::InvalidUtf8)
    }

    pub(super) fn field_str(&mut self) -> Result<FieldStr<'a>, ParseError> {
        Ok(FieldStr::new(self.str()?).unwrap_or(FieldStr::EMPTY))
    }

    pub(super) fn privileges<T: PrivilegeTime>(&mut self) -> Result<Privileges<'a, T>, ParseError> {
        let count = self.u16()?;
        let (entries, _) = self.raw(usize::from(count) * 6)?.as_chunks();
        Ok(Privileges::read(entries))
    }
}
