//! The integers and texts of both formats: little-endian, lengths in 16 bits.

use alloc::vec::Vec;

use super::privilege::{Privileges, Text};

/// Bytes being written.
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// Starts with `reserved` zero bytes, to be filled in at the end, and room for `more`.
    pub(super) fn new(reserved: usize, more: usize) -> Self {
        let mut bytes = Vec::with_capacity(reserved + more);
        bytes.resize(reserved, 0);
        Self(bytes)
    }

    pub(super) fn u16(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: Text<'_>) {
        let text = text.as_str();
        self.u16(text.len() as u16);
        self.raw(text.as_bytes());
    }

    pub(super) fn privileges(&mut self, privileges: Privileges<'_>) {
        let map = privileges.as_slice();
        self.u16(map.len() as u16);
        for &(id, seconds) in map {
            self.u16(id);
            self.u32(seconds);
        }
    }
}
