//! A string field of a token.

use core::fmt;

use super::name::{Account, Channel, ChannelName, ChatUser, RtmUser};
use super::size::SizeError;
use super::user::{Uid, User};

/// A string field of a token: at most 65,535 bytes. The content is not validated.
#[derive(Clone, Copy)]
pub struct FieldStr<'a>(Repr<'a>);

#[derive(Clone, Copy)]
enum Repr<'a> {
    Borrowed(&'a str),
    Short { bytes: [u8; SHORT_MAX], len: u8 },
}

/// The maximum length of an owned string, in bytes: enough for the digits of a uid, or an MD5 hash in hexadecimal.
const SHORT_MAX: usize = 32;

impl<'a> FieldStr<'a> {
    /// The empty string, which is the user field of a token for any user.
    pub const EMPTY: Self = Self(Repr::Borrowed(""));

    /// The channel field of a token for every channel.
    #[cfg(feature = "inspect")]
    pub(super) const ANY_CHANNEL: Self = Self(Repr::Borrowed("*"));

    /// Wraps a string without validating its content.
    ///
    /// # Errors
    /// Returns [`SizeError::StringTooLong`] if the string has more than 65,535 bytes.
    pub fn new(string: &'a str) -> Result<Self, SizeError> {
        let fits = string.len() <= usize::from(u16::MAX);
        if fits { Ok(Self(Repr::Borrowed(string))) } else { Err(SizeError::StringTooLong(string.len())) }
    }

    /// Returns the string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Borrowed(string) => string,
            Repr::Short { .. } => core::str::from_utf8(self.as_bytes()).unwrap_or_default(),
        }
    }

    /// Returns the UTF-8 bytes of the string.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Borrowed(string) => string.as_bytes(),
            Repr::Short { bytes, len } => bytes.get(..usize::from(*len)).unwrap_or_default(),
        }
    }

    /// Returns an owned field with a copy of a string of at most 32 bytes.
    pub(super) fn short(string: &str) -> Self {
        let mut bytes = [0; SHORT_MAX];
        let mut len = 0;
        for (slot, byte) in bytes.iter_mut().zip(string.bytes()) {
            *slot = byte;
            len += 1;
        }
        Self(Repr::Short { bytes, len })
    }
}

impl From<Uid> for FieldStr<'_> {
    fn from(uid: Uid) -> Self {
        Self::short(itoa::Buffer::new().format(uid.get()))
    }
}

/// Converts the wildcard to the empty string. The account `0` is not the wildcard, so its field is the string `0`.
impl<'a> From<User<'a>> for FieldStr<'a> {
    fn from(user: User<'a>) -> Self {
        match user {
            User::Uid(uid) => uid.into(),
            User::Account(account) => account.into(),
            User::Any => Self::EMPTY,
        }
    }
}

macro_rules! from_name {
    ($($name:ident),*) => {$(
        impl<'a> From<$name<'a>> for FieldStr<'a> {
            fn from(name: $name<'a>) -> Self {
                Self(Repr::Borrowed(name.as_str()))
            }
        }
    )*};
}

from_name!(Account, Channel, ChannelName, ChatUser, RtmUser);

impl PartialEq for FieldStr<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for FieldStr<'_> {}

impl fmt::Debug for FieldStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn distinguishes_account_zero_from_the_wildcard() {
        assert_eq!(FieldStr::from(User::Account(Account::parse("0").unwrap())).as_str(), "0");
        assert_eq!(FieldStr::from(User::from_number_or_any(0)).as_str(), "");
    }

    #[test]
    fn writes_uids_unsigned() {
        assert_eq!(FieldStr::from(User::from_number_or_any(2_882_341_273)).as_str(), "2882341273");
        assert_eq!(FieldStr::from(User::from_number_or_any(u32::MAX)).as_str(), "4294967295");
    }

    #[test]
    fn rejects_lengths_above_16_bits() {
        let long = alloc::string::String::from_utf8(vec![b'x'; 65_536]).unwrap();
        assert_eq!(FieldStr::new(&long), Err(SizeError::StringTooLong(65_536)));
        assert!(FieldStr::new(&long[1..]).is_ok());
    }
}
