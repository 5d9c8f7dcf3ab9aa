//! What `POST /v1/token` takes.

use hallpass_token::agora::{
    Account, Channel, ChannelName, ChatUser, FcdnPrivileges, PermissionTree, Role, RtcPrivileges, RtmUser,
    StreamingPrivileges, User,
};
use hallpass_token::videosdk::{ParticipantId, Permissions, PermissionsError, Roles, RolesError, RoomId};
use hallpass_token::{Lasts, Life, LifeError};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::permissions::PermissionsBody;
use crate::ask::{
    self, AgoraAsk, ApaasAsk, ApaasRole, Ask, ChatAsk, RoleAsk, RtcAsk, ServiceAsk, StreamAsk, VideoSdkAsk,
    VideoSdkScopeAsk, VideoSdkV2Ask, What,
};
use crate::json::{Object, WholeNumber, named};
use crate::problem::Problem;
use crate::version::Version;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    project: Option<String>,
    version: Option<Version>,
    ttl: Option<Ttl>,
    rtc: Option<Object<RtcBody>>,
    rtm: Option<Object<RtmBody>>,
    chat: Option<Object<ChatBody>>,
    streaming: Option<Object<StreamBody<StreamingBody>>>,
    fcdn: Option<Object<StreamBody<FcdnBody>>>,
    apaas: Option<Object<ApaasBody>>,
    fpa: Option<Object<Empty>>,
    convoai: Option<Object<Empty>>,
    stt: Option<Object<Empty>>,
    videosdk: Option<Object<VideoSdkBody>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RtcBody {
    channel: Option<String>,
    uid: Option<UidNumber>,
    account: Option<String>,
    role: Option<RoleName>,
    privileges: Option<Object<RtcPrivilegesBody>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RtcPrivilegesBody {
    join: Option<Ttl>,
    publish_audio: Option<Ttl>,
    publish_video: Option<Ttl>,
    publish_data: Option<Ttl>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RtmBody {
    user: Option<String>,
    permissions: Option<Object<PermissionsBody>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ChatBody {
    user: Option<String>,
    #[serde(default)]
    app: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamBody<P> {
    channel: Option<String>,
    uid: Option<UidNumber>,
    account: Option<String>,
    #[serde(bound(deserialize = "P: serde::Deserialize<'de>"))]
    privileges: Option<Object<P>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamingBody {
    publish_mixed: Option<Ttl>,
    publish_raw: Option<Ttl>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FcdnBody {
    publish: Option<Ttl>,
    play: Option<Ttl>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ApaasBody {
    room: Option<String>,
    user: Option<String>,
    role: Option<ApaasRole>,
    #[serde(default)]
    app: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct VideoSdkBody {
    room: Option<String>,
    participant: Option<String>,
    permissions: Option<Vec<String>>,
    roles: Option<Vec<String>>,
    version: Option<VideoSdkVersion>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Clone, Copy)]
enum RoleName {
    Publisher,
    Subscriber,
}

/// The life of the token, or of one privilege.
pub(in crate::routes) struct Ttl(Life);

impl Ttl {
    pub(in crate::routes) const fn life(&self) -> Life {
        self.0
    }
}

/// A user number; 0 stands for anybody, and is for the policy to decide.
pub(in crate::routes) struct UidNumber(pub(in crate::routes) u32);

/// 1 or 2.
struct VideoSdkVersion(u32);

impl TokenBody {
    /// The permission tree for Signaling, if the request has one.
    ///
    /// # Errors
    /// [`Problem::InvalidField`]
    pub(crate) fn permission_tree(&self) -> Result<Option<PermissionTree>, Problem> {
        let permissions = self.rtm.as_ref().and_then(|Object(rtm)| rtm.permissions.as_ref());
        permissions.map(|Object(permissions)| permissions.tree()).transpose()
    }

    /// What is asked for, with the permission tree that was made before.
    ///
    /// # Errors
    /// [`Problem::InvalidField`] for the first value that cannot be.
    pub(crate) fn ask<'a>(&'a self, tree: Option<&'a PermissionTree>) -> Result<Ask<'a>, Problem> {
        let services = self.services(tree)?;
        let what = match &self.videosdk {
            Some(_) if !services.is_empty() => {
                let detail = "cannot stand beside services of Agora; ask for one token each";
                return Err(Problem::field("videosdk", detail));
            }
            Some(_) if self.version.is_some() => {
                let detail = "is a format of Agora; a token of VideoSDK has `videosdk.version`";
                return Err(Problem::field("version", detail));
            }
            Some(Object(videosdk)) => What::VideoSdk(videosdk.ask()?),
            None if services.is_empty() => {
                let detail = "there is nothing to make a token for; name `rtc`, `rtm`, `chat`, `streaming`, `fcdn`, `apaas`, `fpa`, `convoai`, `stt` or `videosdk`";
                return Err(Problem::body(detail));
            }
            None => What::Agora(AgoraAsk { version: self.version.unwrap_or(Version::V007), services }),
        };
        Ok(Ask {
            project: self.project.as_deref(),
            ttl: self.ttl.as_ref().map(|ttl| ask::Ttl::For(ttl.0)),
            what,
        })
    }

    fn services<'a>(&'a self, tree: Option<&'a PermissionTree>) -> Result<Vec<ServiceAsk<'a>>, Problem> {
        let mut services = Vec::with_capacity(2);
        if let Some(Object(rtc)) = &self.rtc {
            services.push(ServiceAsk::Rtc(rtc.ask()?));
        }
        if let Some(Object(rtm)) = &self.rtm {
            let user = rtm.user.as_deref().map(RtmUser::parse).transpose();
            let user = user.map_err(|error| Problem::field("rtm.user", error))?;
            services.push(ServiceAsk::Rtm { user, permissions: tree });
        }
        if let Some(Object(chat)) = &self.chat {
            services.push(ServiceAsk::Chat(chat.ask()?));
        }
        if let Some(Object(stream)) = &self.streaming {
            let names = "`publish_mixed`, `publish_raw`";
            services.push(ServiceAsk::Streaming(stream.ask("streaming", names, StreamingBody::lives)?));
        }
        if let Some(Object(stream)) = &self.fcdn {
            let names = "`publish`, `play`";
            services.push(ServiceAsk::Fcdn(stream.ask("fcdn", names, FcdnBody::lives)?));
        }
        if let Some(Object(apaas)) = &self.apaas {
            let ask = apaas.ask()?;
            if matches!(ask, ApaasAsk::Room { .. }) && (self.rtm.is_some() || self.chat.is_some()) {
                let detail = "brings `rtm` and `chat` for its user along; leave these out";
                return Err(Problem::field("apaas.room", detail));
            }
            services.push(ServiceAsk::Apaas(ask));
        }
        services.extend(self.fpa.is_some().then_some(ServiceAsk::Fpa));
        services.extend(self.convoai.is_some().then_some(ServiceAsk::ConvoAi));
        services.extend(self.stt.is_some().then_some(ServiceAsk::Stt));
        Ok(services)
    }
}

impl RtcBody {
    fn ask(&self) -> Result<RtcAsk<'_>, Problem> {
        let channel = channel("rtc", self.channel.as_deref())?;
        let user = user("rtc", self.uid.as_ref(), self.account.as_deref())?;
        let role = RoleAsk::or_usual(self.role.map(RoleName::into_role), Role::Subscriber);
        let lives = self.privileges.as_ref().map(|Object(body)| body.lives());
        Ok(RtcAsk { channel, user, role, lives })
    }
}

impl RtcPrivilegesBody {
    fn lives(&self) -> RtcPrivileges {
        RtcPrivileges {
            join: lasts(self.join.as_ref()),
            publish_audio: lasts(self.publish_audio.as_ref()),
            publish_video: lasts(self.publish_video.as_ref()),
            publish_data: lasts(self.publish_data.as_ref()),
        }
    }
}

impl ChatBody {
    fn ask(&self) -> Result<ChatAsk<'_>, Problem> {
        match (&self.user, self.app) {
            (Some(_), true) => Err(Problem::field("chat.app", "cannot stand beside `chat.user`")),
            (None, true) => Ok(ChatAsk::App),
            (user, false) => {
                let user = user.as_deref().map(ChatUser::parse).transpose();
                Ok(ChatAsk::User(user.map_err(|error| Problem::field("chat.user", error))?))
            }
        }
    }
}

impl<P> StreamBody<P> {
    /// Privileges that are not named are not given, as everywhere; without any the service would permit nothing.
    fn ask<T>(
        &self,
        service: &str,
        names: &str,
        lives: impl Fn(&P) -> Option<T>,
    ) -> Result<StreamAsk<'_, T>, Problem> {
        let channel = channel(service, self.channel.as_deref())?;
        let user = user(service, self.uid.as_ref(), self.account.as_deref())?;
        let privileges = self.privileges.as_ref().and_then(|Object(body)| lives(body)).ok_or_else(|| {
            let detail = format!("is missing or empty; name {names} or both, each for how many seconds");
            Problem::field(&format!("{service}.privileges"), detail)
        })?;
        Ok(StreamAsk { channel, user, privileges })
    }
}

impl StreamingBody {
    /// `None` where no privilege is named.
    fn lives(&self) -> Option<StreamingPrivileges> {
        let (publish_mixed, publish_raw) =
            (lasts(self.publish_mixed.as_ref()), lasts(self.publish_raw.as_ref()));
        publish_mixed.or(publish_raw).map(|_| StreamingPrivileges { publish_mixed, publish_raw })
    }
}

impl FcdnBody {
    /// `None` where no privilege is named.
    fn lives(&self) -> Option<FcdnPrivileges> {
        let (publish, play) = (lasts(self.publish.as_ref()), lasts(self.play.as_ref()));
        publish.or(play).map(|_| FcdnPrivileges { publish, play })
    }
}

impl ApaasBody {
    fn ask(&self) -> Result<ApaasAsk<'_>, Problem> {
        if self.app {
            let beside =
                [("room", self.room.is_some()), ("user", self.user.is_some()), ("role", self.role.is_some())];
            return match beside.into_iter().find(|(_, present)| *present) {
                Some((field, _)) => {
                    Err(Problem::field(&format!("apaas.{field}"), "cannot stand beside `apaas.app`"))
                }
                None => Ok(ApaasAsk::App),
            };
        }
        let user = self.user.as_deref().map(RtmUser::parse).transpose();
        let user = user.map_err(|error| Problem::field("apaas.user", error))?;
        match (&self.room, &self.role) {
            (Some(room), Some(ApaasRole(role))) => {
                let room = ChannelName::parse(room).map_err(|error| Problem::field("apaas.room", error))?;
                Ok(ApaasAsk::Room { room, user, role: *role })
            }
            (Some(_), None) => {
                let detail = "is missing; a room needs the role of its user, a number from 0 to 32767";
                Err(Problem::field("apaas.role", detail))
            }
            (None, Some(_)) => Err(Problem::field("apaas.role", "is for an `apaas.room` only")),
            (None, None) => Ok(ApaasAsk::User(user)),
        }
    }
}

impl VideoSdkBody {
    fn ask(&self) -> Result<VideoSdkAsk<'_>, Problem> {
        let permissions = match &self.permissions {
            None => None,
            Some(names) => {
                Some(Permissions::parse(names.iter().map(String::as_str)).map_err(permissions_problem)?)
            }
        };
        let room = self.room.as_deref().map(RoomId::parse).transpose();
        let room = room.map_err(|error| Problem::field("videosdk.room", error))?;
        let participant = self.participant.as_deref().map(ParticipantId::parse).transpose();
        let participant = participant.map_err(|error| Problem::field("videosdk.participant", error))?;
        if let Some(VideoSdkVersion(1)) = self.version {
            let beside = [
                ("room", room.is_some()),
                ("participant", participant.is_some()),
                ("roles", self.roles.is_some()),
            ];
            return match beside.into_iter().find(|(_, present)| *present) {
                Some((field, _)) => {
                    Err(Problem::field(&format!("videosdk.{field}"), "needs `videosdk.version` 2"))
                }
                None => Ok(VideoSdkAsk { permissions, scope: VideoSdkScopeAsk::V1 }),
            };
        }
        let roles = match &self.roles {
            None => None,
            Some(names) => {
                Some(Roles::parse(names.iter().map(String::as_str)).map_err(|RolesError(position)| {
                    Problem::field(&format!("videosdk.roles[{position}]"), "must be \"rtc\" or \"crawler\"")
                })?)
            }
        };
        let scope = VideoSdkScopeAsk::V2(VideoSdkV2Ask { roles, room, participant });
        Ok(VideoSdkAsk { permissions, scope })
    }
}

fn permissions_problem(error: PermissionsError) -> Problem {
    const FIELD: &str = "videosdk.permissions";
    match error {
        PermissionsError::Empty => {
            Problem::field(FIELD, "must hold \"allow_join\", \"ask_join\" or \"allow_mod\"")
        }
        PermissionsError::Mixed => {
            Problem::field(FIELD, "must hold \"ask_join\" alone, or not at all; VideoSDK refuses a mixture")
        }
        PermissionsError::Unknown(position) => Problem::field(
            &format!("{FIELD}[{position}]"),
            "must be \"allow_join\", \"ask_join\" or \"allow_mod\"",
        ),
    }
}

fn channel<'a>(service: &str, name: Option<&'a str>) -> Result<Option<Channel<'a>>, Problem> {
    let channel = name.map(Channel::parse_or_any).transpose();
    channel.map_err(|error| Problem::field(&format!("{service}.channel"), error))
}

