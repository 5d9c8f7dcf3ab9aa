//! Points in time and lengths of time, as types that cannot be mixed up.

use core::num::NonZeroU32;

use thiserror::Error;

/// A point in time: seconds since 1970-01-01T00:00:00Z, 4 bytes as in Agora's formats, enough until 2106.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(pub u32);

/// Any length of time in seconds, 4 bytes: what a token may hold, be it sensible or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

/// How long a token lives: 1 to 86,400 seconds.
///
/// Agora's servers accept no token for longer than a day, whatever it says, and a token that a client holds should not
/// live longer with VideoSDK either. Since a Unix time is far above a day, it
/// cannot become a life by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(NonZeroU32);

/// How long one privilege of a token lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivilegeTtl {
    /// As long as the token, which for Agora's format 006 is always 24 hours. Written as 0.
    WithToken,
    /// This long, counted from the issue of the token, and never longer than the token.
    For(Ttl),
}

/// Why a number of seconds is no [`Ttl`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TtlError {
    /// It is 0.
    #[error("must be 1 to 86400 seconds, but is 0")]
    Zero,
    /// It is longer than 86,400 seconds, and too short for a Unix time of this century.
    #[error("must be 1 to 86400 seconds (24 hours), but is {}", .0.0)]
    TooLong(Seconds),
    /// It is a Unix time of this century, not a length of time.
    #[error("must be 1 to 86400 seconds, counted from the issue of the token, but {} looks like a Unix time", .0.0)]
    UnixTime(UnixSeconds),
}

impl UnixSeconds {
    /// From here on a number of seconds looks like a Unix time (9 September 2001), not like a length (31 years).
    pub(crate) const RECENT: Self = Self(1_000_000_000);

    /// The point `later` after this one; the last representable one where that is too far.
    #[must_use]
    pub const fn saturating_add(self, later: Seconds) -> Self {
        Self(self.0.saturating_add(later.0))
    }
}

impl Seconds {
    /// The longest life that Agora's servers grant to any token: 24 hours.
    pub const DAY: Self = Self(86_400);
}

impl Ttl {
    /// 24 hours, the longest.
    pub const MAX: Self = match Self::new(Seconds::DAY.0) {
        Ok(day) => day,
        Err(_) => Self(NonZeroU32::MIN),
    };

    /// Takes over a number of seconds.
    ///
    /// # Errors
    /// [`TtlError`] for anything but 1 to 86,400.
    pub const fn new(seconds: u32) -> Result<Self, TtlError> {
        match NonZeroU32::new(seconds) {
            None => Err(TtlError::Zero),
            Some(_) if seconds >= UnixSeconds::RECENT.0 => Err(TtlError::UnixTime(UnixSeconds(seconds))),
            Some(_) if seconds > Seconds::DAY.0 => Err(TtlError::TooLong(Seconds(seconds))),
            Some(ttl) => Ok(Self(ttl)),
        }
    }

    /// The number of seconds.
    #[must_use]
    pub const fn seconds(self) -> Seconds {
        Seconds(self.0.get())
    }
}

impl PrivilegeTtl {
    /// How long the privilege of a token with this life really lasts.
    #[must_use]
    pub fn capped_by(self, token: Ttl) -> Ttl {
        match self {
            Self::WithToken => token,
            Self::For(ttl) => ttl.min(token),
        }
    }

    /// As Agora's format 007 writes it.
    pub(crate) const fn seconds(self) -> Seconds {
        match self {
            Self::WithToken => Seconds(0),
            Self::For(ttl) => ttl.seconds(),
        }
    }

    /// As Agora's format 006 writes it.
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
    fn adding_stops_at_the_last_second() {
        assert_eq!(UnixSeconds(u32::MAX - 1).saturating_add(Seconds(2)), UnixSeconds(u32::MAX));
    }

    #[test]
    fn a_life_is_one_second_to_a_day() {
        assert_eq!(Ttl::new(0), Err(TtlError::Zero));
        assert_eq!(Ttl::new(1).map(Ttl::seconds), Ok(Seconds(1)));
        assert_eq!(Ttl::new(86_400), Ok(Ttl::MAX));
        assert_eq!(Ttl::new(86_401), Err(TtlError::TooLong(Seconds(86_401))));
    }

    #[test]
    fn a_unix_time_is_no_life() {
        assert_eq!(Ttl::new(1_700_003_600), Err(TtlError::UnixTime(UnixSeconds(1_700_003_600))));
    }

    #[test]
    fn a_privilege_ends_with_its_token() {
        let ttl = |seconds| Ttl::new(seconds).unwrap();
        assert_eq!(PrivilegeTtl::WithToken.capped_by(ttl(60)), ttl(60));
        assert_eq!(PrivilegeTtl::For(ttl(90)).capped_by(ttl(60)), ttl(60));
        assert_eq!(PrivilegeTtl::For(ttl(30)).capped_by(ttl(60)), ttl(30));
    }
}
