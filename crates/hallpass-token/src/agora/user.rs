//! The user of a token.

use core::num::NonZeroU32;

use thiserror::Error;

use super::name::Account;

/// The numeric user ID in a channel: 1 to 4,294,967,295. The wildcard 0 is not a `Uid`; use [`User::Any`] instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uid(NonZeroU32);

/// The user for whom a channel token is valid (Formats 1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User<'a> {
    /// The user with this uid.
    Uid(Uid),
    /// The user with this account.
    Account(Account<'a>),
    /// Any user. Agora's builders use the uid 0 for this case.
    Any,
}

/// The error for a string that is not a valid [`Uid`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum UidError {
    /// The string is empty or contains a character other than the digits 0 to 9.
    #[error("must be a number from 1 to 4294967295 in decimal digits")]
    NotDigits,
    /// The string has a leading zero. Agora compares uids as strings, so a token for `007` does not match uid 7.
    #[error("must not have leading zeros")]
    LeadingZero,
    /// The number is above 4,294,967,295.
    #[error("must be at most 4294967295")]
    TooLarge,
    /// The number is 0, which is the wildcard and not a uid.
    #[error("must be at least 1; 0 is the wildcard for any user")]
    Zero,
}

impl Uid {
    /// Converts a number to a uid. Returns `None` if the number is 0.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Parses the decimal digits of a uid.
    ///
    /// # Errors
    /// Returns [`UidError`] if the string is not a number from 1 to 4294967295 without sign, whitespace or leading
    /// zeros.
    pub fn parse(string: &str) -> Result<Self, UidError> {
        if string.is_empty() || !string.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(UidError::NotDigits);
        }
        if string == "0" {
            return Err(UidError::Zero);
        }
        if string.starts_with('0') {
            return Err(UidError::LeadingZero);
        }
        string.parse().map(Self).map_err(|_| UidError::TooLarge)
    }

    /// Creates a uid from four random or hashed bytes, big-endian. If all four bytes are 0, the uid is 1.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        match NonZeroU32::new(u32::from_be_bytes(bytes)) {
            Some(number) => Self(number),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// Returns the uid as a number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl User<'_> {
    /// Converts a number as Agora's builders do: 0 becomes [`User::Any`], and any other number becomes a uid.
    #[must_use]
    pub const fn from_number_or_any(uid: u32) -> Self {
        match Uid::new(uid) {
            Some(uid) => Self::Uid(uid),
            None => Self::Any,
        }
    }
}

impl From<Uid> for User<'_> {
    fn from(uid: Uid) -> Self {
        Self::Uid(uid)
    }
}

impl<'a> From<Account<'a>> for User<'a> {
    fn from(account: Account<'a>) -> Self {
        Self::Account(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_the_wildcard() {
        assert_eq!(Uid::new(0), None);
        assert_eq!(Uid::parse("0"), Err(UidError::Zero));
        assert_eq!(User::from_number_or_any(0), User::Any);
    }

    #[test]
    fn rejects_uids_above_32_bits() {
        assert_eq!(Uid::parse("4294967295").map(Uid::get), Ok(u32::MAX));
        assert_eq!(Uid::parse("4294967296"), Err(UidError::TooLarge));
        assert_eq!(Uid::parse("99999999999999999999"), Err(UidError::TooLarge));
    }

    #[test]
    fn accepts_only_plain_digits() {
        for string in ["", " 1", "+1", "-1", "1.5", "0x1", "1e3", "١"] {
            assert_eq!(Uid::parse(string), Err(UidError::NotDigits), "{string:?}");
        }
        assert_eq!(Uid::parse("01"), Err(UidError::LeadingZero));
    }

    #[test]
    fn from_bytes_never_returns_zero() {
        assert_eq!(Uid::from_bytes([0; 4]).get(), 1);
        assert_eq!(Uid::from_bytes([1, 0, 0, 2]).get(), (1 << 24) + 2);
    }
}
