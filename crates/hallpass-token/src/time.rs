//! Points in time and lengths of time, as types that cannot be mixed up.

/// A point in time: seconds since 1970-01-01T00:00:00Z, 4 bytes as in Agora's formats, enough until 2106.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(pub u32);

/// A length of time in seconds, 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

impl UnixSeconds {
    /// The point `later` after this one; the last representable one where that is too far.
    #[must_use]
    pub const fn plus(self, later: Seconds) -> Self {
        Self(self.0.saturating_add(later.0))
    }
}

impl Seconds {
    /// The longest life that Agora's servers grant to any token: 24 hours.
    pub const DAY: Self = Self(86_400);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_stops_at_the_last_second() {
        assert_eq!(UnixSeconds(u32::MAX - 1).plus(Seconds(2)), UnixSeconds(u32::MAX));
    }
}
