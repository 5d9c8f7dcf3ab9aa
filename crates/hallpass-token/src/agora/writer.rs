//! Encoding of the integers and strings of both formats: little-endian, with 16-bit lengths.

use alloc::vec::Vec;

use super::field_str::FieldStr;
use super::privilege::{PrivilegeTime, Privileges};

/// A buffer to which a token is encoded.
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// Creates a buffer with `reserved` zero bytes, which [`Writer::fill`] overwrites later, and capacity for `more`
    /// bytes.
    pub(super) fn new(reserved: usize, more: usize) -> Self {
        let mut bytes = Vec::with_capacity(reserved + more);
        bytes.resize(reserved, 0);
        Self(bytes)
    }

    pub(super) fn u16(&mut self, number: u16) {
        self.raw(&number.to_le_bytes());
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.raw(&number.to_le_bytes());
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn field_str(&mut self, string: &FieldStr<'_>) {
        let bytes = string.as_bytes();
        self.u16(bytes.len() as u16);
        self.raw(bytes);
    }

    pub(super) fn privileges<T: PrivilegeTime>(&mut self, privileges: &Privileges<'_, T>) {
        self.u16(privileges.len() as u16);
        self.raw(privileges.entries().as_flattened());
    }

    /// Overwrites the bytes from the index `from` with the concatenation of `parts`.
    pub(super) fn fill(&mut self, from: usize, parts: &[&[u8]]) {
        let mut rest = self.0.get_mut(from..).unwrap_or_default();
        for part in parts {
            let Some((slot, after)) = rest.split_at_mut_checked(part.len()) else { return };
            slot.copy_from_slice(part);
            rest = after;
        }
    }
}
