//! What a token permits, and for how long: the parts that both formats share.

use crate::Seconds;

/// What an RTC token may permit. The numbers are the same in 006 and 007.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum RtcPrivilege {
    /// Join the channel.
    Join = 1,
    /// Publish audio.
    PublishAudio = 2,
    /// Publish video.
    PublishVideo = 3,
    /// Publish a data stream.
    PublishData = 4,
}

/// How long each privilege lasts, counted from the issue of the token; `None` where it is not given at all.
///
/// 0 seconds mean no limit of its own: it lasts as long as the token, which for 006 is always 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcPrivileges {
    /// Join the channel.
    pub join: Option<Seconds>,
    /// Publish audio.
    pub publish_audio: Option<Seconds>,
    /// Publish video.
    pub publish_video: Option<Seconds>,
    /// Publish a data stream.
    pub publish_data: Option<Seconds>,
}

/// A privilege map as it is written: ascending ids, each once, with a number of seconds that 006 counts from 1970
/// and 007 from the issue of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileges<'a>(&'a [(u16, u32)]);

/// A text that both formats can hold: at most 65,535 bytes. Nothing else about it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(&'a str);

impl<'a> Privileges<'a> {
    /// The most privileges that fit into an 006 message, whose length has 16 bits: 10 bytes and 6 for each.
    const MAX: usize = (u16::MAX as usize - 10) / 6;

    /// Takes over a map; `None` unless its ids ascend and it has at most 10,920 of them.
    #[must_use]
    pub fn new(map: &'a [(u16, u32)]) -> Option<Self> {
        let ascending = map.is_sorted_by(|(a, _), (b, _)| a < b);
        (ascending && map.len() <= Self::MAX).then_some(Self(map))
    }

    /// The map: ids and seconds.
    #[must_use]
    pub const fn as_slice(self) -> &'a [(u16, u32)] {
        self.0
    }
}

impl<'a> Text<'a> {
    /// Takes over a text; `None` if it is longer than 65,535 bytes.
    #[must_use]
    pub fn new(text: &'a str) -> Option<Self> {
        u16::try_from(text.len()).is_ok().then_some(Self(text))
    }

    /// For a text whose type caps its length far below 65,535 bytes.
    pub(super) const fn from_short(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl RtcPrivileges {
    /// How many privileges there can be.
    pub(super) const MAX: usize = 4;

    /// Those that are given, ascending by id.
    pub fn iter(self) -> impl Iterator<Item = (RtcPrivilege, Seconds)> {
        [
            (RtcPrivilege::Join, self.join),
            (RtcPrivilege::PublishAudio, self.publish_audio),
            (RtcPrivilege::PublishVideo, self.publish_video),
            (RtcPrivilege::PublishData, self.publish_data),
        ]
        .into_iter()
        .filter_map(|(privilege, lasts)| Some((privilege, lasts?)))
    }

    /// Writes the map into `room`, each length of time through `time`.
    pub(super) fn write_map(
        self,
        room: &mut [(u16, u32); Self::MAX],
        time: impl Fn(Seconds) -> u32,
    ) -> Privileges<'_> {
        let mut given = 0;
        for (slot, (privilege, lasts)) in room.iter_mut().zip(self.iter()) {
            *slot = (privilege as u16, time(lasts));
            given += 1;
        }
        Privileges(room.get(..given).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_must_ascend() {
        assert!(Privileges::new(&[(1, 0), (2, 0)]).is_some());
        assert!(Privileges::new(&[(2, 0), (1, 0)]).is_none());
        assert!(Privileges::new(&[(1, 0), (1, 0)]).is_none());
    }

    #[test]
    fn as_many_pass_as_a_message_holds() {
        let map: alloc::vec::Vec<(u16, u32)> = (0..10_921).map(|id| (id, 0)).collect();
        assert!(Privileges::new(&map[..10_920]).is_some());
        assert!(Privileges::new(&map).is_none());
    }

    #[test]
    fn a_privilege_that_is_not_given_is_not_written() {
        let only_join = RtcPrivileges {
            join: Some(Seconds(7)),
            publish_audio: None,
            publish_video: None,
            publish_data: None,
        };
        let mut room = [(0, 0); 4];
        assert_eq!(only_join.write_map(&mut room, |lasts| lasts.0).as_slice(), [(1, 7)]);
    }
}
