//! The IDs in a token: room ID, participant ID and token ID.

use thiserror::Error;

use crate::checked_str::checked_str;
use crate::quote::QuotedChar;

/// A room ID, such as `2kyv-gzay-64pg`: 1 to 256 bytes.
///
/// This crate, not VideoSDK, sets the length limit, so that tokens fit into headers and URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomId<'a>(&'a str);

/// A participant ID, chosen by the app: 1 to 256 bytes.
///
/// VideoSDK's SDKs reject whitespace with the error 4004 `INVALID_PARTICIPANT_ID`. This crate sets the length limit for
/// the same reason as for [`RoomId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParticipantId<'a>(&'a str);

/// A token ID, the claim `jti` (RFC 7519 section 4.1.7): 1 to 256 bytes.
///
/// This crate sets the length limit for the same reason as for [`RoomId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenId<'a>(&'a str);

/// The error for a string that is not a valid ID or API key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum IdError {
    /// The string is empty.
    #[error("must not be empty")]
    Empty,
    /// The string has more than `max` bytes.
    #[error("must have at most {max} bytes, but has {bytes}")]
    TooLong { bytes: usize, max: usize },
    /// The string contains whitespace, a control character, `"` or `\`.
    #[error("contains {}, but must not contain whitespace, control characters, \" or \\", QuotedChar(*.0))]
    Character(char),
}

checked_str!(RoomId, 256, IdError, check, "without whitespace, control characters, `\"` and `\\`");
checked_str!(ParticipantId, 256, IdError, check, "without whitespace, control characters, `\"` and `\\`");
checked_str!(TokenId, 256, IdError, check, "without whitespace, control characters, `\"` and `\\`");

/// Validates an ID or an API key.
///
/// A valid ID needs no escape sequences in JSON, because RFC 8259 section 7 requires escape sequences only for control
/// characters, `"` and `\`.
pub(super) fn check(string: &str, max: usize) -> Result<(), IdError> {
    if string.is_empty() {
        return Err(IdError::Empty);
    }
    if string.len() > max {
        return Err(IdError::TooLong { bytes: string.len(), max });
    }
    let is_forbidden = |&c: &char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\');
    string.chars().find(is_forbidden).map_or(Ok(()), |found| Err(IdError::Character(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_ids_to_256_bytes() {
        let id = "x".repeat(257);
        assert!(RoomId::parse(&id[..256]).is_ok());
        assert_eq!(RoomId::parse(&id), Err(IdError::TooLong { bytes: 257, max: 256 }));
    }

    #[test]
    fn counts_bytes_instead_of_characters() {
        assert_eq!(RoomId::parse(&"é".repeat(129)), Err(IdError::TooLong { bytes: 258, max: 256 }));
    }

    #[test]
    fn rejects_empty_ids() {
        assert_eq!(ParticipantId::parse(""), Err(IdError::Empty));
    }

    #[test]
    fn rejects_whitespace() {
        for c in [' ', '\t', '\n', '\u{a0}', '\u{2028}', '\u{3000}'] {
            let mut string = [0; 4];
            assert_eq!(ParticipantId::parse(c.encode_utf8(&mut string)), Err(IdError::Character(c)));
        }
    }

    #[test]
    fn accepts_non_ascii_ids() {
        assert_eq!(RoomId::parse("教室-é").unwrap().as_str(), "教室-é");
    }

    /// The test covers all characters that RFC 8259 section 7 requires to be escaped.
    #[test]
    fn rejects_characters_that_json_escapes() {
        for c in ('\0'..'\u{20}').chain(['"', '\\']) {
            let mut string = [0; 4];
            assert_eq!(TokenId::parse(c.encode_utf8(&mut string)), Err(IdError::Character(c)));
        }
    }
}
