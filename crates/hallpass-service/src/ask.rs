//! What a request asks for, in values that the providers accept. What it leaves out is filled in by the policy.

use hallpass_token::agora::{
    Account, Channel, ChannelName, ChatUser, FcdnPrivileges, PermissionTree, Role, RtcPrivileges, RtmUser,
    StreamingPrivileges, User,
};
use hallpass_token::videosdk::{ParticipantId, Permissions, Roles, RoomId};
use hallpass_token::{Life, UnixSeconds};
use serde::de::{Deserialize, Deserializer, Error};

use crate::json::WholeNumber;
use crate::version::Version;

/// One request for one token.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    /// The name of a configured project.
    pub(crate) project: Option<&'a str>,
    /// Cut to what the configuration allows.
    pub(crate) ttl: Option<Ttl>,
    pub(crate) what: What<'a>,
}

/// How long a token is to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ttl {
    For(Life),
    Until {
        end: UnixSeconds,
        /// What says so, for an end that has passed.
        field: &'static str,
    },
}

impl<'a> Ask<'a> {
    /// A token of the default project of Agora for one service.
    pub(crate) fn for_service(version: Version, ttl: Option<Ttl>, service: ServiceAsk<'a>) -> Self {
        Self { project: None, ttl, what: What::Agora(AgoraAsk { version, services: vec![service] }) }
    }
}

/// Whose token.
#[derive(Clone, Debug)]
pub(crate) enum What<'a> {
    Agora(AgoraAsk<'a>),
    VideoSdk(VideoSdkAsk<'a>),
}

/// A token of Agora.
#[derive(Clone, Debug)]
pub(crate) struct AgoraAsk<'a> {
    pub(crate) version: Version,
    /// At least one.
    pub(crate) services: Vec<ServiceAsk<'a>>,
}

/// One service of a token of Agora.
#[derive(Clone, Debug)]
pub(crate) enum ServiceAsk<'a> {
    Rtc(RtcAsk<'a>),
    /// Data in a channel for a user of Signaling, which calls it a stream channel.
    StreamChannel {
        channel: Channel<'a>,
        user: Account<'a>,
    },
    Rtm {
        user: Option<RtmUser<'a>>,
        permissions: Option<&'a PermissionTree>,
    },
    Chat(ChatAsk<'a>),
    Streaming(StreamAsk<'a, StreamingPrivileges>),
    Fcdn(StreamAsk<'a, FcdnPrivileges>),
    Apaas(ApaasAsk<'a>),
    Fpa,
    ConvoAi,
    Stt,
}

/// Voice and video in a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RtcAsk<'a> {
    pub(crate) channel: Option<Channel<'a>>,
    pub(crate) user: Option<User<'a>>,
    pub(crate) role: RoleAsk,
    /// Lives of single privileges, for those that the role has; cut to the life of the token.
    pub(crate) lives: Option<RtcPrivileges>,
}

/// The role in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleAsk {
    /// The request names it.
    Asked(Role),
    /// The request does not say: this one where the policy names none.
    Usual(Role),
}

/// Streaming or Fusion CDN in a channel. The privileges that are named are given, each for its life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamAsk<'a, P> {
    pub(crate) channel: Option<Channel<'a>>,
    pub(crate) user: Option<User<'a>>,
    pub(crate) privileges: P,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum ChatAsk<'a> {
    User(Option<ChatUser<'a>>),
    /// The app itself, with the rights of an administrator.
    App,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum ApaasAsk<'a> {
    Room {
        room: ChannelName<'a>,
        user: Option<RtmUser<'a>>,
        role: i16,
    },
    User(Option<RtmUser<'a>>),
    /// The app itself, with the rights of an administrator.
    App,
}

/// A token of VideoSDK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VideoSdkAsk<'a> {
    pub(crate) permissions: Option<Permissions>,
    pub(crate) scope: VideoSdkScopeAsk<'a>,
}

/// Of which version a token of VideoSDK is to be, and what it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VideoSdkScopeAsk<'a> {
    /// Version 1, which has no roles and is bound to nothing.
    V1,
    V2(VideoSdkV2Ask<'a>),
    /// Version 1 where the policy gives it, else version 2 with what the policy fills in.
    V1OrV2,
}

/// What a VideoSDK token of version 2 is to be for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VideoSdkV2Ask<'a> {
    pub(crate) roles: Option<Roles>,
    pub(crate) room: Option<RoomId<'a>>,
    pub(crate) participant: Option<ParticipantId<'a>>,
}

impl RoleAsk {
    /// What the request names, or this one.
    pub(crate) fn or_usual(asked: Option<Role>, usual: Role) -> Self {
        asked.map_or(Self::Usual(usual), Self::Asked)
    }
}

/// A role in an APaaS room, 0 to 32767: what the app makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApaasRole(pub(crate) i16);

impl<'de> Deserialize<'de> for ApaasRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const MAX: u32 = 32_767;
        let number = WholeNumber { range: 0..=MAX, expected: "a whole number from 0 to 32767" };
        i16::try_from(number.read(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}
