//! Minting of Agora tokens: one method for each official token builder.

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

/// The signing parameters of one token: App ID, certificate, issue time and salt. Create a new value for each token.
///
/// The methods correspond to the builders of the official SDKs (Formats 2.6). [`Mint::rtc_006`] and [`Mint::rtm_006`]
/// return 006 tokens. All other methods return 007 tokens. For combinations of services that no method offers, use
/// [`Mint::services`].
#[derive(Clone, Copy, Debug)]
pub struct Mint<'a> {
    /// The project's App ID.
    pub app_id: &'a AppId,
    /// The certificate that signs the token.
    pub certificate: &'a AppCertificate,
    /// The issue time.
    pub issued_at: UnixSeconds,
    /// The salt, which makes two tokens with the same issue time differ. Use four new random bytes for each token.
    pub salt: Salt,
}

/// A random number from 1 to 4,294,967,295 that makes a token unique. The token contains the salt unencrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(NonZeroU32);

/// The argument of [`Mint::rtc_with_rtm`], [`Mint::convo_ai`] and [`Mint::stt`]: the grant of a channel and a Signaling
/// login.
#[derive(Clone, Copy, Debug)]
pub struct RtcWithRtm<'a> {
    /// The channel.
    pub channel: Channel<'a>,
    /// The user in the channel.
    pub user: User<'a>,
    /// The user's privileges in the channel.
    pub privileges: RtcPrivileges,
    /// The user in Signaling. Most official builders use the same name in Signaling and in the channel.
    pub rtm_user: RtmUser<'a>,
    /// The TTL of the Signaling login.
    pub rtm_login: PrivilegeTtl,
}

