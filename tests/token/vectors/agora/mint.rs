//! The functions of [`Mint`] that correspond to the official builders.

use hallpass_token::agora;
use hallpass_token::agora::{
    Account, AppCertificate, AppId, Channel, ChannelName, ChatUser, Mint, Role, RtcPrivileges, RtmUser, Salt,
    User,
};
use hallpass_token::{PrivilegeTtl, Seconds, Ttl, UnixSeconds};

use super::builder::{Builder, RtcWithRtm};
use crate::service::tree;

impl Builder {
    /// Returns the token of [`Mint`], or `None` if the types of this crate reject an argument.
    ///
    /// `ts` is the issue time of a 007 token, or the expiry of a 006 token.
    pub(super) fn mint(
        &self,
        app_id: &AppId,
        certificate: &AppCertificate,
        salt: u32,
        ts: u32,
    ) -> Option<String> {
        let is_006 = matches!(
            self,
            Self::Rtc006Uid { .. } | Self::Rtc006Account { .. } | Self::Rtm006 { .. } | Self::Raw006 { .. }
        );
        let issued_at = if is_006 { ts.checked_sub(Seconds::DAY.0)? } else { ts };
        let salt = (salt > 0).then(|| Salt::from_bytes(salt.to_le_bytes()))?;
        let mint = Mint { app_id, certificate, issued_at: UnixSeconds(issued_at), salt };
        let until = |end: u32| match end {
            0 => Some(PrivilegeTtl::WithToken),
            _ => privilege_ttl(end.checked_sub(issued_at).filter(|ttl| *ttl > 0)?),
        };
        Some(match self {
            Self::Rtc006Uid { channel, uid, role, expire_ts } => {
                let privileges = role_006(*role)?.privileges(until(*expire_ts)?);
                mint.rtc_006(self::channel(channel)?, User::from_number_or_any(*uid), privileges)
            }
            Self::Rtc006Account { channel, account, role, expire_ts } => {
                let privileges = role_006(*role)?.privileges(until(*expire_ts)?);
                mint.rtc_006(self::channel(channel)?, user(account)?, privileges)
            }
            Self::Rtm006 { user, expire_ts } => mint.rtm_006(rtm_user(user)?, until(*expire_ts)?),
            Self::Raw006 { .. } | Self::Raw007 { .. } => return None,
            Self::RtcUid { channel, uid, role, token_expire, privilege_expire } => {
                let privileges = role_007(*role).privileges(privilege_ttl(*privilege_expire)?);
                mint.rtc(
                    self::channel(channel)?,
                    User::from_number_or_any(*uid),
                    privileges,
                    ttl(*token_expire)?,
                )
            }
            Self::RtcAccount { channel, account, role, token_expire, privilege_expire } => {
                let privileges = role_007(*role).privileges(privilege_ttl(*privilege_expire)?);
                mint.rtc(self::channel(channel)?, user(account)?, privileges, ttl(*token_expire)?)
            }
            Self::RtcUidPriv { channel, uid, token_expire, join, audio, video, data } => {
                let privileges = all_four([*join, *audio, *video, *data])?;
                mint.rtc(
                    self::channel(channel)?,
                    User::from_number_or_any(*uid),
                    privileges,
                    ttl(*token_expire)?,
                )
            }
            Self::RtcAccountPriv { channel, account, token_expire, join, audio, video, data } => {
                let privileges = all_four([*join, *audio, *video, *data])?;
                mint.rtc(self::channel(channel)?, user(account)?, privileges, ttl(*token_expire)?)
            }
            Self::RtcRtm { channel, account, role, token_expire, privilege_expire } => {
                let grant = agora::RtcWithRtm {
                    channel: self::channel(channel)?,
                    user: user(account)?,
                    privileges: role_007(*role).privileges(privilege_ttl(*privilege_expire)?),
                    rtm_user: rtm_user(account)?,
                    rtm_login: privilege_ttl(*token_expire)?,
                };
                mint.rtc_with_rtm(&grant, ttl(*token_expire)?)
            }
            Self::RtcRtm2(grant) => mint.rtc_with_rtm(&grant.typed()?, ttl(grant.rtc_expire)?),
            Self::Convoai(grant) => mint.convo_ai(&grant.typed()?, ttl(grant.rtc_expire)?),
            Self::Stt(grant) => mint.stt(&grant.typed()?, ttl(grant.rtc_expire)?),
            Self::Rtm { user, expire } => mint.rtm(rtm_user(user)?, ttl(*expire)?),
            Self::Rtm2Perm { user, permissions, expire } => {
                let tree = tree(permissions).ok()?;
                mint.rtm_with_permissions(rtm_user(user)?, tree.as_permissions(), ttl(*expire)?)
            }
            Self::RtmStream { user, expire, stream } if stream.is_empty() => {
                mint.rtm(rtm_user(user)?, ttl(*expire)?)
            }
            Self::RtmStream { user, expire, stream } => {
                mint.rtm_with_stream(rtm_user(user)?, channel(stream)?, ttl(*expire)?)
            }
            Self::ChatUser { user, expire } => mint.chat_user(ChatUser::parse(user).ok()?, ttl(*expire)?),
            Self::ChatApp { expire } => mint.chat_app(ttl(*expire)?),
            Self::ApaasRoom { room, user, role, expire } => {
                mint.apaas_room(ChannelName::parse(room).ok()?, rtm_user(user)?, *role, ttl(*expire)?)
            }
            Self::ApaasUser { user, expire } => mint.apaas_user(rtm_user(user)?, ttl(*expire)?),
            Self::ApaasApp { expire } => mint.apaas_app(ttl(*expire)?),
            Self::Fpa {} => mint.fpa(),
        })
    }
}

