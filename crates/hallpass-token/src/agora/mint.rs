//! The tokens of the official builders, each by one call.

use alloc::string::String;
use core::num::NonZeroU32;

use super::credentials::{AppCertificate, AppId};
use super::name::{Channel, ChannelName, ChatUser, RtmUser};
use super::permission::Permissions;
use super::privilege::{Privileges, RtcPrivileges};
use super::service::Service;
use super::user::User;
use super::v006::{RTM_LOGIN, Subject, Token006};
use super::v007::{Services, Token007};
use crate::{PrivilegeTtl, Seconds, Ttl, UnixSeconds};

/// Who signs a token, when, and with which random number: one of these for each token.
///
/// Its functions are the builders of the official SDKs (Formats 2.6). They are of format 007 but for [`Mint::rtc_006`] and
/// [`Mint::rtm_006`]. What they do not offer, [`Mint::services`] does.
#[derive(Clone, Copy, Debug)]
pub struct Mint<'a> {
    /// The project.
    pub app_id: &'a AppId,
    /// The secret of the project.
    pub certificate: &'a AppCertificate,
    /// When the token is issued.
    pub issued_at: UnixSeconds,
    /// Makes two tokens of one second differ. Take four fresh random bytes for each token.
    pub salt: Salt,
}

/// A public random number of a token, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(NonZeroU32);

/// What [`Mint::rtc_with_rtm`], [`Mint::convo_ai`] and [`Mint::stt`] permit: a channel, and login to Signaling.
#[derive(Clone, Copy, Debug)]
pub struct RtcWithRtm<'a> {
    /// The channel.
    pub channel: Channel<'a>,
    /// The user in the channel.
    pub user: User<'a>,
    /// What the user may do in the channel.
    pub privileges: RtcPrivileges,
    /// The user in Signaling; the official builders often take the same name for both.
    pub rtm_user: RtmUser<'a>,
    /// How long the login to Signaling lasts.
    pub rtm_login: PrivilegeTtl,
}

