//! Errors of reading a token.

use alloc::boxed::Box;
use core::fmt;

use crate::mac::SIGNATURE_LEN;

/// Why a text is no token of VideoSDK. Of the text it holds nothing but a few characters of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// It has this many bytes, which is more than [`MAX_TOKEN_BYTES`].
    TooLarge(usize),
    /// It has this many parts, and not three (RFC 7515 section 3.1).
    Parts(usize),
    /// This part is filled up with `=` (RFC 7515 section 2).
    Padding(Part),
    /// This part is written with `+` and `/`, the alphabet of standard Base64.
    StandardAlphabet(Part),
    /// This part is not base64url, or its last character holds bits that say nothing (RFC 4648 section 3.5).
    Base64(Part),
    /// This part is no JSON object.
    Json(Part),
    /// The header names another algorithm than HS256; `none` is one too. Cut to 64 characters.
    Algorithm(Box<str>),
    /// The header names another type than JWT. Cut to 64 characters.
    Type(Box<str>),
    /// The header asks for extensions in `crit` (RFC 7515 section 4.1.11).
    Critical,
    /// The signature has this many bytes, and not 32.
    SignatureLength(usize),
    /// This member is missing.
    Missing(&'static str),
    /// This member occurs more than once.
    Duplicate(&'static str),
    /// A member has another type than it must have.
    WrongType {
        /// The member.
        name: &'static str,
        /// The type that it must have, for people.
        expected: &'static str,
    },
}

/// A part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first.
    Header,
    /// The second.
    Claims,
    /// The third.
    Signature,
}

/// The most bytes that a token may have: 16 KiB, far above any that VideoSDK makes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

impl ParseError {
    /// The member that cannot be read.
    pub(super) const fn claim(&self) -> Option<&'static str> {
        if let Self::Missing(name) | Self::Duplicate(name) | Self::WrongType { name, .. } = self {
            Some(name)
        } else {
            None
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => write!(f, "must have at most {MAX_TOKEN_BYTES} bytes, but has {bytes}"),
            Self::Parts(parts) => write!(f, "must have three parts, joined by dots, but has {parts}"),
            Self::Padding(part) => {
                write!(f, "must be base64url without padding, but its part `{part}` holds `=`")
            }
            Self::StandardAlphabet(part) => write!(
                f,
                "must be base64url with `-` and `_`, but its part `{part}` holds `+` or `/` of Base64"
            ),
            Self::Base64(part) => write!(f, "must be base64url, but its part `{part}` is damaged or cut"),
            Self::Json(part) => write!(f, "must hold a JSON object in its part `{part}`, but does not"),
            Self::Algorithm(name) => {
                write!(f, "must have the algorithm HS256 in its header, but has {name:?}")
            }
            Self::Type(name) => write!(f, "must have the type JWT in its header, but has {name:?}"),
            Self::Critical => f.write_str("must not have `crit` in its header"),
            Self::SignatureLength(bytes) => {
                write!(f, "must have a signature of {SIGNATURE_LEN} bytes, but it has {bytes}")
            }
            Self::Missing(name) => write!(f, "must have `{name}`, in lower case, but has none"),
            Self::Duplicate(name) => write!(f, "must have `{name}` once, but has it more often"),
            Self::WrongType { name, expected } => {
                write!(f, "must have {expected} as `{name}`, but has something else")
            }
        }
    }
}

impl core::error::Error for ParseError {}
