//! Errors of reading a token.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;

use crate::mac::SIGNATURE_LEN;
use crate::quote::Quoted;

/// Why a text is no token of VideoSDK. Of the text it holds nothing but a few characters of the header.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum ParseError {
    /// It has this many bytes, which is more than [`MAX_TOKEN_BYTES`].
    #[error("must have at most {MAX_TOKEN_BYTES} bytes, but has {0}")]
    TooLarge(usize),
    /// It has this many parts, and not three (RFC 7515 section 3.1).
    #[error("must have three parts, joined by dots, but has {0}")]
    Parts(usize),
    /// This part is filled up with `=` (RFC 7515 section 2).
    #[error("must be base64url without padding, but its part `{0}` holds `=`")]
    Padding(Part),
    /// This part is written with `+` and `/`, the alphabet of standard Base64.
    #[error("must be base64url with `-` and `_`, but its part `{0}` holds `+` or `/` of Base64")]
    StandardAlphabet(Part),
    /// This part is not base64url, or its last character holds bits that say nothing (RFC 4648 section 3.5).
    #[error("must be base64url, but its part `{0}` is damaged or cut")]
    Base64(Part),
    /// This part is no JSON object.
    #[error("must hold a JSON object in its part `{0}`, but does not")]
    Json(Part),
    /// The header names another algorithm than HS256; `none` is one too. Cut to 64 characters.
    #[error("must have the algorithm HS256 in its header, but has {}", Quoted(.0))]
    Algorithm(Box<str>),
    /// The header names another type than JWT. Cut to 64 characters.
    #[error("must have the type JWT in its header, but has {}", Quoted(.0))]
    Type(Box<str>),
    /// The header asks for extensions in `crit` (RFC 7515 section 4.1.11).
    #[error("must not have `crit` in its header")]
    Critical,
    /// The signature has this many bytes, and not 32.
    #[error("must have a signature of {SIGNATURE_LEN} bytes, but it has {0}")]
    SignatureLength(usize),
    /// This member is missing.
    #[error("must have `{0}`, in lower case, but has none")]
    Missing(&'static str),
    /// This member occurs more than once.
    #[error("must have `{0}` once, but has it more often")]
    Duplicate(&'static str),
    /// The field `name` has another type than the `expected` one.
    #[error("must have {expected} as `{name}`, but has something else")]
    WrongType { name: &'static str, expected: &'static str },
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