fn user<'a>(
    service: &str,
    uid: Option<&UidNumber>,
    account: Option<&'a str>,
) -> Result<Option<User<'a>>, Problem> {
    let field = || format!("{service}.account");
    match (uid, account) {
        (Some(_), Some(_)) => {
            let detail = format!("cannot stand beside `{service}.uid`; a user has a number or an account");
            Err(Problem::field(&field(), detail))
        }
        (Some(UidNumber(uid)), None) => Ok(Some(User::from_number_or_any(*uid))),
        (None, Some(account)) => {
            let account = Account::parse(account).map_err(|error| Problem::field(&field(), error))?;
            Ok(Some(account.into()))
        }
        (None, None) => Ok(None),
    }
}

fn lasts(life: Option<&Ttl>) -> Option<Lasts> {
    life.map(|Ttl(life)| Lasts::For(*life))
}

impl RoleName {
    const fn into_role(self) -> Role {
        match self {
            Self::Publisher => Role::Publisher,
            Self::Subscriber => Role::Subscriber,
        }
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "the text \"publisher\" or \"subscriber\"", |text| match text {
            "publisher" => Some(Self::Publisher),
            "subscriber" => Some(Self::Subscriber),
            _ => None,
        })
    }
}

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FromNow;

        impl Visitor<'_> for FromNow {
            type Value = Life;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number of seconds from now, 1 to 86400")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Life, E> {
                // A number that does not fit is a Unix time in milliseconds.
                match Life::new(u32::try_from(number).unwrap_or(u32::MAX)) {
                    Ok(life) => Ok(life),
                    Err(LifeError::UnixTime(_)) => Err(E::custom(format_args!(
                        "{number} looks like a Unix time, but a life is counted from now: 1 to 86400 seconds"
                    ))),
                    Err(LifeError::Zero | LifeError::TooLong(_)) => {
                        Err(E::invalid_value(Unexpected::Unsigned(number), &self))
                    }
                }
            }
        }

        deserializer.deserialize_any(FromNow).map(Self)
    }
}

impl<'de> Deserialize<'de> for UidNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = WholeNumber {
            range: 0..=u32::MAX,
            expected: "a whole number from 1 to 4294967295; a text belongs in `account`",
        };
        number.read(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for VideoSdkVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WholeNumber { range: 1..=2, expected: "the number 1 or 2" }.read(deserializer).map(Self)
    }
}
