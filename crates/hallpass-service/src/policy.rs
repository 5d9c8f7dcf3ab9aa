//! Who may have what.

use std::fmt;

use hallpass_token::Lasts;
use hallpass_token::Life;
use hallpass_token::agora::{
    Channel, ChannelName, ChatUser, FcdnPrivileges, PermissionTree, Role, RtcPrivileges, RtmUser,
    StreamingPrivileges, Uid, User,
};
use hallpass_token::videosdk::Roles;

use crate::ask::{ApaasAsk, ChatAsk, RtcAsk, ServiceAsk, StreamAsk, VideoSdkAsk};
use crate::caller::Caller;
use crate::config::Open;
use crate::problem::Problem;

/// One service as it is given: everything that the request left out is filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServiceGrant<'a> {
    Rtc { channel: Channel<'a>, user: User<'a>, role: Role, privileges: RtcPrivileges },
    Rtm { user: RtmUser<'a>, permissions: Option<&'a PermissionTree> },
    ChatUser(ChatUser<'a>),
    Streaming { channel: Channel<'a>, user: User<'a>, privileges: StreamingPrivileges },
    Fcdn { channel: Channel<'a>, user: User<'a>, privileges: FcdnPrivileges },
    ApaasRoom { room: ChannelName<'a>, user: RtmUser<'a>, role: i16 },
    ApaasUser(RtmUser<'a>),
    Fpa,
    ConvoAi,
    Stt,
}

/// What a decision rests on beside the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    pub(crate) caller: Caller,
    /// How long the token will live.
    pub(crate) life: Life,
    /// For a request that names no user of a channel.
    pub(crate) random_uid: Uid,
}

/// Why a caller does not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The part of the request that was refused.
    pub(crate) part: Part,
    /// Where in a request to `/v1/token` that stands.
    pub(crate) field: &'static str,
    /// What was refused, and who could grant it.
    pub(crate) reason: &'static str,
}

/// The parts of a request that a policy decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Something that is never given unless a rule names it.
    Privileged,
}