impl Salt {
    /// Creates a salt from four random bytes. If all four bytes are 0, the salt is 1.
    #[must_use]
    pub const fn from_bytes(random: [u8; 4]) -> Self {
        match NonZeroU32::new(u32::from_le_bytes(random)) {
            Some(salt) => Self(salt),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// Returns the salt as a number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl<'a> Mint<'a> {
    /// Returns a token for voice and video, for a uid or an account: `RtcTokenBuilder2`.
    ///
    /// Each privilege can have a different TTL. [`super::Role::privileges`] sets the same TTL for all privileges.
    #[must_use]
    pub fn rtc(&self, channel: Channel<'a>, user: User<'a>, privileges: RtcPrivileges, ttl: Ttl) -> String {
        self.services(Services::single(&Service::rtc(channel, user, privileges)), ttl)
    }

    /// Returns a token for voice, video and Signaling: `RtcTokenBuilder2.buildTokenWithRtm2`.
    ///
    /// For the result of `buildTokenWithRtm`, pass the account as both users, and the token's TTL as `rtm_login`.
    #[must_use]
    pub fn rtc_with_rtm(&self, grant: &RtcWithRtm<'a>, ttl: Ttl) -> String {
        self.services(Services::sorted(&grant.services()), ttl)
    }

    /// Returns a token for Signaling: `RtmTokenBuilder2.buildToken`.
    #[must_use]
    pub fn rtm(&self, user: RtmUser<'a>, ttl: Ttl) -> String {
        self.services(Services::single(&Service::rtm(user, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Returns a token for Signaling with a permission tree: `RtmTokenBuilder2.buildTokenWithPermissions`.
    ///
    /// The token works only if Agora has enabled permission trees for the project.
    #[must_use]
    pub fn rtm_with_permissions(&self, user: RtmUser<'a>, permissions: Permissions<'a>, ttl: Ttl) -> String {
        self.services(Services::single(&Service::rtm2(user, permissions, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Returns a token for Signaling and a stream channel: `rtmtokenbuilder` of AgoraIO-Community's go-tokenbuilder.
    /// The user can join the stream channel and send data to the stream channel.
    #[must_use]
    pub fn rtm_with_stream(&self, user: RtmUser<'a>, stream: Channel<'a>, ttl: Ttl) -> String {
        let seconds = ttl.seconds();
        let privileges = Privileges::collect([(1, seconds), (4, seconds)].into_iter());
        let rtc = Service::Rtc { channel: stream.into(), user: user.into(), privileges };
        self.services(Services::sorted(&[rtc, Service::rtm(user, PrivilegeTtl::For(ttl))]), ttl)
    }

    /// Returns a token for Chat as a user: `ChatTokenBuilder2.buildUserToken`.
    #[must_use]
    pub fn chat_user(&self, user: ChatUser<'a>, ttl: Ttl) -> String {
        self.services(Services::single(&Service::chat_user(user, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Returns a token for Chat as the app, with administrator rights: `ChatTokenBuilder2.buildAppToken`. Use this
    /// token on servers only.
    #[must_use]
    pub fn chat_app(&self, ttl: Ttl) -> String {
        self.services(Services::single(&Service::chat_app(PrivilegeTtl::For(ttl))), ttl)
    }

    /// Returns a token for a user in an APaaS room: `ApaasTokenBuilder.buildRoomUserToken` and its equivalent in
    /// `EducationTokenBuilder2`.
    #[must_use]
    pub fn apaas_room(&self, room: ChannelName<'a>, user: RtmUser<'a>, role: i16, ttl: Ttl) -> String {
        self.services(Services::sorted(&Service::apaas_room(room, user, role, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Returns a token for APaaS as a user, without a room: `ApaasTokenBuilder.buildUserToken` and its equivalent in
    /// `EducationTokenBuilder2`.
    #[must_use]
    pub fn apaas_user(&self, user: RtmUser<'a>, ttl: Ttl) -> String {
        self.services(Services::single(&Service::apaas_user(user, PrivilegeTtl::For(ttl))), ttl)
    }

    /// Returns a token for APaaS as the app, with administrator rights: `ApaasTokenBuilder.buildAppToken` and its
    /// equivalent in `EducationTokenBuilder2`. Use this token on servers only.
    #[must_use]
    pub fn apaas_app(&self, ttl: Ttl) -> String {
        self.services(Services::single(&Service::apaas_app(PrivilegeTtl::For(ttl))), ttl)
    }

    /// Returns a token for Full Path Accelerator, with a TTL of 24 hours: `FpaTokenBuilder.buildToken`.
    #[must_use]
    pub fn fpa(&self) -> String {
        self.services(Services::single(&Service::fpa(PrivilegeTtl::WithToken)), Ttl::MAX)
    }

    /// Returns a token for Conversational AI: `ConvoAITokenBuilder.buildToken`.
    #[must_use]
    pub fn convo_ai(&self, grant: &RtcWithRtm<'a>, ttl: Ttl) -> String {
        let [rtc, rtm] = grant.services();
        self.services(Services::sorted(&[rtc, rtm, Service::convo_ai()]), ttl)
    }

    /// Returns a token for speech to text: `SttTokenBuilder.buildToken`.
    #[must_use]
    pub fn stt(&self, grant: &RtcWithRtm<'a>, ttl: Ttl) -> String {
        let [rtc, rtm] = grant.services();
        self.services(Services::sorted(&[rtc, rtm, Service::stt()]), ttl)
    }

    /// Returns a token for any combination of services: `AccessToken2.addService`.
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

    /// Returns a token for voice and video in format 006: `RtcTokenBuilder`.
    ///
    /// Each privilege expires after its TTL. The token expires after 24 hours.
    #[must_use]
    pub fn rtc_006(&self, channel: Channel<'a>, user: User<'a>, privileges: RtcPrivileges) -> String {
        self.sign_006(Subject::rtc(channel, user), privileges.expiries(self.issued_at))
    }

    /// Returns a token for Signaling in format 006: `RtmTokenBuilder`.
    ///
    /// The login privilege expires after its TTL. The token expires after 24 hours.
    #[must_use]
    pub fn rtm_006(&self, user: RtmUser<'a>, login: PrivilegeTtl) -> String {
        self.sign_006(Subject::rtm(user), Privileges::single(RTM_LOGIN, login.expires_at(self.issued_at)))
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
    fn salt_is_never_zero() {
        assert_eq!(Salt::from_bytes([0; 4]).get(), 1);
        assert_eq!(Salt::from_bytes([0, 0, 0, 1]).get(), 1 << 24);
    }
}
