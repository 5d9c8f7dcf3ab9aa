//! The credentials of an Agora project: its public App ID and its secret App Certificate.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use crate::mac::Key;

/// The length of an App ID and of an App Certificate, in bytes.
const LEN: usize = 32;

/// The public ID of an Agora project: a string of 32 hexadecimal characters. The string is not decoded, so case is
/// significant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppId(Box<str>);

/// The secret of an Agora project: a string of 32 hexadecimal characters. The string is not decoded, so case is
/// significant.
///
/// The certificate signs every token of the project. `Debug` prints `…` instead of the certificate. The certificate is
/// wiped on drop, except for data that SHA-256 leaves on the stack.
#[derive(Clone)]
pub struct AppCertificate(Box<Secret>);

#[derive(Clone)]
struct Secret {
    string: [u8; LEN],
    /// The certificate as an HMAC key for format 006. The key is prepared once, not again for each token.
    key: Key,
}

/// The credentials that verify the tokens of one project.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// The project's App ID.
    pub app_id: &'a AppId,
    /// The project's certificates. Agora offers a primary and a secondary certificate for rotation.
    pub certificates: &'a [AppCertificate],
}

/// The error for a string that is not a valid App ID or App Certificate. The error never contains the string.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HexError {
    /// The string has this number of bytes instead of 32.
    #[error("must be 32 hexadecimal characters, but has {0} bytes")]
    Length(usize),
    /// The byte at this zero-based position is not one of `0-9a-fA-F`.
    #[error("must be 32 hexadecimal characters, but character {} is not hexadecimal", .0 + 1)]
    Character(usize),
}

impl AppId {
    /// Parses an App ID as shown in Agora's console.
    ///
    /// # Errors
    /// Returns [`HexError`] if the string does not consist of 32 hexadecimal characters.
    pub fn parse(string: &str) -> Result<Self, HexError> {
        check_hex(string.as_bytes())?;
        Ok(Self(string.into()))
    }

    /// Returns the 32 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AppCertificate {
    /// Parses an App Certificate as shown in Agora's console.
    ///
    /// # Errors
    /// Returns [`HexError`] if the string does not consist of 32 hexadecimal characters.
    pub fn parse(string: &str) -> Result<Self, HexError> {
        let string = Zeroizing::new(check_hex(string.as_bytes())?);
        Ok(Self(Box::new(Secret { string: *string, key: Key::new(&*string) })))
    }

    pub(super) fn as_bytes(&self) -> &[u8; LEN] {
        &self.0.string
    }

    pub(super) fn key(&self) -> &Key {
        &self.0.key
    }
}

/// Wipes the string. The field `key` does not need this step, because [`Key`] wipes its state on drop.
impl Drop for Secret {
    fn drop(&mut self) {
        self.string.zeroize();
    }
}

impl fmt::Debug for AppCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppCertificate(…)")
    }
}

fn check_hex(string: &[u8]) -> Result<[u8; LEN], HexError> {
    let hex = <[u8; LEN]>::try_from(string).map_err(|_| HexError::Length(string.len()))?;
    let other = hex.iter().position(|byte| !byte.is_ascii_hexdigit());
    other.map_or(Ok(hex), |position| Err(HexError::Character(position)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    #[test]
    fn redacts_a_certificate_in_debug_output() {
        let certificate = AppCertificate::parse(CERTIFICATE).unwrap();
        assert_eq!(format!("{certificate:?}"), "AppCertificate(…)");
    }

    #[test]
    fn preserves_case() {
        assert_eq!(AppId::parse(CERTIFICATE).unwrap().as_str(), CERTIFICATE);
    }

    #[test]
    fn rejects_trailing_whitespace() {
        let spaced = "5CFd2fd1755d40ecb72977518be15d3 ";
        assert_eq!(AppId::parse(spaced), Err(HexError::Character(31)));
    }

    #[test]
    fn rejects_lengths_other_than_32() {
        assert_eq!(AppId::parse(&CERTIFICATE[1..]), Err(HexError::Length(31)));
        assert_eq!(AppId::parse(""), Err(HexError::Length(0)));
    }
}
