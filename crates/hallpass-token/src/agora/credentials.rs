//! The two halves of an Agora project: its public id and its secret.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use crate::mac::Key;

/// Length of an App ID and of an App Certificate, in bytes.
const LEN: usize = 32;

/// The public id of an Agora project: 32 hexadecimal characters, used as text, case kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppId(Box<str>);

/// The secret of an Agora project: 32 hexadecimal characters, used as text, case kept.
///
/// It signs every token of the project. It prints as `…`, and is wiped when it is dropped; what SHA-256 leaves on the
/// stack while it works is not.
#[derive(Clone)]
pub struct AppCertificate(Box<Secret>);

#[derive(Clone)]
struct Secret {
    text: [u8; LEN],
    /// The same as a key, which format 006 signs with: absorbed once instead of for each token.
    key: Key,
}

/// What verifies the tokens of one project.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// Its public id.
    pub app_id: &'a AppId,
    /// Its secrets: Agora gives a project a primary and a secondary one, so that the two can be swapped.
    pub certificates: &'a [AppCertificate],
}

/// Why a text is no App ID or App Certificate. It never holds the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HexError {
    /// It is not 32 bytes long, but this long.
    #[error("must be 32 hexadecimal characters, but has {0} bytes")]
    Length(usize),
    /// The byte at this position, counted from 0, is not one of `0-9a-fA-F`.
    #[error("must be 32 hexadecimal characters, but character {} is none", .0 + 1)]
    Character(usize),
}

impl AppId {
    /// Takes over an App ID as Agora's console shows it.
    ///
    /// # Errors
    /// [`HexError`] for anything but 32 hexadecimal characters.
    pub fn parse(text: &str) -> Result<Self, HexError> {
        check_hex(text.as_bytes())?;
        Ok(Self(text.into()))
    }

    /// The 32 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AppCertificate {
    /// Takes over an App Certificate as Agora's console shows it.
    ///
    /// # Errors
    /// [`HexError`] for anything but 32 hexadecimal characters.
    pub fn parse(text: &str) -> Result<Self, HexError> {
        let text = Zeroizing::new(check_hex(text.as_bytes())?);
        Ok(Self(Box::new(Secret { text: *text, key: Key::new(&*text) })))
    }

    pub(super) fn as_bytes(&self) -> &[u8; LEN] {
        &self.0.text
    }

    pub(super) fn key(&self) -> &Key {
        &self.0.key
    }
}

/// The key wipes itself.
impl Drop for Secret {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for AppCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppCertificate(…)")
    }
}

fn check_hex(text: &[u8]) -> Result<[u8; LEN], HexError> {
    let hex = <[u8; LEN]>::try_from(text).map_err(|_| HexError::Length(text.len()))?;
    let other = hex.iter().position(|byte| !byte.is_ascii_hexdigit());
    other.map_or(Ok(hex), |position| Err(HexError::Character(position)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    #[test]
    fn a_certificate_prints_nothing() {
        let certificate = AppCertificate::parse(CERTIFICATE).unwrap();
        assert_eq!(format!("{certificate:?}"), "AppCertificate(…)");
    }

    #[test]
    fn case_is_kept() {
        assert_eq!(AppId::parse(CERTIFICATE).unwrap().as_str(), CERTIFICATE);
    }

    #[test]
    fn a_blank_is_not_skipped() {
        let spaced = "5CFd2fd1755d40ecb72977518be15d3 ";
        assert_eq!(AppId::parse(spaced), Err(HexError::Character(31)));
    }

    #[test]
    fn a_length_but_32_is_refused() {
        assert_eq!(AppId::parse(&CERTIFICATE[1..]), Err(HexError::Length(31)));
        assert_eq!(AppId::parse(""), Err(HexError::Length(0)));
    }
}
