//! The two halves of a VideoSDK project: its public key and its secret.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;

use super::id::{self, IdError};
use crate::mac::Key;

/// The public key of a VideoSDK project: 1 to 128 bytes, as the dashboard shows it.
///
/// Each token carries it as the claim `apikey`. The limit is one of this crate, since a token must stay small
/// enough for a header and a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey(Box<str>);

/// The secret of a VideoSDK project: its text as typed, not decoded from hexadecimal or Base64.
///
/// It signs every token of the project. The text itself is not kept, only what HMAC-SHA256 makes of it. It
/// prints as `…`, and this value is wiped when it is dropped. What computing with it left on the stack is not.
#[derive(Clone)]
pub struct Secret(Key);

/// What verifies the tokens of one project.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// Its public key.
    pub api_key: &'a ApiKey,
    /// Its secrets: two while one takes over from the other.
    pub secrets: &'a [Secret],
}

/// Why a text is no [`Secret`]: it is empty.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must not be empty")]
pub struct EmptySecret;

impl ApiKey {
    /// The most bytes that an API key may have.
    pub const MAX_BYTES: usize = 128;

    /// Takes over an API key as VideoSDK's dashboard shows it.
    ///
    /// # Errors
    /// [`IdError`] where it is empty or too long, or holds whitespace, a control character, `"` or `\`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        id::check(text, Self::MAX_BYTES)?;
        Ok(Self(text.into()))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// Takes over a secret as VideoSDK's dashboard shows it. Each byte counts, a newline at the end as well.
    ///
    /// # Errors
    /// [`EmptySecret`] for the empty text.
    pub fn parse(text: &str) -> Result<Self, EmptySecret> {
        if text.is_empty() { Err(EmptySecret) } else { Ok(Self(Key::new(text.as_bytes()))) }
    }

    pub(super) const fn key(&self) -> &Key {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_secret_prints_nothing() {
        assert_eq!(format!("{:?}", Secret::parse("hunter2").unwrap()), "Secret(…)");
    }

    #[test]
    fn an_empty_secret_is_refused() {
        assert_eq!(Secret::parse("").err(), Some(EmptySecret));
    }

    #[test]
    fn each_byte_of_a_secret_counts() {
        let signed = |secret| Secret::parse(secret).unwrap().key().sign(&[b"x"]);
        assert_ne!(signed("hunter2"), signed("hunter2\n"));
    }

    #[test]
    fn an_api_key_has_up_to_128_bytes() {
        let key = "x".repeat(129);
        assert!(ApiKey::parse(&key[..128]).is_ok());
        assert_eq!(ApiKey::parse(&key), Err(IdError::TooLong { bytes: 129, max: 128 }));
    }

    #[test]
    fn a_blank_is_not_skipped() {
        assert_eq!(ApiKey::parse("key "), Err(IdError::Character(' ')));
    }
}
