//! What can be wrong with an Agora token.

use alloc::boxed::Box;
use core::fmt;

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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(ParseError::Format { found: Format::Empty, .. }) => {
                f.write_str("The token is empty: official builders answer so where the App ID or the certificate is not 32 hexadecimal characters.")
            }
            Self::Unreadable(ParseError::Format { found: Format::Legacy(legacy), .. }) => {
                write!(f, "This is {legacy}; SDKs from 2.1 on need a token of format 006 or 007.")
            }
            Self::Unreadable(ParseError::Format { found: Format::Jwt, .. }) => {
                f.write_str("This is a JSON Web Token, as VideoSDK uses it; an Agora token begins with 006 or 007.")
            }
            Self::Unreadable(ParseError::Format { .. }) => {
                f.write_str("This is no token of a known format; an Agora token begins with 006 or 007.")
            }
            Self::Unreadable(error) => write!(f, "The token cannot be read: {error}."),
            Self::Wrapped => f.write_str("Blanks, quotes or a prefix stand around the token; pass the token alone."),
            Self::PercentEncoded => f.write_str(
                "The token holds %2B, %2F or %3D: it was encoded for a URL, and must be decoded once before it is used.",
            ),
            Self::PlusLost => f.write_str(
                "The token holds blanks where + belongs: it went through a URL without being percent-encoded.",
            ),
            Self::ExpectedAppId(error) => write!(f, "The client's App ID {error}."),
            Self::OtherProject { token } => {
                write!(f, "The token is for the App ID {}, and the client uses another; upper and lower case count.", token.as_str())
            }
            Self::UnknownProject => {
                f.write_str("No certificate of the token's App ID is at hand, so its signature was not checked.")
            }
            Self::OtherCertificate => f.write_str(
                "No certificate of the project made this signature: the token was made with another certificate, or for another channel or user than it says, or was changed.",
            ),
            Self::SubjectUnknown { service: "rtm" } => f.write_str(
                "Format 006 signs the user without holding the name: say which account logs in to have the signature checked.",
            ),
            Self::SubjectUnknown { .. } => f.write_str(
                "Format 006 signs channel and user without holding them: name both to have the signature checked.",
            ),
            Self::NotYet { issued_at, now } => write!(
                f,
                "The token is issued {} seconds in the future: the clock of the server that made it is ahead.",
                issued_at.0.saturating_sub(now.0)
            ),
            Self::Expired { ended_at, now } => {
                write!(f, "The token ended {} seconds ago; get another.", now.0.saturating_sub(ended_at.0))
            }
            Self::UnixTimeForLife(time) => write!(
                f,
                "The token's life is {} seconds, which looks like a Unix time: format 007 counts from the issue of the token, and Agora ends it after 24 hours.",
                time.0
            ),
            Self::LateEnd { ended_at, now } => write!(
                f,
                "The token says to end in {} seconds; Agora ends it 86400 (24 hours) after its issue.",
                ended_at.0.saturating_sub(now.0)
            ),
            Self::LongLife(life) => {
                write!(f, "The token's life is {} seconds; Agora ends it after 86400 (24 hours).", life.0)
            }
            Self::NoLife => f.write_str("The token's life is 0 seconds, so it has ended as soon as it is issued."),
            Self::UnixTimeForPrivilege { service, privilege, time } => write!(
                f,
                "The privilege {privilege} of {service} lasts {} seconds, which looks like a Unix time: format 007 counts from the issue of the token.",
                time.0
            ),
            Self::LengthForUnixTime { service, privilege, seconds } => write!(
                f,
                "The privilege {privilege} of {service} ended long ago: {} looks like a number of seconds from now, and format 006 counts from 1970.",
                seconds.0
            ),
            Self::PrivilegeOutlivesToken { service, privilege, by } => write!(
                f,
                "The privilege {privilege} of {service} lasts {} seconds longer than the token, and ends with it.",
                by.0
            ),
            Self::PrivilegeExpired { service, privilege, ended_at, now } => write!(
                f,
                "The privilege {privilege} of {service} ended {} seconds ago, while the token has not ended.",
                now.0.saturating_sub(ended_at.0)
            ),
            Self::PrivilegeZero { service, privilege } => {
                write!(f, "The privilege {privilege} of {service} says 0: it lasts as long as the token.")
            }
            Self::DoublePrivilege { service, id } => {
                write!(f, "Privilege {id} of {service} is there twice; SDKs take the last.")
            }
            Self::NoPrivilege { service } => write!(
                f,
                "The service {service} has no privilege, so it permits nothing. Some official builders make the tokens of APaaS rooms so."
            ),
            Self::NoJoin => f.write_str("The token does not permit to join its channel (privilege 1 of rtc)."),
            Self::NoLogin { service } => {
                write!(f, "The token does not permit to log in (privilege 1 of {service}).")
            }
            Self::Subscriber => f.write_str(
                "The token permits to join only. Agora keeps its holder from publishing only where co-host authentication is switched on for the project.",
            ),
            Self::Administrator { service } => write!(
                f,
                "The token gives the rights of an administrator of {service}; it belongs on servers and never in an app."
            ),
            Self::NoChannel => {
                f.write_str("The token is for no channel (it has no service rtc), and the client joins one.")
            }
            Self::AnyChannel => f.write_str("The token opens every channel of the project."),
            Self::OtherChannel { channel: Some(channel), expected } => {
                write!(f, "The token is for the channel {channel:?}, and the client joins {expected:?}.")
            }
            Self::OtherChannel { channel: None, expected } => {
                write!(f, "The token is for another channel than {expected:?}: its checksum differs.")
            }
            Self::LongChannel => f.write_str(
                "The channel's name has 64 bytes, which some of Agora's pages allow and others do not.",
            ),
            Self::ChannelName { service, error } => write!(f, "The channel of {service} {error}."),
            Self::UserName { service, error } => write!(f, "The user of {service} {error}."),
            Self::NoUser { service } => write!(f, "The token names no user of {service}, and that needs one."),
            Self::AnyUser { service } => {
                write!(f, "The token is for any user of {service}: whoever holds it can be anybody.")
            }
            Self::AccountZero { service } => write!(
                f,
                "The token is for the account \"0\" of {service}. That is a name like any other; a token for anybody is made with the number 0."
            ),
            Self::OtherUser { service, mismatch, user, expected } => match mismatch {
                Mismatch::OtherUid => {
                    write!(f, "The token for {service} is for uid {user}, and the client joins with uid {expected}.")
                }
                Mismatch::OtherAccount => {
                    write!(f, "The token for {service} is for the user {user:?}, and the client joins as {expected:?}.")
                }
                Mismatch::AccountForUid => write!(
                    f,
                    "The token for {service} is for the account {user:?}, and the client joins with uid {expected}: use joinChannelWithUserAccount, or make the token for the uid."
                ),
                Mismatch::UidForAccount => write!(
                    f,
                    "The token for {service} is for uid {user}, and the client joins as the account {expected:?}: use joinChannel, or make the token for the account."
                ),
                Mismatch::ChosenByAgora => write!(
                    f,
                    "The client joins with uid 0, so Agora chooses a number, and the token for {service} is for {user:?} only: join with that, or make the token for uid 0."
                ),
                Mismatch::ZeroForUid => write!(
                    f,
                    "The token for {service} was made with the text \"0\", which is an account, and the client joins with a number: give the builder the number 0 for a token for anybody. The official builder for PHP makes this mistake by itself."
                ),
            },
            Self::OtherUserChecksum { service } => {
                write!(f, "The token for {service} is for another user than the client joins as: its checksum differs.")
            }
            Self::NoService => f.write_str("The token holds no service, so it permits nothing."),
            Self::UnknownService { number, services } => write!(
                f,
                "The service type {number} is unknown, so {services} of the token's services cannot be read; SDKs older than it lose them in silence."
            ),
            Self::ExtraBytes(bytes) => write!(f, "{bytes} bytes follow after the last service, which no SDK writes."),
        }
    }
}
