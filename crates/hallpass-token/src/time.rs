//! Separate types for Unix times and durations, so that a Unix time cannot be passed as a duration by mistake.

use core::num::NonZeroU32;

use thiserror::Error;

/// A Unix time in seconds, in 32 bits as in Agora's formats. The last representable time is in 2106.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(pub u32);

/// A duration in seconds, in 32 bits: any value that an Agora token can contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

/// The time to live (TTL) of a token: 1 to 86,400 seconds.
///
/// Agora's servers reject every token after 24 hours, even if the token claims a longer TTL. This crate applies the
/// same limit to VideoSDK tokens, because clients store these tokens. A current Unix time is far above 86,400, so the
/// limit also rejects a Unix time that is passed as a TTL by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(NonZeroU32);

/// The time to live (TTL) of one privilege in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivilegeTtl {
    /// The privilege expires with the token, which is always after 24 hours in Agora's format 006. The encoded value is
    /// 0.
    WithToken,
    /// The privilege expires this duration after the issue time, but not later than the token.
    For(Ttl),
}

/// The error for a number of seconds that is not a valid [`Ttl`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TtlError {
    /// The number is 0.
    #[error("must be 1 to 86400 seconds, but is 0")]
    Zero,
    /// The number is above 86,400, but below 1,000,000,000, so the number is not treated as a Unix time.
    #[error("must be 1 to 86400 seconds (24 hours), but is {}", .0.0)]
    TooLong(Seconds),
    /// The number is at least 1,000,000,000, so the number looks like a Unix time and not like a duration.
    #[error("must be 1 to 86400 seconds from the issue time, but {} looks like a Unix time", .0.0)]
    UnixTime(UnixSeconds),
}

impl UnixSeconds {
    /// The smallest number that is treated as a Unix time (9 September 2001) instead of a duration (31 years).
    pub(crate) const RECENT: Self = Self(1_000_000_000);

    /// Adds a duration. If the sum is too large, returns the last representable time.
    #[must_use]
    pub const fn saturating_add(self, later: Seconds) -> Self {
        Self(self.0.saturating_add(later.0))
    }
}

impl Seconds {
    /// The maximum TTL that Agora's servers accept: 24 hours.
    pub const DAY: Self = Self(86_400);
}

impl Ttl {
    /// The maximum TTL: 24 hours.
    pub const MAX: Self = match Self::new(Seconds::DAY.0) {
        Ok(day) => day,
        Err(_) => Self(NonZeroU32::MIN),
    };

    /// Validates a number of seconds.
    ///
    /// # Errors
    /// Returns [`TtlError`] if the number is not from 1 to 86,400.
    pub const fn new(seconds: u32) -> Result<Self, TtlError> {
        match NonZeroU32::new(seconds) {
            None => Err(TtlError::Zero),
            Some(_) if seconds >= UnixSeconds::RECENT.0 => Err(TtlError::UnixTime(UnixSeconds(seconds))),
            Some(_) if seconds > Seconds::DAY.0 => Err(TtlError::TooLong(Seconds(seconds))),
            Some(ttl) => Ok(Self(ttl)),
        }
    }

    /// Returns the TTL in seconds.
    #[must_use]
    pub const fn seconds(self) -> Seconds {
        Seconds(self.0.get())
    }
}

impl PrivilegeTtl {
    /// Returns the effective TTL of the privilege in a token whose TTL is `token`.
    #[must_use]
    pub fn capped_by(self, token: Ttl) -> Ttl {
        match self {
            Self::WithToken => token,
            Self::For(ttl) => ttl.min(token),
        }
    }

    /// Returns the value that Agora's format 007 encodes.
    pub(crate) const fn seconds(self) -> Seconds {
        match self {
            Self::WithToken => Seconds(0),
            Self::For(ttl) => ttl.seconds(),
        }
    }

    /// Returns the value that Agora's format 006 encodes.
    pub(crate) const fn expires_at(self, issued_at: UnixSeconds) -> UnixSeconds {
        match self {
            Self::WithToken => UnixSeconds(0),
            Self::For(ttl) => issued_at.saturating_add(ttl.seconds()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addition_saturates() {
        assert_eq!(UnixSeconds(u32::MAX - 1).saturating_add(Seconds(2)), UnixSeconds(u32::MAX));
    }

    #[test]
    fn accepts_one_second_to_a_day() {
        assert_eq!(Ttl::new(0), Err(TtlError::Zero));
        assert_eq!(Ttl::new(1).map(Ttl::seconds), Ok(Seconds(1)));
        assert_eq!(Ttl::new(86_400), Ok(Ttl::MAX));
        assert_eq!(Ttl::new(86_401), Err(TtlError::TooLong(Seconds(86_401))));
    }

    #[test]
    fn rejects_a_unix_time() {
        assert_eq!(Ttl::new(1_700_003_600), Err(TtlError::UnixTime(UnixSeconds(1_700_003_600))));
    }

    #[test]
    fn caps_a_privilege_by_its_token() {
        let ttl = |seconds| Ttl::new(seconds).unwrap();
        assert_eq!(PrivilegeTtl::WithToken.capped_by(ttl(60)), ttl(60));
        assert_eq!(PrivilegeTtl::For(ttl(90)).capped_by(ttl(60)), ttl(60));
        assert_eq!(PrivilegeTtl::For(ttl(30)).capped_by(ttl(60)), ttl(30));
    }
}
