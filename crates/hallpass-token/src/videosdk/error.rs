//! Errors of parsing a token.

use alloc::boxed::Box;
use core::fmt;

use thiserror::Error;

use crate::mac::SIGNATURE_LEN;
use crate::quote::Quoted;

/// The error for a string that is not a well-formed VideoSDK token. The error contains at most 64 characters of the
/// token's header, and nothing else of the token.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum ParseError {
    /// The token has this number of bytes, which is more than [`MAX_TOKEN_BYTES`].
    #[error("must have at most {MAX_TOKEN_BYTES} bytes, but has {0}")]
    TooLarge(usize),
    /// The token has this number of parts instead of three (RFC 7515 section 3.1).
    #[error("must have three parts separated by dots, but has {0}")]
    Parts(usize),
    /// The part has `=` padding (RFC 7515 section 2).
    #[error("must be base64url without padding, but its {0} contains `=`")]
    Padding(Part),
    /// The part contains `+` or `/`, which belong to the alphabet of standard Base64.
    #[error("must be base64url with `-` and `_`, but its {0} contains `+` or `/`")]
    StandardAlphabet(Part),
    /// The part is not base64url, or its last character has nonzero unused bits (RFC 4648 section 3.5).
    #[error("must be base64url, but its {0} is corrupt or truncated")]
    Base64(Part),
    /// The part is not a JSON object.
    #[error("must have a JSON object as its {0}")]
    Json(Part),
    /// The header specifies this algorithm, such as `none`, instead of HS256. The string is truncated to 64 characters.
    #[error("must have the `alg` HS256 in its header, but has {}", Quoted(.0))]
    Algorithm(Box<str>),
    /// The header specifies this type instead of JWT. The string is truncated to 64 characters.
    #[error("must have the `typ` JWT in its header, but has {}", Quoted(.0))]
    Type(Box<str>),
    /// The header contains `crit`, which names required extensions (RFC 7515 section 4.1.11).
    #[error("must not have `crit` in its header")]
    Critical,
    /// The signature has this number of bytes instead of 32.
    #[error("must have a signature of {SIGNATURE_LEN} bytes, but has one of {0}")]
    SignatureLength(usize),
    /// The field with this name is missing.
    #[error("must have `{0}` (case-sensitive), but does not")]
    Missing(&'static str),
    /// The field with this name occurs more than once.
    #[error("must have `{0}` only once, but has it more than once")]
    Duplicate(&'static str),
    /// The field `name` does not have the `expected` type.
    #[error("must have {expected} as `{name}`, but has another type")]
    WrongType { name: &'static str, expected: &'static str },
}

/// A part of a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first part: the header.
    Header,
    /// The second part: the claims.
    Claims,
    /// The third part: the signature.
    Signature,
}

/// The maximum length of a token: 16 KiB. The longest token that this crate mints is far shorter.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

impl ParseError {
    /// Returns the name of the invalid field, or `None` if the error does not concern a single field.
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