impl Salt {
    /// Makes a salt of 4 random bytes; of four zeros, 1.
    #[must_use]
    pub const fn from_bytes(random: [u8; 4]) -> Self {
        match NonZeroU32::new(u32::from_le_bytes(random)) {
            Some(salt) => Self(salt),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl<'a> Mint<'a> {
    /// Voice and video: `RtcTokenBuilder2`, by uid or account, with one length for all privileges
    /// ([`super::Role::privileges`]) or one for each.
    #[must_use]
    pub fn rtc(&self, channel: Channel<'a>, user: User<'a>, privileges: RtcPrivileges, ttl: Ttl) -> String {
        self.services(Services::one(&Service::rtc(channel, user, privileges)), ttl)
    }

    /// Voice and video, and Signaling: `RtcTokenBuilder2.buildTokenWithRtm2`, and `buildTokenWithRtm`, for which the
    /// account is the user of both and the login lasts as long as the token.
    #[must_use]
    pub fn rtc_with_rtm(&self, grant: &RtcWithRtm<'a>, ttl: Ttl) -> String {
        self.services(Services::sorted(&grant.services()), ttl)
    }

    /// Signaling: `RtmTokenBuilder2.buildToken`.
    #[must_use]
    pub fn rtm(&self, user: RtmUser<'a>, ttl: Ttl) -> String {
        self.services(Services::one(&Service::rtm(user, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Signaling with a permission tree: `RtmTokenBuilder2.buildTokenWithPermissions`. Agora has to switch it on for
    /// a project.
    #[must_use]
    pub fn rtm_with_permissions(&self, user: RtmUser<'a>, permissions: Permissions<'a>, ttl: Ttl) -> String {
        self.services(Services::one(&Service::rtm2(user, permissions, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Signaling with a stream channel, which the user may join and send data to: `rtmtokenbuilder` of
    /// AgoraIO-Community's go-tokenbuilder.
    #[must_use]
    pub fn rtm_with_stream(&self, user: RtmUser<'a>, stream: Channel<'a>, ttl: Ttl) -> String {
        let seconds = ttl.seconds();
        let privileges = Privileges::collect([(1, seconds), (4, seconds)].into_iter());
        let rtc = Service::Rtc { channel: stream.into(), user: user.into(), privileges };
        self.services(Services::sorted(&[rtc, Service::rtm(user, PrivilegeTtl::For(ttl))]), ttl)
    }

    /// Chat as a user: `ChatTokenBuilder2.buildUserToken`.
    #[must_use]
    pub fn chat_user(&self, user: ChatUser<'a>, ttl: Ttl) -> String {
        self.services(Services::one(&Service::chat_user(user, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Chat as the app itself, with the rights of an administrator, for servers only:
    /// `ChatTokenBuilder2.buildAppToken`.
    #[must_use]
    pub fn chat_app(&self, ttl: Ttl) -> String {
        self.services(Services::one(&Service::chat_app(PrivilegeTtl::For(ttl))), ttl)
    }

    /// The user of an APaaS room: `ApaasTokenBuilder.buildRoomUserToken`, `EducationTokenBuilder2` alike.
    #[must_use]
    pub fn apaas_room(&self, room: ChannelName<'a>, user: RtmUser<'a>, role: i16, ttl: Ttl) -> String {
        self.services(Services::sorted(&Service::apaas_room(room, user, role, PrivilegeTtl::For(ttl))), ttl)
    }

    /// APaaS as a user, outside of a room: `ApaasTokenBuilder.buildUserToken`, `EducationTokenBuilder2` alike.
    #[must_use]
    pub fn apaas_user(&self, user: RtmUser<'a>, ttl: Ttl) -> String {
        self.services(Services::one(&Service::apaas_user(user, PrivilegeTtl::For(ttl))), ttl)
    }

    /// APaaS as the app itself, with the rights of an administrator, for servers only:
    /// `ApaasTokenBuilder.buildAppToken`, `EducationTokenBuilder2` alike.
    #[must_use]
    pub fn apaas_app(&self, ttl: Ttl) -> String {
        self.services(Services::one(&Service::apaas_app(PrivilegeTtl::For(ttl))), ttl)
    }

    /// Full Path Accelerator, for 24 hours: `FpaTokenBuilder.buildToken`.
    #[must_use]
    pub fn fpa(&self) -> String {
        self.services(Services::one(&Service::fpa(PrivilegeTtl::WithToken)), Ttl::MAX)
    }

    /// Conversational AI: `ConvoAITokenBuilder.buildToken`.
    #[must_use]
    pub fn convo_ai(&self, grant: &RtcWithRtm<'a>, ttl: Ttl) -> String {
        let [rtc, rtm] = grant.services();
        self.services(Services::sorted(&[rtc, rtm, Service::convo_ai()]), ttl)
    }

    /// Speech to text: `SttTokenBuilder.buildToken`.
    #[must_use]
    pub fn stt(&self, grant: &RtcWithRtm<'a>, ttl: Ttl) -> String {
        let [rtc, rtm] = grant.services();
        self.services(Services::sorted(&[rtc, rtm, Service::stt()]), ttl)
    }

    /// Any services together: `AccessToken2.addService`.
    #[must_use]
    pub fn services(&self, services: Services<'_>, ttl: Ttl) -> String {
        Token007 {
            app_id: self.app_id,
            issued_at: self.issued_at,
            expires_in: ttl.seconds(),
            salt: self.salt.get(),
            services,
        }
        .sign(self.certificate)
    }

    /// Voice and video in format 006: `RtcTokenBuilder`. The privileges end as they say, the token itself after 24
    /// hours.
    #[must_use]
    pub fn rtc_006(&self, channel: Channel<'a>, user: User<'a>, privileges: RtcPrivileges) -> String {
        self.sign_006(Subject::rtc(channel, user), privileges.expiries(self.issued_at))
    }

    /// Signaling in format 006: `RtmTokenBuilder`. The login ends as it says, the token itself after 24 hours.
    #[must_use]
    pub fn rtm_006(&self, user: RtmUser<'a>, login: PrivilegeTtl) -> String {
        self.sign_006(Subject::rtm(user), Privileges::one(RTM_LOGIN, login.expires_at(self.issued_at)))
    }

    fn sign_006(&self, subject: Subject<'_>, privileges: Privileges<'_, UnixSeconds>) -> String {
        Token006 {
            app_id: self.app_id,
            subject,
            salt: self.salt.get(),
            expires_at: self.issued_at.saturating_add(Seconds::DAY),
            privileges,
        }
        .sign(self.certificate)
    }
}

impl<'a> RtcWithRtm<'a> {
    fn services(&self) -> [Service<'a>; 2] {
        [Service::rtc(self.channel, self.user, self.privileges), Service::rtm(self.rtm_user, self.rtm_login)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_never_zero() {
        assert_eq!(Salt::from_bytes([0; 4]).get(), 1);
        assert_eq!(Salt::from_bytes([0, 0, 0, 1]).get(), 1 << 24);
    }
}
