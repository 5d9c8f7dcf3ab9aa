//! The credentials of a VideoSDK project: its public API key and its secret.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;

use super::id::{self, IdError};
use crate::mac::Key;

/// The public API key of a VideoSDK project, as shown in the dashboard: 1 to 128 bytes.
///
/// Each token contains the API key as the claim `apikey`. This crate, not VideoSDK, sets the length limit, so that
/// tokens fit into headers and URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey(Box<str>);

/// The secret of a VideoSDK project. The bytes of the string are used literally, not decoded from hexadecimal or
/// Base64.
///
/// The secret signs every token of the project. The value contains only the prepared HMAC key. `Debug` prints `…`
/// instead of the key. The key is wiped on drop, except for data that SHA-256 leaves on the stack.
#[derive(Clone)]
pub struct Secret(Key);

/// The credentials that verify the tokens of one project.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// The project's API key.
    pub api_key: &'a ApiKey,
    /// The project's secrets. During a rotation, a project has two secrets.
    pub secrets: &'a [Secret],
}

/// The error for an empty [`Secret`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must not be empty")]
pub struct EmptySecret;

impl ApiKey {
    /// The maximum length of an API key: 128 bytes.
    pub const MAX_BYTES: usize = 128;

    /// Parses an API key as shown in VideoSDK's dashboard.
    ///
    /// # Errors
    /// Returns [`IdError`] if the string is empty or too long, or contains whitespace, a control character, `"` or `\`.
    pub fn parse(string: &str) -> Result<Self, IdError> {
        id::check(string, Self::MAX_BYTES)?;
        Ok(Self(string.into()))
    }

    /// Returns the key as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// Parses a secret as shown in VideoSDK's dashboard. Every byte is significant, including a trailing newline.
    ///
    /// # Errors
    /// Returns [`EmptySecret`] if the string is empty.
    pub fn parse(string: &str) -> Result<Self, EmptySecret> {
        if string.is_empty() { Err(EmptySecret) } else { Ok(Self(Key::new(string.as_bytes()))) }
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
    fn redacts_a_secret_in_debug_output() {
        assert_eq!(format!("{:?}", Secret::parse("hunter2").unwrap()), "Secret(…)");
    }

    #[test]
    fn rejects_an_empty_secret() {
        assert_eq!(Secret::parse("").err(), Some(EmptySecret));
    }

    #[test]
    fn every_byte_of_a_secret_is_significant() {
        let signed = |secret| Secret::parse(secret).unwrap().key().sign(&[b"x"]);
        assert_ne!(signed("hunter2"), signed("hunter2\n"));
    }

    #[test]
    fn limits_api_keys_to_128_bytes() {
        let key = "x".repeat(129);
        assert!(ApiKey::parse(&key[..128]).is_ok());
        assert_eq!(ApiKey::parse(&key), Err(IdError::TooLong { bytes: 129, max: 128 }));
    }

    #[test]
    fn rejects_trailing_whitespace() {
        assert_eq!(ApiKey::parse("key "), Err(IdError::Character(' ')));
    }
}
