//! What can be wrong with an Agora token.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::discriminant;

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

/// How a problem affects the use of a token.
enum Effect {
    /// Agora accepts the token as it is meant.
    Note,
    /// Agora accepts the token, and it probably does not do what it should.
    Warning,
    /// Agora refuses the token.
    Refused(Refusal),
    /// This privilege has ended. Without any but `join` and `login` the client still gets in.
    PrivilegeEnded(&'static str),
}

impl Problem {
    /// A name that programs may rely on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.facts().0
    }

    /// How bad it is: an error if Agora refuses the token for it.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match (self.refusal(), self.facts().1) {
            (Some(_), _) => Severity::Error,
            (None, Effect::Note) => Severity::Note,
            (None, _) => Severity::Warning,
        }
    }

    /// How Agora refuses the token for this; `None` where it does not.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self.facts().1 {
            Effect::Refused(refusal) => Some(refusal),
            Effect::PrivilegeEnded("join" | "login") => Some(Refusal::Expired),
            Effect::PrivilegeEnded(_) | Effect::Note | Effect::Warning => None,
        }
    }

    /// The name of the service that it is about, if it is about one.
    #[must_use]
    pub const fn service(&self) -> Option<&'static str> {
        self.facts().2
    }

    /// Returns the code, the effect and the service of each problem.
    const fn facts(&self) -> (&'static str, Effect, Option<&'static str>) {
        use Effect::{Note, PrivilegeEnded, Refused, Warning};

        const INVALID: Effect = Refused(Refusal::Invalid);
        match self {
            Self::Unreadable(error) => (unreadable_code(*error), INVALID, None),
            Self::Wrapped => ("surrounding_characters", INVALID, None),
            Self::PercentEncoded => ("percent_encoded", INVALID, None),
            Self::PlusLost => ("plus_lost", INVALID, None),
            Self::ExpectedAppId(_) => ("expected_app_id_malformed", Refused(Refusal::AppId), None),
            Self::OtherProject { .. } => ("other_app_id", INVALID, None),
            Self::UnknownProject => ("unknown_app_id", Note, None),
            Self::OtherCertificate => ("other_certificate", INVALID, None),
            Self::SubjectUnknown { service } => ("signature_needs_channel_and_user", Note, Some(service)),
            Self::NotYet { .. } => ("not_yet_valid", INVALID, None),
            Self::Expired { .. } => ("expired", Refused(Refusal::Expired), None),
            Self::UnixTimeForLife(_) => ("unix_time_as_life", Warning, None),
            Self::LongLife(_) | Self::LateEnd { .. } => ("longer_than_a_day", Warning, None),
            Self::NoLife => ("no_life", Warning, None),
            Self::UnixTimeForPrivilege { service, .. } => {
                ("unix_time_as_privilege_life", Warning, Some(service))
            }
            Self::LengthForUnixTime { service, privilege, .. } => {
                ("life_as_unix_time", PrivilegeEnded(privilege), Some(service))
            }
            Self::PrivilegeOutlivesToken { service, .. } => {
                ("privilege_outlives_token", Warning, Some(service))
            }
            Self::PrivilegeExpired { service, privilege, .. } => {
                ("privilege_expired", PrivilegeEnded(privilege), Some(service))
            }
            Self::PrivilegeZero { service, .. } => ("privilege_zero", Note, Some(service)),
            Self::DoublePrivilege { service, .. } => ("double_privilege", Warning, Some(service)),
            Self::NoPrivilege { service } => ("no_privilege", Warning, Some(service)),
            Self::NoJoin => ("no_join_privilege", INVALID, Some("rtc")),
            Self::NoLogin { service } => ("no_login_privilege", INVALID, Some(service)),
            Self::Subscriber => ("subscriber_needs_cohost_authentication", Note, Some("rtc")),
            Self::Administrator { service } => ("administrator", Warning, Some(service)),
            Self::NoChannel => ("no_channel", INVALID, Some("rtc")),
            Self::AnyChannel => ("any_channel", Warning, None),
            Self::OtherChannel { .. } => ("other_channel", INVALID, Some("rtc")),
            Self::LongChannel => ("channel_of_64_bytes", Note, None),
            Self::ChannelName { service, .. } => ("channel_malformed", Warning, Some(service)),
            Self::UserName { service, .. } => ("user_malformed", Warning, Some(service)),
            Self::NoUser { service } => ("no_user", INVALID, Some(service)),
            Self::AnyUser { service } => ("any_user", Warning, Some(service)),
            Self::AccountZero { service } => ("account_zero", Warning, Some(service)),
            Self::OtherUser { service, mismatch, .. } => (mismatch.code(), INVALID, Some(service)),
            Self::OtherUserChecksum { service } => ("other_user", INVALID, Some(service)),
            Self::NoService => ("no_service", INVALID, None),
            Self::UnknownService { .. } => ("unknown_service", Warning, None),
            Self::ExtraBytes(_) => ("extra_bytes", Warning, None),
        }
    }

    /// The name of the privilege that it is about, if it is about one.
    const fn privilege(&self) -> Option<&'static str> {
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

impl Mismatch {
    const fn code(self) -> &'static str {
        match self {
            Self::OtherUid => "other_uid",
            Self::OtherAccount => "other_account",
            Self::AccountForUid => "account_for_uid",
            Self::UidForAccount => "uid_for_account",
            Self::ChosenByAgora => "uid_chosen_by_agora",
            Self::ZeroForUid => "account_zero_for_uid",
        }
    }
}

/// Problems, each kind once for a service and a privilege: a hostile token has thousands of services.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        let kind = |problem: &Problem| (problem.code(), problem.service(), problem.privilege());
        // Comparing numbers first keeps thousands of services quick.
        let is_known = self
            .0
            .iter()
            .any(|known| discriminant(known) == discriminant(&problem) && kind(known) == kind(&problem));
        if !is_known {
            self.0.push(problem);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.0
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
