//! RTC tokens: voice and video.

use alloc::string::String;
use core::num::NonZeroU32;

use super::credentials::{AppCertificate, AppId};
use super::name::{Account, Channel};
use super::privilege::{RtcPrivileges, Text};
use super::v006::Token006;
use super::v007::{Service, Services, Token007};
use crate::{Seconds, UnixSeconds};

/// What an RTC token says; signed as 006 or 007.
#[derive(Clone, Copy, Debug)]
pub struct RtcToken<'a> {
    /// The project.
    pub app_id: &'a AppId,
    /// Where it is valid.
    pub channel: Channel<'a>,
    /// Who may use it.
    pub user: RtcUser<'a>,
    /// What it permits.
    pub privileges: RtcPrivileges,
    /// When it is issued.
    pub issued_at: UnixSeconds,
    /// How long it lives. 006 has no such field: there the privileges end, and the token itself after 24 hours.
    pub expires_in: Seconds,
    /// Makes two tokens of one second differ.
    pub salt: Salt,
}

/// Who may use an RTC token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtcUser<'a> {
    /// The user with this number.
    Uid(NonZeroU32),
    /// The user with this account.
    Account(Account<'a>),
    /// Anybody: what Agora's builders write for the number 0.
    Any,
}

/// What a user does in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends and receives.
    Publisher,
    /// Receives only. Agora enforces this where co-host authentication is switched on for the project.
    Subscriber,
}

/// A public random number of a token, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(NonZeroU32);

impl RtcUser<'_> {
    /// The user with this number, or anybody for 0.
    #[must_use]
    pub const fn from_number(uid: u32) -> Self {
        match NonZeroU32::new(uid) {
            Some(uid) => Self::Uid(uid),
            None => Self::Any,
        }
    }
}

impl Role {
    /// What the official builders give to this role: a publisher all four privileges, a subscriber only `join`.
    #[must_use]
    pub fn privileges(self, lasting: Seconds) -> RtcPrivileges {
        let publish = (self == Self::Publisher).then_some(lasting);
        RtcPrivileges {
            join: Some(lasting),
            publish_audio: publish,
            publish_video: publish,
            publish_data: publish,
        }
    }
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

impl RtcToken<'_> {
    /// The token in format 007, as `RtcTokenBuilder2` of the official SDKs.
    #[must_use]
    pub fn sign_007(&self, certificate: &AppCertificate) -> String {
        let mut digits = itoa::Buffer::new();
        let mut room = [(0, 0); RtcPrivileges::MAX];
        let rtc = Service::Rtc {
            channel: Text::from_short(self.channel.as_str()),
            uid: Text::from_short(uid_text(self.user, &mut digits)),
            privileges: self.privileges.write_map(&mut room, |lasts| lasts.0),
        };
        Token007 {
            app_id: self.app_id,
            issued_at: self.issued_at,
            expires_in: self.expires_in,
            salt: self.salt.get(),
            services: Services::one(&rtc),
        }
        .sign(certificate)
    }

    /// The token in format 006, as `RtcTokenBuilder` of the official SDKs.
    #[must_use]
    pub fn sign_006(&self, certificate: &AppCertificate) -> String {
        let mut digits = itoa::Buffer::new();
        let mut room = [(0, 0); RtcPrivileges::MAX];
        let end = |lasts: Seconds| if lasts.0 == 0 { 0 } else { self.issued_at.plus(lasts).0 };
        Token006 {
            app_id: self.app_id,
            channel: self.channel.as_str(),
            uid: uid_text(self.user, &mut digits),
            salt: self.salt.get(),
            expires_at: self.issued_at.plus(Seconds::DAY),
            privileges: self.privileges.write_map(&mut room, end),
        }
        .sign(certificate)
    }
}

/// The user as a token writes it. Only the wildcard is empty: the account `0` stays `0`.
fn uid_text<'a>(user: RtcUser<'a>, digits: &'a mut itoa::Buffer) -> &'a str {
    match user {
        RtcUser::Uid(uid) => digits.format(uid.get()),
        RtcUser::Account(account) => account.as_str(),
        RtcUser::Any => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_zero_is_not_the_wildcard() {
        let mut digits = itoa::Buffer::new();
        assert_eq!(uid_text(RtcUser::Account(Account::parse("0").unwrap()), &mut digits), "0");
        assert_eq!(uid_text(RtcUser::from_number(0), &mut digits), "");
    }

    #[test]
    fn a_salt_is_never_zero() {
        assert_eq!(Salt::from_bytes([0; 4]).get(), 1);
        assert_eq!(Salt::from_bytes([0, 0, 0, 1]).get(), 1 << 24);
    }
}
