//! Reads what [`super::writer`] writes, out of bytes that anybody may have made.

use super::privilege::{PrivilegeTime, Privileges};
use super::text::Text;

/// The bytes that have not been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

/// Why a value could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadError {
    /// The bytes end before the value does.
    CutOff,
    /// A text is not UTF-8.
    NotUtf8,
}

impl<'a> Reader<'a> {
    pub(super) fn raw(&mut self, len: usize) -> Result<&'a [u8], ReadError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(ReadError::CutOff)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], ReadError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(ReadError::CutOff)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ReadError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn i16(&mut self) -> Result<i16, ReadError> {
        self.array().map(i16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], ReadError> {
        let len = self.u16()?;
        self.raw(usize::from(len))
    }

    pub(super) fn str(&mut self) -> Result<&'a str, ReadError> {
        core::str::from_utf8(self.bytes()?).map_err(|_| ReadError::NotUtf8)
    }

    pub(super) fn text(&mut self) -> Result<Text<'a>, ReadError> {
        Ok(Text::new(self.str()?).unwrap_or(Text::EMPTY))
    }

    pub(super) fn privileges<T: PrivilegeTime>(&mut self) -> Result<Privileges<'a, T>, ReadError> {
        let count = self.u16()?;
        let (entries, _) = self.raw(usize::from(count) * 6)?.as_chunks();
        Ok(Privileges::read(entries))
    }
}