impl Part {
    /// The name that programs may rely on.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl Decision {
    /// Decides on one service of a token of Agora.
    ///
    /// # Errors
    /// [`Problem::Refused`], and [`Problem::InvalidField`] where the request must name a user and does not.
    pub(crate) fn service<'a>(&self, ask: &ServiceAsk<'a>) -> Result<ServiceGrant<'a>, Problem> {
        Ok(match *ask {
            ServiceAsk::Rtc(RtcAsk { channel, user, role, lives }) => {
                let full = role.privileges(Lasts::For(self.life));
                let privileges = lives.map_or(full, |lives| self.cut_rtc(full, lives));
                let channel = named("rtc.channel", channel)?;
                ServiceGrant::Rtc { channel, user: self.user("rtc.uid", user)?, role, privileges }
            }
            ServiceAsk::StreamChannel { channel, user } => {
                let full = Role::Publisher.privileges(Lasts::For(self.life));
                let privileges = RtcPrivileges { publish_audio: None, publish_video: None, ..full };
                let (channel, user) = (named("rtc.channel", channel)?, user.into());
                ServiceGrant::Rtc { channel, user, role: Role::Publisher, privileges }
            }
            ServiceAsk::Rtm { user, permissions } => {
                ServiceGrant::Rtm { user: user.ok_or_else(|| missing("rtm.user"))?, permissions }
            }
            ServiceAsk::Chat(ChatAsk::User(user)) => {
                ServiceGrant::ChatUser(user.ok_or_else(|| missing("chat.user"))?)
            }
            ServiceAsk::Chat(ChatAsk::App) => return Err(privileged("chat.app", CHAT_APP)),
            ServiceAsk::Streaming(StreamAsk { channel, user, privileges }) => ServiceGrant::Streaming {
                channel: named("streaming.channel", channel)?,
                user: self.user("streaming.uid", user)?,
                privileges: StreamingPrivileges {
                    publish_mixed: self.cut(privileges.publish_mixed),
                    publish_raw: self.cut(privileges.publish_raw),
                },
            },
            ServiceAsk::Fcdn(StreamAsk { channel, user, privileges }) => ServiceGrant::Fcdn {
                channel: named("fcdn.channel", channel)?,
                user: self.user("fcdn.uid", user)?,
                privileges: FcdnPrivileges {
                    publish: self.cut(privileges.publish),
                    play: self.cut(privileges.play),
                },
            },
            ServiceAsk::Apaas(ApaasAsk::Room { room, user, role }) => {
                ServiceGrant::ApaasRoom { room, user: user.ok_or_else(|| missing("apaas.user"))?, role }
            }
            ServiceAsk::Apaas(ApaasAsk::User(user)) => {
                ServiceGrant::ApaasUser(user.ok_or_else(|| missing("apaas.user"))?)
            }
            ServiceAsk::Apaas(ApaasAsk::App) => return Err(privileged("apaas.app", APAAS_APP)),
            ServiceAsk::Fpa => ServiceGrant::Fpa,
            ServiceAsk::ConvoAi => ServiceGrant::ConvoAi,
            ServiceAsk::Stt => ServiceGrant::Stt,
        })
    }

    /// Decides on a token of VideoSDK.
    ///
    /// # Errors
    /// [`Problem::Refused`]
    pub(crate) fn videosdk<'a>(&self, ask: &VideoSdkAsk<'a>) -> Result<VideoSdkAsk<'a>, Problem> {
        if ask.permissions.moderates() {
            return Err(privileged("videosdk.permissions", MODERATOR));
        }
        match ask.scope.map(|scope| scope.roles) {
            None | Some(Roles::Rtc) => Ok(*ask),
            Some(Roles::None) => Err(privileged("videosdk.roles", NO_ROLE)),
            Some(Roles::Crawler | Roles::RtcAndCrawler) => Err(privileged("videosdk.roles", CRAWLER)),
        }
    }

    fn user<'a>(&self, field: &'static str, user: Option<User<'a>>) -> Result<User<'a>, Problem> {
        let Caller::Anonymous(Open { wildcard }) = self.caller;
        match user {
            Some(User::Any) if !wildcard => Err(privileged(field, UID_0)),
            Some(user) => Ok(user),
            None => Ok(User::Uid(self.random_uid)),
        }
    }

    /// A life as long as the token at the most.
    fn cut(&self, lasts: Option<Lasts>) -> Option<Lasts> {
        lasts.map(|lasts| Lasts::For(lasts.within(self.life)))
    }

    /// The privileges of the role, with the lives that were asked for where these are shorter.
    fn cut_rtc(&self, full: RtcPrivileges, lives: RtcPrivileges) -> RtcPrivileges {
        let cut = |full: Option<Lasts>, life: Option<Lasts>| self.cut(full.map(|full| life.unwrap_or(full)));
        RtcPrivileges {
            join: cut(full.join, lives.join),
            publish_audio: cut(full.publish_audio, lives.publish_audio),
            publish_video: cut(full.publish_video, lives.publish_video),
            publish_data: cut(full.publish_data, lives.publish_data),
        }
    }
}

const ANY_CHANNEL: &str =
    "channel `*` opens every channel of the project, and is never given to anonymous callers";
const UID_0: &str = "uid 0 makes a token that anybody may use; name a uid, or set `auth.open.wildcard`";
const CHAT_APP: &str =
    "a Chat token for the app has the rights of an administrator, and is never given to anonymous callers";
const APAAS_APP: &str =
    "an APaaS token for the app has the rights of an administrator, and is never given to anonymous callers";
const MODERATOR: &str = "`allow_mod` lets its holder remove others, and is never given to anonymous callers";
const CRAWLER: &str = "the role `crawler` calls VideoSDK's REST API, and is never given to anonymous callers";
const NO_ROLE: &str = "a token without a role calls VideoSDK's REST API as well, and is never given to anonymous callers; name the role `rtc`";

