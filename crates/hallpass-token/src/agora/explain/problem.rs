//! What can be wrong with an Agora token.

use alloc::boxed::Box;

use super::sdk::Refusal;
use crate::agora::credentials::{AppId, HexError};
use crate::agora::error::{Base64Error, ParseError, ZlibError};
use crate::agora::format::Format;
use crate::agora::name::NameError;
use crate::{Seconds, Severity, UnixSeconds};

/// One thing that is wrong with a token, or that surprises people.
///
/// It prints as a sentence for a developer. Services go by their names ([`crate::agora::Service::name`]), privileges by
/// theirs ([`crate::agora::Service::privilege_name`]). Texts of others are cut to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The text cannot be read as it is.
    Unreadable(ParseError),
    /// Blanks, quotes or a header's prefix stand around the token.
    Wrapped,
    /// Characters of the token stand as a URL encodes them: it was encoded, and not decoded again.
    PercentEncoded,
    /// Blanks stand where `+` belongs: the token went through a URL without being encoded.
    PlusLost,
    /// The App ID that the client uses is none.
    ExpectedAppId(HexError),
    /// The token is for another App ID than the client uses.
    OtherProject {
        /// The one in the token.
        token: AppId,
    },
    /// None of the projects at hand has the App ID of the token, so its signature was not checked.
    UnknownProject,
    /// None of the project's certificates made the signature.
    OtherCertificate,
    /// The signature of an 006 token was not checked, since channel and user are not known.
    SubjectUnknown {
        /// The service.
        service: &'static str,
    },
    /// The token is issued in the future.
    NotYet {
        /// When it is issued.
        issued_at: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// The token has ended.
    Expired {
        /// When it ended.
        ended_at: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// A Unix time stands where the life of a 007 token belongs.
    UnixTimeForLife(UnixSeconds),
    /// A 007 token says to live for longer than a day.
    LongLife(Seconds),
    /// An 006 token says to end in more than a day.
    LateEnd {
        /// When it says to end.
        ended_at: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// A 007 token says to live for 0 seconds.
    NoLife,
    /// A Unix time stands where the length of a privilege belongs (007).
    UnixTimeForPrivilege {
        /// The service.
        service: &'static str,
        /// The privilege.
        privilege: &'static str,
        /// The time.
        time: UnixSeconds,
    },
    /// A length stands where the end of a privilege belongs (006), so it ended in 1970 or the years after.
    LengthForUnixTime {
        /// The service.
        service: &'static str,
        /// The privilege.
        privilege: &'static str,
        /// The length.
        seconds: Seconds,
    },
    /// A privilege lasts longer than the token, with which it ends.
    PrivilegeOutlivesToken {
        /// The service.
        service: &'static str,
        /// The privilege.
        privilege: &'static str,
        /// How much longer.
        by: Seconds,
    },
    /// A privilege has ended, while the token has not.
    PrivilegeExpired {
        /// The service.
        service: &'static str,
        /// The privilege.
        privilege: &'static str,
        /// When it ended.
        ended_at: UnixSeconds,
        /// When it was looked at.
        now: UnixSeconds,
    },
    /// A privilege has 0 for its end: it lasts as long as the token.
    PrivilegeZero {
        /// The service.
        service: &'static str,
        /// The privilege.
        privilege: &'static str,
    },
    /// A privilege stands in a map twice.
    DoublePrivilege {
        /// The service.
        service: &'static str,
        /// The number of the privilege.
        id: u16,
    },
    /// A service has no privilege.
    NoPrivilege {
        /// The service.
        service: &'static str,
    },
    /// The token does not permit to join its channel.
    NoJoin,
    /// The token does not permit to log in.
    NoLogin {
        /// The service.
        service: &'static str,
    },
    /// The token permits to join only.
    Subscriber,
    /// The token has the rights of an administrator.
    Administrator {
        /// The service.
        service: &'static str,
    },
    /// The token is for no channel, and the client joins one.
    NoChannel,
    /// The token is for every channel.
    AnyChannel,
    /// The token is for another channel than the client joins.
    OtherChannel {
        /// The one in the token; an 006 token only has its checksum.
        channel: Option<Box<str>>,
        /// The one that the client joins.
        expected: Box<str>,
    },
    /// The channel's name has 64 bytes, which some of Agora's pages allow and others do not.
    LongChannel,
    /// The channel's name is none that Agora accepts.
    ChannelName {
        /// The service.
        service: &'static str,
        /// What is wrong with it.
        error: NameError,
    },
    /// The user's name is none that Agora accepts.
    UserName {
        /// The service.
        service: &'static str,
        /// What is wrong with it.
        error: NameError,
    },
    /// The token names no user, and the service needs one.
    NoUser {
        /// The service.
        service: &'static str,
    },
    /// The token is for anybody.
    AnyUser {
        /// The service.
        service: &'static str,
    },
    /// The token is for the account `0`, which is not the wildcard.
    AccountZero {
        /// The service.
        service: &'static str,
    },
    /// The token is for another user than the client joins as.
    OtherUser {
        /// The service.
        service: &'static str,
        /// How the two differ.
        mismatch: Mismatch,
        /// The user in the token.
        user: Box<str>,
        /// The user as whom the client joins; nothing where Agora chooses a number.
        expected: Box<str>,
    },
    /// An 006 token is for another user than the client joins as; it only has the checksum of the one.
    OtherUserChecksum {
        /// The service.
        service: &'static str,
    },
    /// The token holds no service.
    NoService,
    /// A service of a type that is not known, behind which nothing can be read.
    UnknownService {
        /// The number of its type.
        number: u16,
        /// How many services could not be read.
        services: u16,
    },
    /// Bytes behind the last service.
    ExtraBytes(usize),
}

/// How the user in a token and the one who joins differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Two numbers.
    OtherUid,
    /// Two accounts.
    OtherAccount,
    /// The token is for an account, and the client joins with a number.
    AccountForUid,
    /// The token is for a number, and the client joins with an account.
    UidForAccount,
    /// The token is for one user, and the client lets Agora choose a number.
    ChosenByAgora,
    /// The token is for the account `0`, and the client joins with a number.
    ZeroForUid,
}

impl Problem {
    /// A name that programs may rely on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => unreadable_code(*error),
            Self::Wrapped => "surrounding_characters",
            Self::PercentEncoded => "percent_encoded",
            Self::PlusLost => "plus_lost",
            Self::ExpectedAppId(_) => "expected_app_id_malformed",
            Self::OtherProject { .. } => "other_app_id",
            Self::UnknownProject => "unknown_app_id",
            Self::OtherCertificate => "other_certificate",
            Self::SubjectUnknown { .. } => "signature_needs_channel_and_user",
            Self::NotYet { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::UnixTimeForLife(_) => "unix_time_as_life",
            Self::LongLife(_) | Self::LateEnd { .. } => "longer_than_a_day",
            Self::NoLife => "no_life",
            Self::UnixTimeForPrivilege { .. } => "unix_time_as_privilege_life",
            Self::LengthForUnixTime { .. } => "life_as_unix_time",
            Self::PrivilegeOutlivesToken { .. } => "privilege_outlives_token",
            Self::PrivilegeExpired { .. } => "privilege_expired",
            Self::PrivilegeZero { .. } => "privilege_zero",
            Self::DoublePrivilege { .. } => "double_privilege",
            Self::NoPrivilege { .. } => "no_privilege",
            Self::NoJoin => "no_join_privilege",
            Self::NoLogin { .. } => "no_login_privilege",
            Self::Subscriber => "subscriber_needs_cohost_authentication",
            Self::Administrator { .. } => "administrator",
            Self::NoChannel => "no_channel",
            Self::AnyChannel => "any_channel",
            Self::OtherChannel { .. } => "other_channel",
            Self::LongChannel => "channel_of_64_bytes",
            Self::ChannelName { .. } => "channel_malformed",
            Self::UserName { .. } => "user_malformed",
            Self::NoUser { .. } => "no_user",
            Self::AnyUser { .. } => "any_user",
            Self::AccountZero { .. } => "account_zero",
            Self::OtherUser { mismatch, .. } => match mismatch {
                Mismatch::OtherUid => "other_uid",
                Mismatch::OtherAccount => "other_account",
                Mismatch::AccountForUid => "account_for_uid",
                Mismatch::UidForAccount => "uid_for_account",
                Mismatch::ChosenByAgora => "uid_chosen_by_agora",
                Mismatch::ZeroForUid => "account_zero_for_uid",
            },
            Self::OtherUserChecksum { .. } => "other_user",
            Self::NoService => "no_service",
            Self::UnknownService { .. } => "unknown_service",
            Self::ExtraBytes(_) => "extra_bytes",
        }
    }

    /// How bad it is: an error if Agora refuses the token for it.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let note = matches!(
            self,
            Self::UnknownProject
                | Self::SubjectUnknown { .. }
                | Self::PrivilegeZero { .. }
                | Self::Subscriber
                | Self::LongChannel
        );
        match self.refusal() {
            Some(_) => Severity::Error,
            None if note => Severity::Note,
            None => Severity::Warning,
        }
    }

    /// How Agora refuses the token for this; `None` where it does not.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::ExpectedAppId(_) => Some(Refusal::AppId),
            Self::Expired { .. } => Some(Refusal::Expired),
            // Without another privilege the client still gets in.
            Self::LengthForUnixTime { privilege, .. } | Self::PrivilegeExpired { privilege, .. } => {
                if matches!(*privilege, "join" | "login") { Some(Refusal::Expired) } else { None }
            }
            Self::Unreadable(_)
            | Self::Wrapped
            | Self::PercentEncoded
            | Self::PlusLost
            | Self::OtherProject { .. }
            | Self::OtherCertificate
            | Self::NotYet { .. }
            | Self::NoJoin
            | Self::NoLogin { .. }
            | Self::NoChannel
            | Self::OtherChannel { .. }
            | Self::NoUser { .. }
            | Self::OtherUser { .. }
            | Self::OtherUserChecksum { .. }
            | Self::NoService => Some(Refusal::Invalid),
            Self::UnknownProject
            | Self::SubjectUnknown { .. }
            | Self::UnixTimeForLife(_)
            | Self::LongLife(_)
            | Self::LateEnd { .. }
            | Self::NoLife
            | Self::UnixTimeForPrivilege { .. }
            | Self::PrivilegeOutlivesToken { .. }
            | Self::PrivilegeZero { .. }
            | Self::DoublePrivilege { .. }
            | Self::NoPrivilege { .. }
            | Self::Subscriber
            | Self::Administrator { .. }
            | Self::AnyChannel
            | Self::LongChannel
            | Self::ChannelName { .. }
            | Self::UserName { .. }
            | Self::AnyUser { .. }
            | Self::AccountZero { .. }
            | Self::UnknownService { .. }
            | Self::ExtraBytes(_) => None,
        }
    }

    /// The name of the service that it is about, if it is about one.
    #[must_use]
    pub const fn service(&self) -> Option<&'static str> {
        match self {
            Self::UnixTimeForPrivilege { service, .. }
            | Self::LengthForUnixTime { service, .. }
            | Self::PrivilegeOutlivesToken { service, .. }
            | Self::PrivilegeExpired { service, .. }
            | Self::PrivilegeZero { service, .. }
            | Self::DoublePrivilege { service, .. }
            | Self::NoPrivilege { service }
            | Self::NoLogin { service }
            | Self::Administrator { service }
            | Self::ChannelName { service, .. }
            | Self::UserName { service, .. }
            | Self::NoUser { service }
            | Self::AnyUser { service }
            | Self::AccountZero { service }
            | Self::OtherUser { service, .. }
            | Self::OtherUserChecksum { service }
            | Self::SubjectUnknown { service } => Some(service),
            Self::NoJoin | Self::Subscriber | Self::NoChannel | Self::OtherChannel { .. } => Some("rtc"),
            Self::Unreadable(_)
            | Self::Wrapped
            | Self::PercentEncoded
            | Self::PlusLost
            | Self::ExpectedAppId(_)
            | Self::OtherProject { .. }
            | Self::UnknownProject
            | Self::OtherCertificate
            | Self::NotYet { .. }
            | Self::Expired { .. }
            | Self::UnixTimeForLife(_)
            | Self::LongLife(_)
            | Self::LateEnd { .. }
            | Self::NoLife
            | Self::AnyChannel
            | Self::LongChannel
            | Self::NoService
            | Self::UnknownService { .. }
            | Self::ExtraBytes(_) => None,
        }
    }

    /// The name of the privilege that it is about, if it is about one.
    pub(super) const fn privilege(&self) -> Option<&'static str> {
        if let Self::UnixTimeForPrivilege { privilege, .. }
        | Self::LengthForUnixTime { privilege, .. }
        | Self::PrivilegeOutlivesToken { privilege, .. }
        | Self::PrivilegeExpired { privilege, .. }
        | Self::PrivilegeZero { privilege, .. } = self
        {
            Some(privilege)
        } else {
            None
        }
    }
}

const fn unreadable_code(error: ParseError) -> &'static str {
    match error {
        ParseError::Format { found, .. } => match found {
            Format::Empty => "empty",
            Format::Jwt => "jwt_for_agora_token",
            Format::Legacy(_) => "legacy_format",
            Format::V006 | Format::V007 | Format::Unknown => "unknown_format",
        },
        ParseError::Base64(Base64Error::UrlSafe) => "base64_url_safe",
        ParseError::Base64(Base64Error::Whitespace) => "base64_whitespace",
        ParseError::Base64(Base64Error::Padding) => "base64_padding",
        ParseError::Base64(_) => "base64_character",
        ParseError::CutOff | ParseError::Zlib(ZlibError::CutOff) => "cut_off",
        ParseError::Zlib(_) => "damaged",
        ParseError::TooLarge { .. } => "too_large",
        ParseError::AppId(_) => "app_id_malformed",
        ParseError::SignatureLength(_) | ParseError::NotUtf8 | ParseError::TrailingBytes(_) => "malformed",
    }
}
