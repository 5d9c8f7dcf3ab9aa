//! What is given: everything that the request left out is filled in.

use hallpass_token::agora::{
    Channel, ChannelName, ChatUser, FcdnPrivileges, PermissionTree, Role, RtcPrivileges, RtmUser,
    StreamingPrivileges, User,
};
use hallpass_token::videosdk::{ParticipantId, Permissions, Roles, RoomId};
use hallpass_token::{Lasts, Life};

/// One service of a token of Agora.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServiceGrant<'a> {
    Rtc { channel: Channel<'a>, user: User<'a>, role: Role, privileges: RtcPrivileges },
    Rtm { user: RtmUser<'a>, permissions: Option<&'a PermissionTree> },
    ChatUser(ChatUser<'a>),
    ChatApp,
    Streaming { channel: Channel<'a>, user: User<'a>, privileges: StreamingPrivileges },
    Fcdn { channel: Channel<'a>, user: User<'a>, privileges: FcdnPrivileges },
    ApaasRoom { room: ChannelName<'a>, user: RtmUser<'a>, role: i16 },
    ApaasUser(RtmUser<'a>),
    ApaasApp,
    Fpa,
    ConvoAi,
    Stt,
}

impl ServiceGrant<'_> {
    /// Cuts the lives of its privileges to that of the token.
    pub(super) fn cut(&mut self, life: Life) {
        let cut = |lasts: &mut Option<Lasts>| *lasts = lasts.map(|lasts| Lasts::For(lasts.within(life)));
        match self {
            Self::Rtc { privileges, .. } => {
                cut(&mut privileges.join);
                cut(&mut privileges.publish_audio);
                cut(&mut privileges.publish_video);
                cut(&mut privileges.publish_data);
            }
            Self::Streaming { privileges, .. } => {
                cut(&mut privileges.publish_mixed);
                cut(&mut privileges.publish_raw);
            }
            Self::Fcdn { privileges, .. } => {
                cut(&mut privileges.publish);
                cut(&mut privileges.play);
            }
            Self::Rtm { .. }
            | Self::ChatUser(_)
            | Self::ChatApp
            | Self::ApaasRoom { .. }
            | Self::ApaasUser(_)
            | Self::ApaasApp
            | Self::Fpa
            | Self::ConvoAi
            | Self::Stt => {}
        }
    }
}

/// A token of VideoSDK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VideoSdkGrant<'a> {
    pub(crate) permissions: Permissions,
    /// `None` for a token of version 1, which has none and is bound to nothing.
    pub(crate) scope: Option<VideoSdkScope<'a>>,
}

/// What a VideoSDK token of version 2 is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VideoSdkScope<'a> {
    pub(crate) roles: Roles,
    pub(crate) room: Option<RoomId<'a>>,
    pub(crate) participant: Option<ParticipantId<'a>>,
}
