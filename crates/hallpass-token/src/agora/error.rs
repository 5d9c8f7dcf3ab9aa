//! Errors of parsing and verifying a token.

use core::fmt;

use base64::DecodeError;
use thiserror::Error;

use super::credentials::HexError;
use super::format::Format;
use crate::{Seconds, UnixSeconds};

/// The error for a string that is not a well-formed token. The error never contains the string.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum ParseError {
    /// The string does not start like a token of the `expected` format, but like a token of the format `found`.
    #[error(fmt = fmt_format)]
    Format { expected: Format, found: Format },
    /// The part that must be Base64 is not standard Base64 (RFC 4648 section 4).
    #[error("the part after the version must be standard Base64, but {0}")]
    Base64(Base64Error),
    /// The decoded bytes are not a zlib stream (RFC 1950).
    #[error("the Base64 must contain a zlib stream, but {0}")]
    Zlib(ZlibError),
    /// The token is too long, or inflates to more than `max` bytes.
    #[error("the token contains more than {max} bytes")]
    TooLarge { max: usize },
    /// The token ends within a field.
    #[error("the token is truncated: it ends within a field")]
    Truncated,
    /// The signature has this number of bytes instead of 32.
    #[error("the signature must have 32 bytes, but has {0}")]
    SignatureLength(usize),
    /// The App ID in the token is malformed.
    #[error("the App ID in the token {0}")]
    AppId(HexError),
    /// A string field is not valid UTF-8.
    #[error("a string field of the token is not valid UTF-8")]
    InvalidUtf8,
    /// Bytes follow the end of the token. The variant contains the number of these bytes.
    #[error("{0} bytes follow the end of the token")]
    TrailingBytes(usize),
}

/// The error for a string that is not strict standard Base64 with padding.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum Base64Error {
    /// The string contains `-` or `_` of the URL-safe alphabet (RFC 4648 section 5) instead of `+` and `/`.
    #[error("it contains - or _ of the URL-safe alphabet instead of + and /")]
    UrlSafe,
    /// The string contains whitespace.
    #[error("it contains spaces or line breaks")]
    Whitespace,
    /// The `=` padding is missing or has the wrong length.
    #[error("its length or its = padding is wrong")]
    Padding,
    /// A character is in neither Base64 alphabet, and is not whitespace. `offset` Base64 characters precede this
    /// character.
    #[error("its character {} is not in the Base64 alphabet", .offset + 1)]
    Character { offset: usize },
    /// The last character has nonzero unused bits: bits that do not belong to any byte.
    #[error("its last character has nonzero unused bits")]
    LastCharacter,
}

/// The error for bytes that are not a zlib stream.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ZlibError {
    /// The bytes do not start with a zlib header.
    #[error("it does not start with a zlib header")]
    Header,
    /// The bytes end before the end of the stream.
    #[error("it is truncated")]
    Truncated,
    /// The stream is corrupt.
    #[error("it is corrupt")]
    Corrupt,
    /// The Adler-32 checksum at the end of the stream does not match the data.
    #[error("its checksum does not match")]
    Checksum,
    /// Bytes follow the end of the stream. The variant contains the number of these bytes.
    #[error("{0} bytes follow its end")]
    TrailingBytes(usize),
}

/// The error for a well-formed token that fails verification. `now` is the time of the check.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the enum and of the variants describes the fields")]
pub enum VerifyError {
    /// The token is for another App ID.
    #[error("the token is for another App ID")]
    OtherProject,
    /// The token is for another channel. Only verification of a 006 token returns this error, because a 007 token
    /// contains its channel.
    #[error("the token is for another channel")]
    OtherChannel,
    /// The token is for another user. Only verification of a 006 token returns this error, because a 007 token contains
    /// its user.
    #[error("the token is for another user")]
    OtherUser,
    /// None of the certificates produced the signature.
    #[error("none of the certificates signed the token")]
    BadSignature,
    /// The token's issue time is more than [`VerifyError::LEEWAY`] in the future.
    #[error("the token's issue time is {} seconds in the future", .issued_at.0.saturating_sub(.now.0))]
    NotYetValid { issued_at: UnixSeconds, now: UnixSeconds },
    /// The token has expired.
    #[error("the token expired {} seconds ago", .now.0.saturating_sub(.expired_at.0))]
    Expired { expired_at: UnixSeconds, now: UnixSeconds },
}

impl VerifyError {
    /// The tolerance for issue times in the future: 60 seconds, because the clocks of two servers can differ.
    ///
    /// A larger tolerance would not help an attacker, because the issue time is signed. A smaller tolerance would
    /// reject tokens from servers whose clock is ahead.
    pub const LEEWAY: Seconds = Seconds(60);
}

impl Base64Error {
    pub(super) fn new(string: &str, error: DecodeError) -> Self {
        let has = |is_match: fn(u8) -> bool| string.bytes().any(is_match);
        if has(|byte| byte.is_ascii_whitespace()) {
            return Self::Whitespace;
        }
        if has(|byte| matches!(byte, b'-' | b'_')) {
            return Self::UrlSafe;
        }
        match error {
            DecodeError::InvalidByte(_, b'=')
            | DecodeError::InvalidLength(_)
            | DecodeError::InvalidPadding => Self::Padding,
            DecodeError::InvalidByte(offset, _) => Self::Character { offset },
            DecodeError::InvalidLastSymbol { .. } => Self::LastCharacter,
        }
    }
}

/// Writes the message of [`ParseError::Format`].
fn fmt_format(expected: &Format, found: &Format, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if *found == Format::Empty {
        return f.write_str("the token is empty");
    }
    write!(f, "expected {expected}, but this is {found}")
}
