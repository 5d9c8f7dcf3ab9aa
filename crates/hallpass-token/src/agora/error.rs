//! Why a token is not read, and why a token that was read is not accepted.

use core::fmt;

use base64::DecodeError;
use thiserror::Error;

use super::credentials::HexError;
use super::format::Format;
use super::reader::ReadError;
use crate::{Seconds, UnixSeconds};

/// Why a text is no token. It never holds the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// It is not of the format that was asked for, but looks like this.
    #[error(fmt = fmt_format)]
    Format {
        /// What was asked for.
        expected: Format,
        /// What it looks like.
        found: Format,
    },
    /// What follows the version is not Base64 (RFC 4648 section 4).
    #[error("the part after the version must be standard Base64, but {0}")]
    Base64(Base64Error),
    /// The bytes are not a zlib stream (RFC 1950).
    #[error("the Base64 must hold a zlib stream, but {0}")]
    Zlib(ZlibError),
    /// It is longer than any token, or holds more bytes than were allowed.
    #[error("the token holds more than {max} bytes")]
    TooLarge {
        /// The most bytes that were allowed.
        max: usize,
    },
    /// It ends in the middle of a value.
    #[error("the token ends in the middle of a value: part of it is missing")]
    CutOff,
    /// Its signature has not 32 bytes, but this many.
    #[error("the signature must have 32 bytes, but has {0}")]
    SignatureLength(usize),
    /// Its App ID is none.
    #[error("the App ID in the token {0}")]
    AppId(HexError),
    /// One of its texts is not UTF-8.
    #[error("a text in the token is not UTF-8")]
    NotUtf8,
    /// This many bytes follow after its end.
    #[error("{0} bytes follow after the end of the token")]
    TrailingBytes(usize),
}

/// Why a text is not Base64 as Agora writes it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Base64Error {
    /// It holds `-` or `_`: the alphabet for URLs (RFC 4648 section 5) in place of `+` and `/`.
    #[error("it holds - or _ of the URL-safe alphabet in place of + and /")]
    UrlSafe,
    /// It holds blanks or line breaks.
    #[error("it holds blanks or line breaks")]
    Whitespace,
    /// Its `=` at the end are missing, or too many.
    #[error("its length or its = at the end are wrong")]
    Padding,
    /// It holds another character that is not Base64, this many bytes behind the version.
    #[error("its character {} is not a Base64 character", .offset + 1)]
    Character {
        /// How many bytes of Base64 come before it.
        offset: usize,
    },
    /// Its last character holds bits that belong to no byte.
    #[error("its last character is none that an encoder writes")]
    LastCharacter,
}

/// Why bytes are no zlib stream.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ZlibError {
    /// They do not begin with the header of one.
    #[error("does not begin like one")]
    Header,
    /// They end before the stream does.
    #[error("it is cut off")]
    CutOff,
    /// The stream is damaged.
    #[error("it is damaged")]
    Damaged,
    /// The checksum at the end does not fit.
    #[error("its checksum does not fit")]
    Checksum,
    /// This many bytes follow after the end of the stream.
    #[error("{0} bytes follow after its end")]
    TrailingBytes(usize),
}

/// Why a token that could be read is not accepted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is for another App ID.
    #[error("the token is for another App ID")]
    OtherProject,
    /// It is for another channel (006 only; a 007 token says which).
    #[error("the token is for another channel")]
    OtherChannel,
    /// It is for another user (006 only; a 007 token says whom).
    #[error("the token is for another user")]
    OtherUser,
    /// None of the certificates made its signature.
    #[error("none of the certificates made the token's signature")]
    BadSignature,
    /// Its issue lies in the future, by more than [`VerifyError::LEEWAY`].
    #[error("the token is issued {} seconds in the future", .issued_at.0.saturating_sub(.now.0))]
    NotYet {
        /// When it is issued.
        issued_at: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// Its life is over.
    #[error("the token ended {} seconds ago", .now.0.saturating_sub(.ended_at.0))]
    Expired {
        /// When its life ended.
        ended_at: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
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

impl From<ReadError> for ParseError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::CutOff => Self::CutOff,
            ReadError::NotUtf8 => Self::NotUtf8,
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
