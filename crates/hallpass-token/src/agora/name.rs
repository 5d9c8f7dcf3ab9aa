//! Names of channels and users, validated against Agora's rules.

use thiserror::Error;

use crate::checked_str::checked_str;
use crate::quote::QuotedChar;

/// A channel name: 1 to 64 bytes of the 89 characters that Agora allows. `*` is not one of these characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelName<'a>(&'a str);

/// The channel of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel<'a> {
    /// A single channel.
    Named(ChannelName<'a>),
    /// Every channel of the project. The channel field of the token is `*`.
    Any,
}

/// A user account in a channel: 1 to 255 bytes of the 89 characters that Agora allows. The string `0` is an ordinary
/// account, not the wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'a>(&'a str);

/// A user name in Signaling (RTM): 1 to 64 bytes of the 89 characters that Agora allows.
///
/// Source of the limit: Signaling 2.x (`docs.agora.io`, Signaling, "Limitations").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtmUser<'a>(&'a str);

impl RtmUser<'_> {
    /// Any user. The user field of the token is empty, so any Signaling user can log in with the token. Only format 007
    /// supports such tokens.
    pub const ANY: RtmUser<'static> = RtmUser("");
}

/// A user name in Chat: 1 to 64 characters from `a-z`, `0-9`, `_`, `-` and `.`. The UUID of a Chat user is valid too.
///
/// Source of the rule: Chat's user registration (`docs.agora.io`, Chat, "User system registration").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatUser<'a>(&'a str);

/// The error for a string that is not a valid channel name, account or user name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the documentation of the variants describes the fields")]
pub enum NameError {
    /// The string is empty.
    #[error("must not be empty")]
    Empty,
    /// The string has more than `max` bytes.
    #[error("must have at most {max} bytes, but has {bytes}")]
    TooLong { bytes: usize, max: usize },
    /// The string contains a character that is not one of the 89 characters that Agora allows.
    #[error(
        "contains {}; allowed: a-z A-Z 0-9, space and ! # $ % & ( ) + - : ; < = . > ? @ [ ] ^ _ {{ }} | ~ ,", QuotedChar(*.0)
    )]
    Character(char),
    /// The string contains a character that Chat does not allow in user names.
    #[error("contains {}; allowed: a-z 0-9 _ - .", QuotedChar(*.0))]
    ChatCharacter(char),
}

checked_str!(ChannelName, 64, NameError, check_name, "of Agora's 89 characters; `*` is not one of them");
checked_str!(Account, 255, NameError, check_name, "of Agora's 89 characters");
checked_str!(RtmUser, 64, NameError, check_name, "of Agora's 89 characters");
checked_str!(ChatUser, 64, NameError, check_chat_name, "of `a-z`, `0-9`, `_`, `-` and `.`");

impl<'a> Channel<'a> {
    /// Parses a channel name, or `*` for every channel.
    ///
    /// # Errors
    /// Returns [`NameError`] if the name does not consist of 1 to 64 of the 89 characters that Agora allows.
    pub fn parse_or_any(string: &'a str) -> Result<Self, NameError> {
        if string == "*" {
            return Ok(Self::Any);
        }
        ChannelName::parse(string).map(Self::Named)
    }

    /// Returns the channel as a token contains it: the channel name, or `*` for every channel.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Named(name) => name.0,
            Self::Any => "*",
        }
    }
}

impl<'a> From<ChannelName<'a>> for Channel<'a> {
    fn from(name: ChannelName<'a>) -> Self {
        Self::Named(name)
    }
}

fn check_name(string: &str, max: usize) -> Result<(), NameError> {
    check(string, max, is_allowed, NameError::Character)
}

fn check_chat_name(string: &str, max: usize) -> Result<(), NameError> {
    let is_allowed = |c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-' | '.');
    check(string, max, is_allowed, NameError::ChatCharacter)
}

fn check(
    string: &str,
    max: usize,
    is_allowed: fn(char) -> bool,
    error: fn(char) -> NameError,
) -> Result<(), NameError> {
    match string.len() {
        0 => Err(NameError::Empty),
        bytes if bytes > max => Err(NameError::TooLong { bytes, max }),
        _ => string.chars().find(|&c| !is_allowed(c)).map_or(Ok(()), |found| Err(error(found))),
    }
}

/// Returns whether a character is one of the 89 characters that Agora's SDK reference allows (`joinChannel`,
/// `joinChannelWithUserAccount`).
const fn is_allowed(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '"' | '\'' | '*' | '/' | '\\' | '`')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn allows_89_characters() {
        assert_eq!(
            (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|&c| is_allowed(c)).count(),
            89
        );
    }

    #[test]
    fn limits_channels_to_64_bytes() {
        let name = String::from_utf8(alloc::vec![b'x'; 65]).unwrap();
        assert!(Channel::parse_or_any(&name[..64]).is_ok());
        assert_eq!(Channel::parse_or_any(&name), Err(NameError::TooLong { bytes: 65, max: 64 }));
    }

    #[test]
    fn limits_accounts_to_255_bytes() {
        let name = String::from_utf8(alloc::vec![b'x'; 256]).unwrap();
        assert!(Account::parse(&name[..255]).is_ok());
        assert_eq!(Account::parse(&name), Err(NameError::TooLong { bytes: 256, max: 255 }));
    }

    #[test]
    fn accepts_only_a_single_asterisk_as_the_wildcard() {
        assert_eq!(Channel::parse_or_any("*"), Ok(Channel::Any));
        assert_eq!(Channel::parse_or_any("a*"), Err(NameError::Character('*')));
        assert_eq!(Account::parse("*"), Err(NameError::Character('*')));
    }

    #[test]
    fn rejects_empty_names() {
        assert_eq!(Channel::parse_or_any(""), Err(NameError::Empty));
        assert_eq!(Account::parse(""), Err(NameError::Empty));
    }

    #[test]
    fn limits_signaling_users_to_64_bytes() {
        let name = String::from_utf8(alloc::vec![b'x'; 65]).unwrap();
        assert!(RtmUser::parse(&name[..64]).is_ok());
        assert_eq!(RtmUser::parse(&name), Err(NameError::TooLong { bytes: 65, max: 64 }));
    }

    #[test]
    fn rejects_upper_case_in_chat_users() {
        assert!(ChatUser::parse("test.user-1_x").is_ok());
        assert!(ChatUser::parse("3c6b0d7e-5f7f-11ee-8c99-0242ac120002").is_ok());
        assert_eq!(ChatUser::parse("Alice"), Err(NameError::ChatCharacter('A')));
    }

    #[test]
    fn rejects_non_ascii_channels() {
        assert_eq!(Channel::parse_or_any("频道"), Err(NameError::Character('频')));
    }
}