impl RtcWithRtm {
    fn typed(&self) -> Option<agora::RtcWithRtm<'_>> {
        let all = all_four([self.join, self.audio, self.video, self.data])?;
        let privileges = match role_007(self.role) {
            Role::Publisher => all,
            Role::Subscriber => {
                RtcPrivileges { publish_audio: None, publish_video: None, publish_data: None, ..all }
            }
        };
        Some(agora::RtcWithRtm {
            channel: channel(&self.channel)?,
            user: user(&self.account)?,
            privileges,
            rtm_user: rtm_user(&self.rtm_user)?,
            rtm_login: privilege_ttl(self.rtm_expire)?,
        })
    }
}

fn role_006(role: u32) -> Option<Role> {
    match role {
        0 | 1 | 101 => Some(Role::Publisher),
        2 => Some(Role::Subscriber),
        _ => None,
    }
}

fn role_007(role: u32) -> Role {
    if role == 1 { Role::Publisher } else { Role::Subscriber }
}

fn all_four([join, audio, video, data]: [u32; 4]) -> Option<RtcPrivileges> {
    Some(RtcPrivileges {
        join: Some(privilege_ttl(join)?),
        publish_audio: Some(privilege_ttl(audio)?),
        publish_video: Some(privilege_ttl(video)?),
        publish_data: Some(privilege_ttl(data)?),
    })
}

fn privilege_ttl(seconds: u32) -> Option<PrivilegeTtl> {
    if seconds == 0 { Some(PrivilegeTtl::WithToken) } else { ttl(seconds).map(PrivilegeTtl::For) }
}

fn ttl(seconds: u32) -> Option<Ttl> {
    Ttl::new(seconds).ok()
}

fn channel(name: &str) -> Option<Channel<'_>> {
    Channel::parse_or_any(name).ok()
}

/// Converts an account to a user. The empty account becomes the wildcard, like uid 0. Returns `None` if the account is
/// invalid.
fn user(account: &str) -> Option<User<'_>> {
    if account.is_empty() { Some(User::Any) } else { Account::parse(account).ok().map(User::Account) }
}

fn rtm_user(name: &str) -> Option<RtmUser<'_>> {
    RtmUser::parse(name).ok()
}
