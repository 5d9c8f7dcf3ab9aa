//! Privileges of a token, each with its TTL or expiry.

use core::fmt;
use core::marker::PhantomData;

use super::size::SizeError;
use crate::{PrivilegeTtl, Seconds, UnixSeconds};

/// The role of a user in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The user sends and receives streams.
    Publisher,
    /// The user only receives streams. Agora enforces this role only if co-host authentication is enabled for the
    /// project.
    Subscriber,
}

/// A privilege of an RTC token. Formats 006 and 007 have the same privilege IDs (Formats 1.6, 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum RtcPrivilege {
    /// The privilege to join the channel.
    Join = 1,
    /// The privilege to publish audio.
    PublishAudio = 2,
    /// The privilege to publish video.
    PublishVideo = 3,
    /// The privilege to publish a data stream.
    PublishData = 4,
}

/// The TTL of each privilege in an RTC token. A privilege whose TTL is `None` is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcPrivileges {
    /// The TTL of the privilege to join the channel.
    pub join: Option<PrivilegeTtl>,
    /// The TTL of the privilege to publish audio.
    pub publish_audio: Option<PrivilegeTtl>,
    /// The TTL of the privilege to publish video.
    pub publish_video: Option<PrivilegeTtl>,
    /// The TTL of the privilege to publish a data stream.
    pub publish_data: Option<PrivilegeTtl>,
}

/// A privilege map of a token: each privilege ID has a time.
///
/// In format 006, `T` is [`UnixSeconds`]: the time at which the privilege expires. In format 007, `T` is [`Seconds`]:
/// the TTL of the privilege, from the issue time. In both formats, a privilege with the time 0 expires with the token.
#[derive(Clone, Copy)]
pub struct Privileges<'a, T>(Repr<'a>, PhantomData<T>);

/// The entries as encoded in a token. An entry has two bytes for the ID and four bytes for the time, little-endian.
#[derive(Clone, Copy)]
enum Repr<'a> {
    Few {
        entries: [[u8; 6]; MAX],
        len: u8,
    },
    #[cfg_attr(not(feature = "inspect"), expect(dead_code, reason = "only parsed tokens have these"))]
    Read(&'a [[u8; 6]]),
}

/// The maximum number of distinct privileges in a map that this crate constructs. A parsed map can have more entries.
const MAX: usize = 4;

/// The type of a time in a privilege map: [`Seconds`] or [`UnixSeconds`].
pub trait PrivilegeTime: Copy + PartialEq + fmt::Debug {
    /// Returns the number that encodes the time.
    fn to_number(self) -> u32;

    /// Returns the time that a number encodes.
    fn from_number(number: u32) -> Self;
}

macro_rules! privilege_time {
    ($($time:ident),*) => {$(
        impl PrivilegeTime for $time {
            fn to_number(self) -> u32 {
                self.0
            }

            fn from_number(number: u32) -> Self {
                Self(number)
            }
        }
    )*};
}

privilege_time!(Seconds, UnixSeconds);

impl Role {
    /// Returns the role with this name, or `None` if no role has this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Publisher, Self::Subscriber].into_iter().find(|role| role.as_str() == name)
    }

    /// Returns `publisher` or `subscriber`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Subscriber => "subscriber",
        }
    }

    /// Returns the privileges that the official builders grant to the role. A publisher has all four privileges, and a
    /// subscriber has only `join`.
    #[must_use]
    pub fn privileges(self, ttl: PrivilegeTtl) -> RtcPrivileges {
        let publish = (self == Self::Publisher).then_some(ttl);
        RtcPrivileges {
            join: Some(ttl),
            publish_audio: publish,
            publish_video: publish,
            publish_data: publish,
        }
    }
}

impl RtcPrivileges {
    /// Iterates over the granted privileges in ascending order of ID.
    pub fn iter(self) -> impl Iterator<Item = (RtcPrivilege, PrivilegeTtl)> {
        [
            (RtcPrivilege::Join, self.join),
            (RtcPrivilege::PublishAudio, self.publish_audio),
            (RtcPrivilege::PublishVideo, self.publish_video),
            (RtcPrivilege::PublishData, self.publish_data),
        ]
        .into_iter()
        .filter_map(|(privilege, ttl)| Some((privilege, ttl?)))
    }

    /// Returns the privilege map for format 006.
    pub(super) fn expiries(self, issued_at: UnixSeconds) -> Privileges<'static, UnixSeconds> {
        Privileges::collect(self.iter().map(|(id, ttl)| (id as u16, ttl.expires_at(issued_at))))
    }

    /// Returns the privilege map for format 007.
    pub(super) fn ttls(self) -> Privileges<'static, Seconds> {
        Privileges::collect(self.iter().map(|(id, ttl)| (id as u16, ttl.seconds())))
    }
}

impl RtcPrivilege {
    /// Returns the privilege with this ID. Returns `None` if the ID is not from 1 to 4.
    #[must_use]
    pub const fn from_number(id: u16) -> Option<Self> {
        match id {
            1 => Some(Self::Join),
            2 => Some(Self::PublishAudio),
            3 => Some(Self::PublishVideo),
            4 => Some(Self::PublishData),
            _ => None,
        }
    }

    /// Returns `join`, `publish_audio`, `publish_video` or `publish_data`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::PublishAudio => "publish_audio",
            Self::PublishVideo => "publish_video",
            Self::PublishData => "publish_data",
        }
    }
}

impl<'a, T: PrivilegeTime> Privileges<'a, T> {
    /// The empty map.
    pub const NONE: Self = Self(Repr::Few { entries: [[0; 6]; MAX], len: 0 }, PhantomData);

