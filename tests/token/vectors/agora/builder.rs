//! The builders of the official SDKs, and the JSON format of the arguments of each builder.

use serde::Deserialize;

use crate::service::{PermissionJson, ServiceJson};

/// A builder of the official SDKs, and the arguments of a call.
#[derive(Deserialize)]
#[serde(tag = "builder", content = "args", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Builder {
    Rtc006Uid {
        channel: String,
        uid: u32,
        role: u32,
        expire_ts: u32,
    },
    Rtc006Account {
        channel: String,
        account: String,
        role: u32,
        expire_ts: u32,
    },
    Rtm006 {
        user: String,
        expire_ts: u32,
    },
    Raw006 {
        channel: String,
        uid: String,
        privileges: Vec<(u16, u32)>,
    },
    RtcUid {
        channel: String,
        uid: u32,
        role: u32,
        token_expire: u32,
        privilege_expire: u32,
    },
    RtcAccount {
        channel: String,
        account: String,
        role: u32,
        token_expire: u32,
        privilege_expire: u32,
    },
    RtcUidPriv {
        channel: String,
        uid: u32,
        token_expire: u32,
        join: u32,
        audio: u32,
        video: u32,
        data: u32,
    },
    RtcAccountPriv {
        channel: String,
        account: String,
        token_expire: u32,
        join: u32,
        audio: u32,
        video: u32,
        data: u32,
    },
    RtcRtm {
        channel: String,
        account: String,
        role: u32,
        token_expire: u32,
        privilege_expire: u32,
    },
    RtcRtm2(RtcWithRtm),
    Rtm {
        user: String,
        expire: u32,
    },
    Rtm2Perm {
        user: String,
        permissions: Vec<PermissionJson>,
        expire: u32,
    },
    RtmStream {
        user: String,
        expire: u32,
        stream: String,
    },
    ChatUser {
        user: String,
        expire: u32,
    },
    ChatApp {
        expire: u32,
    },
    #[serde(alias = "edu_room")]
    ApaasRoom {
        room: String,
        user: String,
        role: i16,
        expire: u32,
    },
    #[serde(alias = "edu_user")]
    ApaasUser {
        user: String,
        expire: u32,
    },
    #[serde(alias = "edu_app")]
    ApaasApp {
        expire: u32,
    },
    Fpa {},
    Convoai(RtcWithRtm),
    Stt(RtcWithRtm),
    Raw007 {
        expire: u32,
        services: Vec<ServiceJson>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RtcWithRtm {
    pub(super) channel: String,
    pub(super) account: String,
    pub(super) role: u32,
    pub(super) rtc_expire: u32,
    pub(super) join: u32,
    pub(super) audio: u32,
    pub(super) video: u32,
    pub(super) data: u32,
    pub(super) rtm_user: String,
    pub(super) rtm_expire: u32,
}

/// Returns the user field of a token for a uid. For 0, the wildcard, the field is empty.
pub(super) fn uid_text(uid: u32) -> String {
    if uid == 0 { String::new() } else { uid.to_string() }
}
