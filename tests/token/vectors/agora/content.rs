//! The token content that each official builder must produce.

use anyhow::bail;
use md5::{Digest as _, Md5};

use super::builder::{Builder, RtcWithRtm, uid_text};
use super::hex;
use crate::service::ServiceJson;

/// The content of a token.
pub(super) enum Content<'a> {
    V006 { channel: &'a str, user: String, privileges: Vec<(u16, u32)> },
    V007 { ttl: u32, services: Vec<ServiceJson> },
}

impl Builder {
    pub(super) fn content(&self) -> anyhow::Result<Content<'_>> {
        let (ttl, services) = match self {
            Self::Rtc006Uid { channel, uid, role, expire_ts } => {
                let privileges = rtc_006(*role, *expire_ts)?;
                return Ok(Content::V006 { channel, user: uid_text(*uid), privileges });
            }
            Self::Rtc006Account { channel, account, role, expire_ts } => {
                let privileges = rtc_006(*role, *expire_ts)?;
                return Ok(Content::V006 { channel, user: account.clone(), privileges });
            }
            Self::Rtm006 { user, expire_ts } => {
                let privileges = vec![(1000, *expire_ts)];
                return Ok(Content::V006 { channel: user, user: String::new(), privileges });
            }
            Self::Raw006 { channel, uid, privileges } => {
                return Ok(Content::V006 { channel, user: uid.clone(), privileges: privileges.clone() });
            }
            Self::RtcUid { channel, uid, role, token_expire, privilege_expire } => {
                (*token_expire, vec![rtc(channel, uid_text(*uid), *role, [*privilege_expire; 4])])
            }
            Self::RtcAccount { channel, account, role, token_expire, privilege_expire } => {
                (*token_expire, vec![rtc(channel, account.clone(), *role, [*privilege_expire; 4])])
            }
            Self::RtcUidPriv { channel, uid, token_expire, join, audio, video, data } => {
                (*token_expire, vec![rtc(channel, uid_text(*uid), 1, [*join, *audio, *video, *data])])
            }
            Self::RtcAccountPriv { channel, account, token_expire, join, audio, video, data } => {
                (*token_expire, vec![rtc(channel, account.clone(), 1, [*join, *audio, *video, *data])])
            }
            Self::RtcRtm { channel, account, role, token_expire, privilege_expire } => {
                let rtc = rtc(channel, account.clone(), *role, [*privilege_expire; 4]);
                (*token_expire, vec![rtc, user(2, account, (1, *token_expire))])
            }
            Self::RtcRtm2(grant) => (grant.rtc_expire, grant.services().into()),
            Self::Convoai(grant) => (grant.rtc_expire, [&grant.services()[..], &[empty_service(9)]].concat()),
            Self::Stt(grant) => (grant.rtc_expire, [&grant.services()[..], &[empty_service(10)]].concat()),
            Self::Rtm { user: name, expire } => (*expire, vec![user(2, name, (1, *expire))]),
            Self::Rtm2Perm { user: name, permissions, expire } => {
                let permissions = Some(permissions.clone());
                (*expire, vec![ServiceJson { permissions, ..user(8, name, (1, *expire)) }])
            }
            Self::RtmStream { user: name, expire, stream } => {
                let privileges = vec![(1, *expire), (4, *expire)];
                let rtc = ServiceJson { privileges, ..rtc(stream, name.clone(), 1, [0; 4]) };
                let rtm = user(2, name, (1, *expire));
                (*expire, if stream.is_empty() { vec![rtm] } else { vec![rtc, rtm] })
            }
            Self::ChatUser { user: name, expire } => (*expire, vec![user(5, name, (1, *expire))]),
            Self::ChatApp { expire } => (*expire, vec![user(5, "", (2, *expire))]),
            Self::ApaasRoom { room, user: name, role, expire } => {
                let privilege = (1, *expire);
                let chat = user(5, &hex(&Md5::digest(name)), privilege);
                (*expire, vec![user(2, name, privilege), chat, apaas(room, name, *role, privilege)])
            }
            Self::ApaasUser { user, expire } => (*expire, vec![apaas("", user, -1, (2, *expire))]),
            Self::ApaasApp { expire } => (*expire, vec![apaas("", "", -1, (3, *expire))]),
            Self::Fpa {} => (86_400, vec![ServiceJson { privileges: vec![(1, 0)], ..empty_service(4) }]),
            Self::Raw007 { expire, services } => (*expire, services.clone()),
        };
        Ok(Content::V007 { ttl, services })
    }
}

impl RtcWithRtm {
    fn services(&self) -> [ServiceJson; 2] {
        let ttls = [self.join, self.audio, self.video, self.data];
        [
            rtc(&self.channel, self.account.clone(), self.role, ttls),
            user(2, &self.rtm_user, (1, self.rtm_expire)),
        ]
    }
}

fn rtc_006(role: u32, end: u32) -> anyhow::Result<Vec<(u16, u32)>> {
    match role {
        0 | 1 | 101 => Ok((1..=4).map(|id| (id, end)).collect()),
        2 => Ok(vec![(1, end)]),
        other => bail!("role {other} is not defined in 006"),
    }
}

/// Returns an RTC service. In the builders of format 007, role 1 is the publisher, and any other number is the
/// subscriber.
fn rtc(channel: &str, uid: String, role: u32, ttls: [u32; 4]) -> ServiceJson {
    let count = if role == 1 { 4 } else { 1 };
    let privileges = (1..).zip(ttls).take(count).collect();
    ServiceJson { channel: Some(channel.to_owned()), uid: Some(uid), privileges, ..empty_service(1) }
}

fn user(number: u16, user: &str, privilege: (u16, u32)) -> ServiceJson {
    ServiceJson { user: Some(user.to_owned()), privileges: vec![privilege], ..empty_service(number) }
}

fn apaas(room: &str, name: &str, role: i16, privilege: (u16, u32)) -> ServiceJson {
    ServiceJson { room: Some(room.to_owned()), role: Some(role), ..user(7, name, privilege) }
}

fn empty_service(number: u16) -> ServiceJson {
    ServiceJson { number, ..ServiceJson::default() }
}