fn named<'a>(field: &'static str, channel: Channel<'a>) -> Result<Channel<'a>, Problem> {
    if channel == Channel::Any { Err(privileged(field, ANY_CHANNEL)) } else { Ok(channel) }
}

const fn privileged(field: &'static str, reason: &'static str) -> Problem {
    Problem::Refused(Refusal { part: Part::Privileged, field, reason })
}

fn missing(field: &str) -> Problem {
    Problem::field(field, "is missing; it says whom the token is for")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hallpass_token::videosdk::Permissions;

    use crate::ask::VideoSdkScope;

    fn decision(wildcard: bool) -> Decision {
        let caller = Caller::Anonymous(Open { wildcard });
        Decision { caller, life: Life::new(60).unwrap(), random_uid: Uid::from_bytes([0xFF; 4]) }
    }

    fn rtc<'a>(wildcard: bool, channel: &'a str, user: Option<User<'a>>) -> Result<User<'a>, Problem> {
        let channel = Channel::parse_or_any(channel).unwrap();
        let ask = ServiceAsk::Rtc(RtcAsk { channel, user, role: Role::Publisher, lives: None });
        let grant = decision(wildcard).service(&ask)?;
        let ServiceGrant::Rtc { user, .. } = grant else { unreachable!("{grant:?}") };
        Ok(user)
    }

    #[test]
    fn uid_0_needs_the_wildcard() {
        assert_eq!(rtc(false, "demo", Some(User::Any)), Err(privileged("rtc.uid", UID_0)));
        assert_eq!(rtc(true, "demo", Some(User::Any)), Ok(User::Any));
    }

    #[test]
    fn channel_star_is_not_opened_by_the_wildcard() {
        assert_eq!(
            rtc(true, "*", Some(User::from_number_or_any(1))),
            Err(privileged("rtc.channel", ANY_CHANNEL))
        );
    }

    #[test]
    fn nobody_named_is_a_random_uid_and_not_anybody() {
        assert_eq!(rtc(true, "demo", None), Ok(User::from_number_or_any(u32::MAX)));
    }

    #[test]
    fn administrators_are_not_anonymous() {
        for (ask, field, reason) in [
            (ServiceAsk::Chat(ChatAsk::App), "chat.app", CHAT_APP),
            (ServiceAsk::Apaas(ApaasAsk::App), "apaas.app", APAAS_APP),
        ] {
            assert_eq!(decision(true).service(&ask).unwrap_err(), privileged(field, reason));
        }
    }

    #[test]
    fn moderators_and_crawlers_are_not_anonymous() {
        let decide = |permissions, roles| {
            let scope = Some(VideoSdkScope { roles, room: None, participant: None });
            decision(true).videosdk(&VideoSdkAsk { permissions, scope }).map(|_| ())
        };
        assert_eq!(decide(Permissions::Join, Roles::Rtc), Ok(()));
        assert_eq!(
            decide(Permissions::JoinAndModerate, Roles::Rtc),
            Err(privileged("videosdk.permissions", MODERATOR))
        );
        assert_eq!(
            decide(Permissions::Moderate, Roles::None),
            Err(privileged("videosdk.permissions", MODERATOR))
        );
        assert_eq!(
            decide(Permissions::Join, Roles::RtcAndCrawler),
            Err(privileged("videosdk.roles", CRAWLER))
        );
        assert_eq!(decide(Permissions::Join, Roles::None), Err(privileged("videosdk.roles", NO_ROLE)));
    }

    #[test]
    fn a_privilege_lasts_no_longer_than_the_token() {
        let lasts = |seconds| Some(Lasts::For(Life::new(seconds).unwrap()));
        assert_eq!(decision(true).cut(lasts(61)), lasts(60));
        assert_eq!(decision(true).cut(lasts(59)), lasts(59));
        assert_eq!(decision(true).cut(None), None);
    }
}
