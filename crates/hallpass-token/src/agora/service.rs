//! The services of a 007 token, each with its privileges.

use alloc::string::String;
use core::fmt::Write as _;

use md5::{Digest as _, Md5};

#[cfg(feature = "inspect")]
use super::error::ParseError;
use super::field_str::FieldStr;
use super::name::{Channel, ChannelName, ChatUser, RtmUser};
use super::permission::Permissions;
use super::privilege::{Privileges, RtcPrivilege, RtcPrivileges};
#[cfg(feature = "inspect")]
use super::reader::Reader;
use super::user::User;
use super::writer::Writer;
use crate::{PrivilegeTtl, Seconds};

/// A service of a 007 token, with its privileges. The TTLs of the privileges are seconds from the issue time (Formats
/// 2.4).
///
/// The variants can hold all values that a token can contain. The constructor functions accept only values that Agora
/// accepts, and grant the privileges that the official builders grant.
///
/// If `channel` is `*`, the service is for every channel. In a service with a channel, `user` is a uid in decimal
/// digits, an account, or the empty string for any user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the enum and of the variants describes the fields")]
pub enum Service<'a> {
    /// Type 1: voice and video. Privileges: 1 join, 2 publish audio, 3 publish video, 4 publish data.
    Rtc { channel: FieldStr<'a>, user: FieldStr<'a>, privileges: Privileges<'a, Seconds> },
    /// Type 2: login to Signaling (RTM), versions 1 and 2. Privileges: 1 login.
    Rtm { user: FieldStr<'a>, privileges: Privileges<'a, Seconds> },
    /// Type 3: streaming. Privileges: 1 publish a mixed stream, 2 publish a raw stream.
    Streaming { channel: FieldStr<'a>, user: FieldStr<'a>, privileges: Privileges<'a, Seconds> },
    /// Type 4: Full Path Accelerator. Privileges: 1 login.
    Fpa { privileges: Privileges<'a, Seconds> },
    /// Type 5: Chat. In an app token, `user` is empty. Privileges: 1 user, 2 app.
    Chat { user: FieldStr<'a>, privileges: Privileges<'a, Seconds> },
    /// Type 6: Fusion CDN. Privileges: 1 publish, 2 play.
    Fcdn { channel: FieldStr<'a>, user: FieldStr<'a>, privileges: Privileges<'a, Seconds> },
    /// Type 7: APaaS, formerly Education. Privileges: 1 room user, 2 user, 3 app.
    ///
    /// If the token is not for a room, `room` is empty. In an app token, `user` is empty. `role` is the role in the
    /// room, or −1 if the token has no role.
    Apaas { room: FieldStr<'a>, user: FieldStr<'a>, role: i16, privileges: Privileges<'a, Seconds> },
    /// Type 8: login to Signaling with a permission tree. The service works only if Agora has enabled permission trees
    /// for the project. Privileges: 1 login.
    Rtm2 { user: FieldStr<'a>, permissions: Permissions<'a>, privileges: Privileges<'a, Seconds> },
    /// Type 9: Conversational AI. No privileges are defined.
    ConvoAi { privileges: Privileges<'a, Seconds> },
    /// Type 10: speech to text. No privileges are defined.
    Stt { privileges: Privileges<'a, Seconds> },
}

/// The TTL of each privilege in a Streaming service. A privilege whose TTL is `None` is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamingPrivileges {
    /// The TTL of the privilege to publish a mixed stream.
    pub publish_mixed: Option<PrivilegeTtl>,
    /// The TTL of the privilege to publish a raw stream.
    pub publish_raw: Option<PrivilegeTtl>,
}

/// The TTL of each privilege in a Fusion CDN service. A privilege whose TTL is `None` is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FcdnPrivileges {
    /// The TTL of the privilege to publish a stream.
    pub publish: Option<PrivilegeTtl>,
    /// The TTL of the privilege to play a stream.
    pub play: Option<PrivilegeTtl>,
}

type Parts<'s, 'a> =
    (u16, &'static str, Option<&'s FieldStr<'a>>, Option<&'s FieldStr<'a>>, &'s Privileges<'a, Seconds>);

/// The APaaS role in a token that has no room.
const NO_ROLE: i16 = -1;

impl<'a> Service<'a> {
    /// The highest number of a service type.
    pub(super) const MAX_NUMBER: u16 = 10;

    /// Returns a service for voice and video in a channel.
    #[must_use]
    pub fn rtc(channel: Channel<'a>, user: User<'a>, privileges: RtcPrivileges) -> Self {
        Self::Rtc { channel: channel.into(), user: user.into(), privileges: privileges.ttls() }
    }

    /// Returns a service for login to Signaling.
    #[must_use]
    pub fn rtm(user: RtmUser<'a>, login: PrivilegeTtl) -> Self {
        Self::Rtm { user: user.into(), privileges: Privileges::single(1, login.seconds()) }
    }

    /// Returns a service for login to Signaling with a permission tree.
    #[must_use]
    pub fn rtm2(user: RtmUser<'a>, permissions: Permissions<'a>, login: PrivilegeTtl) -> Self {
        Self::Rtm2 { user: user.into(), permissions, privileges: Privileges::single(1, login.seconds()) }
    }

    /// Returns a service for Streaming in a channel.
    #[must_use]
    pub fn streaming(channel: Channel<'a>, user: User<'a>, privileges: StreamingPrivileges) -> Self {
        let privileges = pair(privileges.publish_mixed, privileges.publish_raw);
        Self::Streaming { channel: channel.into(), user: user.into(), privileges }
    }

    /// Returns a service for Full Path Accelerator.
    #[must_use]
    pub fn fpa(login: PrivilegeTtl) -> Self {
        Self::Fpa { privileges: Privileges::single(1, login.seconds()) }
    }

    /// Returns a service for Chat as a user.
    #[must_use]
    pub fn chat_user(user: ChatUser<'a>, ttl: PrivilegeTtl) -> Self {
        Self::Chat { user: user.into(), privileges: Privileges::single(1, ttl.seconds()) }
    }

    /// Returns a service for Chat as the app, with administrator rights. Use this service on servers only.
    #[must_use]
    pub fn chat_app(ttl: PrivilegeTtl) -> Self {
        Self::Chat { user: FieldStr::EMPTY, privileges: Privileges::single(2, ttl.seconds()) }
    }

    /// Returns a service for Fusion CDN in a channel.
    #[must_use]
    pub fn fcdn(channel: Channel<'a>, user: User<'a>, privileges: FcdnPrivileges) -> Self {
        let privileges = pair(privileges.publish, privileges.play);
        Self::Fcdn { channel: channel.into(), user: user.into(), privileges }
    }

    /// Returns the services for a user in an APaaS room: APaaS, Signaling and Chat.
    ///
    /// The room name is also the name of the room's channel. The Chat user is the MD5 hash of the user name.
    #[must_use]
    pub fn apaas_room(room: ChannelName<'a>, user: RtmUser<'a>, role: i16, ttl: PrivilegeTtl) -> [Self; 3] {
        let (user, privileges) = (FieldStr::from(user), Privileges::single(1, ttl.seconds()));
        [
            Self::Rtm { user, privileges },
            Self::Chat { user: md5(user), privileges },
            Self::Apaas { room: room.into(), user, role, privileges },
        ]
    }

    /// Returns a service for APaaS as a user, without a room.
    #[must_use]
    pub fn apaas_user(user: RtmUser<'a>, ttl: PrivilegeTtl) -> Self {
        let privileges = Privileges::single(2, ttl.seconds());
        Self::Apaas { room: FieldStr::EMPTY, user: user.into(), role: NO_ROLE, privileges }
    }

    /// Returns a service for APaaS as the app, with administrator rights. Use this service on servers only.
    #[must_use]
    pub fn apaas_app(ttl: PrivilegeTtl) -> Self {
        let privileges = Privileges::single(3, ttl.seconds());
        Self::Apaas { room: FieldStr::EMPTY, user: FieldStr::EMPTY, role: NO_ROLE, privileges }
    }

    /// Returns a service for Conversational AI.
    #[must_use]
    pub const fn convo_ai() -> Self {
        Self::ConvoAi { privileges: Privileges::NONE }
    }

    /// Returns a service for speech to text.
    #[must_use]
    pub const fn stt() -> Self {
        Self::Stt { privileges: Privileges::NONE }
    }

    /// Returns the number of the service type, 1 to 10.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.parts().0
    }

    /// Returns the name of the service type: `rtc`, `rtm`, `streaming`, `fpa`, `chat`, `fcdn`, `apaas`, `rtm2`,
    /// `convoai` or `stt`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.parts().1
    }

    /// Returns the channel field. For APaaS, returns the room, because a room and its channel have the same name.
    /// Returns `None` if the service type has no channel field.
    #[must_use]
    pub const fn channel(&self) -> Option<&FieldStr<'a>> {
        self.parts().2
    }

    /// Returns the user field. Returns `None` if the service type has no user field.
    #[must_use]
    pub const fn user(&self) -> Option<&FieldStr<'a>> {
        self.parts().3
    }

    /// Returns the privilege map of the service.
    #[must_use]
    pub const fn privileges(&self) -> &Privileges<'a, Seconds> {
        self.parts().4
    }

    /// Returns the type number, the name, the channel, the user and the privileges.
    const fn parts(&self) -> Parts<'_, 'a> {
        match self {
            Self::Rtc { channel, user, privileges } => (1, "rtc", Some(channel), Some(user), privileges),
            Self::Rtm { user, privileges } => (2, "rtm", None, Some(user), privileges),
            Self::Streaming { channel, user, privileges } => {
                (3, "streaming", Some(channel), Some(user), privileges)
            }
            Self::Fpa { privileges } => (4, "fpa", None, None, privileges),
            Self::Chat { user, privileges } => (5, "chat", None, Some(user), privileges),
            Self::Fcdn { channel, user, privileges } => (6, "fcdn", Some(channel), Some(user), privileges),
            Self::Apaas { room, user, privileges, .. } => (7, "apaas", Some(room), Some(user), privileges),
            Self::Rtm2 { user, privileges, .. } => (8, "rtm2", None, Some(user), privileges),
            Self::ConvoAi { privileges } => (9, "convoai", None, None, privileges),
            Self::Stt { privileges } => (10, "stt", None, None, privileges),
        }
    }

    /// Returns the name of a privilege of this service, such as `publish_audio`. Returns `None` if the ID is not
    /// defined.
    #[must_use]
    pub const fn privilege_name(&self, id: u16) -> Option<&'static str> {
        Some(match (self, id) {
            (Self::Rtc { .. }, _) => match RtcPrivilege::from_number(id) {
                Some(privilege) => privilege.as_str(),
                None => return None,
            },
            (Self::Rtm { .. } | Self::Rtm2 { .. } | Self::Fpa { .. }, 1) => "login",
            (Self::Streaming { .. }, 1) => "publish_mixed",
            (Self::Streaming { .. }, 2) => "publish_raw",
            (Self::Fcdn { .. }, 1) => "publish",
            (Self::Fcdn { .. }, 2) => "play",
            (Self::Apaas { .. }, 1) => "room_user",
            (Self::Chat { .. }, 1) | (Self::Apaas { .. }, 2) => "user",
            (Self::Chat { .. }, 2) | (Self::Apaas { .. }, 3) => "app",
            _ => return None,
        })
    }

    /// Returns the approximate length of the encoded service, in bytes.
    pub(super) fn len_hint(&self) -> usize {
        let strings: usize = self.strings().map(|string| 2 + string.as_bytes().len()).sum();
        let permissions = if let Self::Rtm2 { permissions, .. } = self { permissions.0.len() } else { 0 };
        6 + 6 * self.privileges().len() + strings + permissions
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.u16(self.number());
        out.privileges(self.privileges());
        self.strings().for_each(|string| out.field_str(string));
        if let Self::Apaas { role, .. } = self {
            out.u16(role.cast_unsigned());
        } else if let Self::Rtm2 { permissions, .. } = self {
            out.raw(permissions.0);
        }
    }

    fn strings(&self) -> impl Iterator<Item = &FieldStr<'a>> {
        self.channel().into_iter().chain(self.user())
    }
}

