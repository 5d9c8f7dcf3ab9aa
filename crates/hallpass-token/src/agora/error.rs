//! Why a token is not read, and why a token that was read is not accepted.

use core::fmt;

use base64::DecodeError;
use thiserror::Error;

use super::credentials::HexError;
use super::format::Format;
use crate::{Seconds, UnixSeconds};

/// Why a text is not a token. It never contains the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum ParseError {
    /// The token does not look like one of the `expected` format.
    #[error(fmt = fmt_format)]
    Format { expected: Format, found: Format },
    /// What follows the version is not Base64 (RFC 4648 section 4).
    #[error("the part after the version must be standard Base64, but {0}")]
    Base64(Base64Error),
    /// The bytes are not a zlib stream (RFC 1950).
    #[error("the Base64 must hold a zlib stream, but {0}")]
    Zlib(ZlibError),
    /// The token is longer than any real one, or contains more than the `max` bytes that are allowed.
    #[error("the token holds more than {max} bytes")]
    TooLarge { max: usize },
    /// The token ends in the middle of a value.
    #[error("the token ends in the middle of a value: part of it is missing")]
    Truncated,
    /// The signature has this many bytes instead of 32.
    #[error("the signature must have 32 bytes, but has {0}")]
    SignatureLength(usize),
    /// The App ID is malformed.
    #[error("the App ID in the token {0}")]
    AppId(HexError),
    /// A string is not UTF-8.
    #[error("a text in the token is not UTF-8")]
    InvalidUtf8,
    /// This many bytes follow after the end of the token.
    #[error("{0} bytes follow after the end of the token")]
    TrailingBytes(usize),
}

/// Why a text is not Base64 as Agora writes it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum Base64Error {
    /// The text contains `-` or `_` of the alphabet for URLs (RFC 4648 section 5) in place of `+` and `/`.
    #[error("it holds - or _ of the URL-safe alphabet in place of + and /")]
    UrlSafe,
    /// The text contains whitespace.
    #[error("it holds blanks or line breaks")]
    Whitespace,
    /// The `=` at the end are missing, or too many.
    #[error("its length or its = at the end are wrong")]
    Padding,
    /// Another character is not Base64. `offset` bytes of Base64 come before it.
    #[error("its character {} is not a Base64 character", .offset + 1)]
    Character { offset: usize },
    /// The last character contains bits that belong to no byte.
    #[error("its last character is none that an encoder writes")]
    LastCharacter,
}

/// Why bytes are not a zlib stream.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ZlibError {
    /// The bytes do not begin with a zlib header.
    #[error("does not begin like one")]
    Header,
    /// The bytes end before the stream does.
    #[error("it is cut off")]
    Truncated,
    /// The stream is damaged.
    #[error("it is damaged")]
    Corrupt,
    /// The checksum at the end does not fit.
    #[error("its checksum does not fit")]
    Checksum,
    /// This many bytes follow after the end of the stream.
    #[error("{0} bytes follow after its end")]
    TrailingBytes(usize),
}

/// Why a token that could be read is not accepted. `now` is the time of the check.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the enum and of the variants describes the fields")]
pub enum VerifyError {
    /// The token is for another App ID.
    #[error("the token is for another App ID")]
    OtherProject,
    /// The token is for another channel (006 only; a 007 token says which).
    #[error("the token is for another channel")]
    OtherChannel,
    /// The token is for another user (006 only; a 007 token says whom).
    #[error("the token is for another user")]
    OtherUser,
    /// None of the certificates made the signature.
    #[error("none of the certificates made the token's signature")]
    BadSignature,
    /// The token is issued more than [`VerifyError::LEEWAY`] in the future.
    #[error("the token is issued {} seconds in the future", .issued_at.0.saturating_sub(.now.0))]
    NotYetValid { issued_at: UnixSeconds, now: UnixSeconds },
    /// The token has expired.
    #[error("the token ended {} seconds ago", .now.0.saturating_sub(.expired_at.0))]
    Expired { expired_at: UnixSeconds, now: UnixSeconds },
}

impl VerifyError {
    /// How far the issue of a token may lie in the future: as far as the clocks of two servers are apart.
    ///
    /// An attacker gains nothing by a longer one, since the time is signed; a shorter one refuses tokens of servers
    /// whose clock is ahead.
    pub const LEEWAY: Seconds = Seconds(60);
}

impl Base64Error {
    pub(super) fn new(text: &str, error: DecodeError) -> Self {
        let has = |wanted: fn(u8) -> bool| text.bytes().any(wanted);
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

/// Writes why a token is not of the expected format.
fn fmt_format(expected: &Format, found: &Format, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if *found == Format::Empty {
        return f.write_str("the token is empty");
    }
    write!(f, "expected {expected}, but this is {found}")
}