    /// Creates a map with the entries in ascending order of ID. If an ID occurs more than once, the last entry is used.
    ///
    /// # Errors
    /// Returns [`SizeError::TooManyPrivileges`] if the entries have more than four distinct IDs. No service defines
    /// more than four privileges.
    pub fn new(entries: &[(u16, T)]) -> Result<Self, SizeError> {
        let mut map = [(0, T::from_number(0)); MAX];
        let mut len = 0;
        for &(id, time) in entries {
            let position = map.iter().take(len).take_while(|(known, _)| *known < id).count();
            if !map.iter().take(len).any(|(known, _)| *known == id) {
                if len == MAX {
                    return Err(SizeError::TooManyPrivileges);
                }
                map.copy_within(position..len, position + 1);
                len += 1;
            }
            if let Some(slot) = map.get_mut(position) {
                *slot = (id, time);
            }
        }
        Ok(Self::collect(map.into_iter().take(len)))
    }

    /// Returns a map with a single privilege.
    pub(super) fn single(id: u16, time: T) -> Self {
        Self::collect([(id, time)].into_iter())
    }

    /// Returns a map with up to four privileges. The caller must pass the privileges in ascending order of ID.
    pub(super) fn collect(ascending: impl Iterator<Item = (u16, T)>) -> Self {
        let mut entries = [[0; 6]; MAX];
        let mut len = 0;
        for (slot, (id, time)) in entries.iter_mut().zip(ascending) {
            let ([a, b], [c, d, e, f]) = (id.to_le_bytes(), time.to_number().to_le_bytes());
            *slot = [a, b, c, d, e, f];
            len += 1;
        }
        Self(Repr::Few { entries, len }, PhantomData)
    }

    /// Wraps the map of a parsed token. The entries keep their order, even if this order is not ascending.
    #[cfg(feature = "inspect")]
    pub(super) const fn read(entries: &'a [[u8; 6]]) -> Self {
        Self(Repr::Read(entries), PhantomData)
    }

    /// Returns the entries as encoded in a token.
    pub(super) fn entries(&self) -> &[[u8; 6]] {
        match &self.0 {
            Repr::Few { entries, len } => entries.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Read(entries) => entries,
        }
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Returns whether the map is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Iterates over the entries in the order in which the token contains them.
    pub fn iter(&self) -> impl Iterator<Item = (u16, T)> {
        self.entries().iter().map(|&[a, b, c, d, e, f]| {
            (u16::from_le_bytes([a, b]), T::from_number(u32::from_le_bytes([c, d, e, f])))
        })
    }

    /// Returns the time of a privilege. If the ID occurs more than once, the last entry is used, as in the SDKs.
    #[must_use]
    pub fn get(&self, id: u16) -> Option<T> {
        self.iter().filter(|(known, _)| *known == id).last().map(|(_, time)| time)
    }

    /// Returns the lowest ID that occurs more than once.
    ///
    /// The function uses a bit set of IDs, because a malicious map can contain ten thousand entries. A search of the
    /// map for each ID would take quadratic time.
    #[cfg(feature = "inspect")]
    pub(super) fn find_duplicate(&self) -> Option<u16> {
        if self.len() < 2 {
            return None;
        }
        let mut seen = [0_u64; (u16::MAX as usize + 1) / 64];
        let mut is_duplicate = |id: u16| {
            let (Some(bits), bit) = (seen.get_mut(usize::from(id / 64)), 1 << (id % 64)) else {
                return false;
            };
            let is_duplicate = *bits & bit != 0;
            *bits |= bit;
            is_duplicate
        };
        self.iter().map(|(id, _)| id).filter(|id| is_duplicate(*id)).min()
    }
}

impl<T: PrivilegeTime> PartialEq for Privileges<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: PrivilegeTime> Eq for Privileges<'_, T> {}

impl<T: PrivilegeTime> fmt::Debug for Privileges<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_role_names() {
        for role in [Role::Publisher, Role::Subscriber] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Publisher"), None);
    }
    use crate::Ttl;
    use alloc::vec::Vec;

    #[test]
    fn sorts_ids_and_uses_the_last_value() {
        let map = Privileges::new(&[(1000, Seconds(1)), (2, Seconds(2)), (1000, Seconds(3))]).unwrap();
        assert_eq!(map.iter().collect::<Vec<_>>(), [(2, Seconds(2)), (1000, Seconds(3))]);
    }

    #[test]
    fn rejects_a_fifth_privilege() {
        let up_to = |last| (1..=last).map(|id| (id, Seconds(0))).chain([(1, Seconds(9))]).collect::<Vec<_>>();
        assert_eq!(Privileges::new(&up_to(4)).unwrap().get(1), Some(Seconds(9)));
        assert_eq!(Privileges::new(&up_to(5)), Err(SizeError::TooManyPrivileges));
    }

    #[test]
    fn omits_privileges_that_are_not_granted() {
        let only_join = Role::Subscriber.privileges(PrivilegeTtl::For(Ttl::new(7).unwrap()));
        assert_eq!(only_join.ttls(), Privileges::single(1, Seconds(7)));
        assert_eq!(only_join.expiries(UnixSeconds(100)), Privileges::single(1, UnixSeconds(107)));
    }

    #[test]
    fn writes_zero_for_privileges_that_expire_with_the_token() {
        let all = Role::Publisher.privileges(PrivilegeTtl::WithToken);
        assert!(all.expiries(UnixSeconds(100)).iter().eq((1..=4).map(|id| (id, UnixSeconds(0)))));
    }
}