#[cfg(feature = "inspect")]
impl<'a> Service<'a> {
    /// Parses one service. Returns `None` if the type is unknown, because the length of such a service is unknown.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Option<Self>, ParseError> {
        let number = reader.u16()?;
        if !(1..=Self::MAX_NUMBER).contains(&number) {
            return Ok(None);
        }
        let privileges = reader.privileges()?;
        Ok(Some(match number {
            1 => Self::Rtc { channel: reader.field_str()?, user: reader.field_str()?, privileges },
            2 => Self::Rtm { user: reader.field_str()?, privileges },
            3 => Self::Streaming { channel: reader.field_str()?, user: reader.field_str()?, privileges },
            4 => Self::Fpa { privileges },
            5 => Self::Chat { user: reader.field_str()?, privileges },
            6 => Self::Fcdn { channel: reader.field_str()?, user: reader.field_str()?, privileges },
            7 => {
                let (room, user, role) =
                    (reader.field_str()?, reader.field_str()?, reader.u16()?.cast_signed());
                Self::Apaas { room, user, role, privileges }
            }
            8 => {
                let (user, permissions) = (reader.field_str()?, Permissions::read(reader)?);
                Self::Rtm2 { user, permissions, privileges }
            }
            9 => Self::ConvoAi { privileges },
            _ => Self::Stt { privileges },
        }))
    }
}

/// Returns the MD5 hash of a string: 32 lowercase hexadecimal characters.
fn md5(string: FieldStr<'_>) -> FieldStr<'static> {
    let mut hash = String::with_capacity(32);
    for byte in Md5::digest(string.as_bytes()) {
        // Writing to a `String` cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    FieldStr::short(&hash)
}

fn pair(first: Option<PrivilegeTtl>, second: Option<PrivilegeTtl>) -> Privileges<'static, Seconds> {
    let both = [(1, first), (2, second)];
    Privileges::collect(both.into_iter().filter_map(|(id, ttl)| Some((id, ttl?.seconds()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected value is the output of `printf w48534 | md5sum`. This hash has leading zeros.
    #[test]
    fn hash_keeps_leading_zeros() {
        let hash = md5(FieldStr::new("w48534").unwrap());
        assert_eq!(hash.as_str(), "0000ff46a25d77fc5d45171f1fd30f72");
    }

    #[test]
    fn app_service_has_an_empty_user() {
        assert_eq!(
            Service::chat_app(PrivilegeTtl::WithToken),
            Service::Chat { user: FieldStr::EMPTY, privileges: Privileges::single(2, Seconds(0)) }
        );
    }
}
