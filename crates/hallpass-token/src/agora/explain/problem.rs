//! The problems of an Agora token.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::mem::discriminant;

use thiserror::Error;

use super::sdk::Rejection;
use crate::agora::credentials::{AppId, HexError};
use crate::agora::error::{Base64Error, ParseError, ZlibError};
use crate::agora::format::Format;
use crate::agora::name::NameError;
use crate::quote::Quoted;
use crate::{Seconds, Severity, UnixSeconds};

/// A defect of a token, or a property with surprising consequences.
///
/// `Display` prints one or more sentences for a developer. `service` is a service name
/// ([`crate::agora::Service::name`]), and `privilege` is a privilege name ([`crate::agora::Service::privilege_name`]).
/// `user` and `channel` are fields of the token. `expected` is the value that the client uses. `user`, `channel` and
/// `expected` are truncated to 64 characters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the same meaning in every variant")]
pub enum Problem {
    /// The token cannot be parsed.
    #[error(fmt = fmt_unreadable)]
    Unreadable(ParseError),
    /// Whitespace or quotes surround the token, or a header prefix precedes the token.
    #[error("Whitespace, quotes or a prefix surround the token. Pass only the token.")]
    SurroundingCharacters,
    /// The token contains percent-encoded characters.
    #[error("The token contains %2B, %2F or %3D: it is percent-encoded. Decode it once before use.")]
    PercentEncoded,
    /// The token contains spaces instead of `+`.
    #[error(
        "The token contains spaces instead of +: it was in a URL without percent-encoding. Encode + as %2B in URLs."
    )]
    PlusLost,
    /// The App ID that the client uses is malformed.
    #[error("The client's App ID {0}. Copy it from Agora's console.")]
    InvalidExpectedAppId(HexError),
    /// The token's App ID differs from the App ID that the client uses.
    #[error("The token is for the App ID {}, but the client uses another. Use the same App ID in both; case matters.", .token.as_str())]
    OtherProject { token: AppId },
    /// None of the available projects has the token's App ID, so the signature was not checked.
    #[error(
        "No certificate of the token's App ID is configured, so the signature was not checked. To check it, configure the project."
    )]
    UnknownProject,
    /// None of the project's certificates produced the signature.
    #[error(
        "The signature does not match any certificate of the project. The token was signed with another certificate, or for another channel or user, or was modified. Check the certificate of the server that issued the token."
    )]
    OtherCertificate,
    /// The signature of a 006 token for `rtc` was not checked, because the channel or the user is unknown.
    #[error(
        "The signature of a 006 token covers the channel and the user, but the token contains neither. Specify both to check the signature."
    )]
    SubjectUnknown,
    /// The signature of a 006 token for `rtm` was not checked, because the user is unknown.
    #[error(
        "The signature of a 006 token covers the user, but the token does not contain the name. Specify the account that logs in to check the signature."
    )]
    RtmUserUnknown,
    /// The token's issue time is in the future.
    #[error(
        "The token's issue time is {} seconds in the future: the clock of the server that issued it is ahead. Synchronize that clock.",
        .issued_at.0.saturating_sub(.now.0)
    )]
    NotYetValid { issued_at: UnixSeconds, now: UnixSeconds },
    /// The token has expired.
    #[error("The token expired {} seconds ago. Request a new token.", .now.0.saturating_sub(.expired_at.0))]
    Expired { expired_at: UnixSeconds, now: UnixSeconds },
    /// The TTL of a 007 token looks like a Unix time.
    #[error(
        "The token's TTL is {0} seconds, which looks like a Unix time. Format 007 expects seconds from the issue time. Use 1 to 86400 seconds."
    )]
    UnixTimeAsTtl(u32),
    /// The TTL of a 007 token is longer than 24 hours.
    #[error(
        "The token's TTL is {0} seconds, but Agora rejects the token after 86400 (24 hours). Use 1 to 86400 seconds."
    )]
    LongTtl(u32),
    /// The expiry of a 006 token is more than 24 hours ahead.
    #[error(
        "The token expires in {} seconds, but Agora rejects it 86400 seconds (24 hours) after its issue time. Set the expiry to 24 hours after the issue time.",
        .expired_at.0.saturating_sub(.now.0)
    )]
    LateExpiry { expired_at: UnixSeconds, now: UnixSeconds },
    /// The TTL of a 007 token is 0 seconds.
    #[error("The token's TTL is 0 seconds, so it expires immediately. Use 1 to 86400 seconds.")]
    ZeroTtl,
    /// The TTL of a privilege looks like a Unix time (007).
    #[error(
        "The TTL of the privilege {privilege} of {service} is {} seconds, which looks like a Unix time. Format 007 expects seconds from the issue time, at most the token's TTL.",
        .time.0
    )]
    UnixTimeAsPrivilegeTtl { service: &'static str, privilege: &'static str, time: UnixSeconds },
    /// The expiry of a privilege looks like a TTL in seconds (006). As a Unix time, this value is long past.
    #[error(
        "The privilege {privilege} of {service} expired long ago: its expiry {} looks like a TTL in seconds. Format 006 expects a Unix time.",
        .seconds.0
    )]
    TtlAsUnixTime { service: &'static str, privilege: &'static str, seconds: Seconds },
    /// The TTL of a privilege is longer than the TTL of the token.
    #[error("The TTL of the privilege {privilege} of {service} is {} seconds longer than the token's. The privilege expires with the token: set both to the same TTL.", .by.0)]
    PrivilegeOutlivesToken { service: &'static str, privilege: &'static str, by: Seconds },
    /// A privilege has expired, but the token has not.
    #[error(
        "The privilege {privilege} of {service} expired {} seconds ago, before the token. Request a new token.",
        .now.0.saturating_sub(.expired_at.0)
    )]
    PrivilegeExpired {
        service: &'static str,
        privilege: &'static str,
        expired_at: UnixSeconds,
        now: UnixSeconds,
    },
    /// A privilege has the TTL or the expiry 0, so the privilege expires with the token.
    #[error("The TTL of the privilege {privilege} of {service} is 0: the privilege expires with the token.")]
    PrivilegeZero { service: &'static str, privilege: &'static str },
    /// A privilege map contains this ID more than once.
    #[error("Privilege {id} of {service} occurs twice. SDKs use the last value. Add each privilege once.")]
    DuplicatePrivilege { service: &'static str, id: u16 },
    /// A service has no privileges.
    #[error(
        "The service {service} has no privileges, so it grants nothing. Add the privilege that the client needs. Some official builders omit it in tokens for APaaS rooms."
    )]
    NoPrivilege { service: &'static str },
    /// The token does not grant joining its channel.
    #[error("The token does not grant joining its channel. Add privilege 1 (join) of rtc.")]
    NoJoinPrivilege,
    /// The token does not grant login.
    #[error("The token does not grant login. Add privilege 1 (login) of {service}.")]
    NoLoginPrivilege { service: &'static str },
    /// The token grants joining the channel, but not publishing.
    #[error(
        "The token grants joining only. Agora prevents publishing only if co-host authentication is enabled for the project. To publish, request the role publisher."
    )]
    Subscriber,
    /// The token grants administrator rights.
    #[error("The token grants administrator rights of {service}. Use it on servers only, never in an app.")]
    Administrator { service: &'static str },
    /// The token is not for a channel, but the client joins a channel.
    #[error(
        "The token is not for a channel (it has no service rtc), but the client joins one. Request a token with rtc."
    )]
    NoChannel,
    /// The token is valid in every channel.
    #[error("The token is valid in every channel of the project. Request a token for one channel.")]
    AnyChannel,
    /// The token is for a different channel than the channel that the client joins.
    #[error("The token is for the channel {}, but the client joins {}. Request a token for the channel that the client joins; names are case-sensitive.", Quoted(.channel), Quoted(.expected))]
    OtherChannel { service: &'static str, channel: Box<str>, expected: Box<str> },
    /// A 006 token is for a different channel than the channel that the client joins. The message cannot name the
    /// token's channel, because the token contains only a checksum of the channel.
    #[error("The token is for a different channel than {}: the channel checksum differs. Request a token for the channel that the client joins; names are case-sensitive.", Quoted(.expected))]
    OtherChannelChecksum { expected: Box<str> },
    /// The channel name has 64 bytes. Some of Agora's pages allow 64 bytes, and other pages do not.
    #[error(
        "The channel name has 64 bytes. Some of Agora's pages allow 64 bytes and others do not. Use at most 63."
    )]
    LongChannel,
    /// Agora does not accept the channel name.
    #[error("The channel of {service} is invalid: it {error}.")]
    InvalidChannelName { service: &'static str, error: NameError },
    /// Agora does not accept the user name.
    #[error("The user of {service} is invalid: it {error}.")]
    InvalidUserName { service: &'static str, error: NameError },
    /// The token's user field is empty, but the service requires a user.
    #[error("The token has no user for {service}, which requires one. Request a token for a user.")]
    NoUser { service: &'static str },
    /// The token is valid for any user.
    #[error(
        "The token is valid for any user of {service}: anyone with the token can join or log in as any user. Request a token for one user."
    )]
    AnyUser { service: &'static str },
    /// The token is for the account `0`, which is an ordinary account and not the wildcard.
    #[error(
        "The token is for the account \"0\" of {service}, which is an ordinary account. A token for any user requires the number 0."
    )]
    AccountZero { service: &'static str },
    /// The token is for one uid, but the client joins with another uid.
    #[error(
        "The token for {service} is for uid {user}, but the client joins with uid {expected}. Join with the token's uid, or request a token for the client's."
    )]
    OtherUid { service: &'static str, user: Box<str>, expected: Box<str> },
    /// The token is for one user name, but the client joins or logs in with another user name.
    #[error("The token for {service} is for the user {}, but the client joins as {}. Join as the token's user, or request a token for the client's.", Quoted(.user), Quoted(.expected))]
    OtherAccount { service: &'static str, user: Box<str>, expected: Box<str> },
    /// The token is for an account, but the client joins with a uid instead of an account.
    #[error(
        "The token for {service} is for the account {}, but the client joins with uid {expected}. Use joinChannelWithUserAccount, or request a token for the uid.", Quoted(.user)
    )]
    AccountForUid { service: &'static str, user: Box<str>, expected: Box<str> },
    /// The token is for a uid, but the client joins with an account instead of a uid.
    #[error(
        "The token for {service} is for uid {user}, but the client joins as the account {}. Use joinChannel, or request a token for the account.", Quoted(.expected)
    )]
    UidForAccount { service: &'static str, user: Box<str>, expected: Box<str> },
    /// The token is for one user, but the client joins with uid 0, so that Agora assigns a uid.
    #[error(
        "The client joins with uid 0, so Agora assigns a uid, but the token for {service} is only for {}. Join as that user, or request a token for uid 0.", Quoted(.user)
    )]
    UidChosenByAgora { service: &'static str, user: Box<str> },
    /// The token is for the account `0`, but the client joins with a uid.
    #[error(
        "The token for {service} is for the account \"0\", but the client joins with a uid. For a token for any user, pass the number 0 to the builder. The official PHP builder has this defect."
    )]
    AccountZeroForUid { service: &'static str },
    /// A 006 token is for a different user than the client's user. The message cannot name the token's user, because
    /// the token contains only a checksum of the user.
    #[error(
        "The token for {service} is for a different user than the client: the user checksum differs. Request a token for the client's user."
    )]
    OtherUserChecksum { service: &'static str },
    /// The client uses a service that the token does not contain.
    #[error(
        "The token has no service {service}, but the client uses the token for {service}. Request a token with {service}."
    )]
    OtherService { service: &'static str },
    /// A 006 token for Signaling contains a user in addition to the channel. `is_used` is false if the client joins a
    /// channel instead of logging in to Signaling.
    #[error(
        "The token cannot be used for Signaling, because it contains a uid. A 006 token for Signaling signs the user's name as the channel, and an empty uid. Request a token for rtm."
    )]
    UidInSignalingToken { is_used: bool },
    /// The token contains no services.
    #[error("The token has no services, so it grants nothing. Add the service that the client needs.")]
    NoService,
    /// A service has the unknown type `number`. This service and the services after it cannot be parsed, because the
    /// length of this service is unknown. `services` is the number of services that cannot be parsed.
    #[error(
        "The service type {number} is unknown, so {services} of the token's services cannot be parsed. SDKs that do not support the type ignore them silently. Check the service type on the server that issues the token."
    )]
    UnknownService { number: u16, services: u16 },
    /// Bytes follow the last service.
    #[error(
        "{0} bytes follow the last service. No SDK writes such bytes. Check the server that issued the token."
    )]
    ExtraBytes(usize),
}

/// The effect of a problem on the use of a token.
enum Effect {
    /// Agora accepts the token, and the token works as intended.
    Note,
    /// Agora accepts the token, but the token probably does not work as intended.
    Warning,
    /// Agora rejects the token.
    Rejected(Rejection),
    /// The privilege with this name has expired. Agora rejects the token only if the privilege is `join` or `login`.
    ExpiredPrivilege(&'static str),
}

impl Problem {
    /// Returns the code of the problem. The code is stable, so that programs can use the code to identify the problem.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.facts().0
    }

    /// Returns the severity, which is `Error` if Agora rejects the token because of the problem.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match (self.rejection(), self.facts().1) {
            (Some(_), _) => Severity::Error,
            (None, Effect::Note) => Severity::Note,
            (None, _) => Severity::Warning,
        }
    }

    /// Returns the reason for which Agora rejects the token, or `None` if the problem does not cause a rejection.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        match self.facts().1 {
            Effect::Rejected(rejection) => Some(rejection),
            Effect::ExpiredPrivilege("join" | "login") => Some(Rejection::Expired),
            Effect::ExpiredPrivilege(_) | Effect::Note | Effect::Warning => None,
        }
    }

    /// Returns the name of the affected service, if the problem concerns a single service.
    #[must_use]
    pub const fn service(&self) -> Option<&'static str> {
        self.facts().2
    }

    /// Returns the code, the effect and the service of the problem.
    const fn facts(&self) -> (&'static str, Effect, Option<&'static str>) {
        use Effect::{ExpiredPrivilege, Note, Rejected, Warning};

        const INVALID: Effect = Rejected(Rejection::InvalidToken);
        match self {
            Self::Unreadable(error) => (unreadable_code(*error), INVALID, None),
            Self::SurroundingCharacters => ("surrounding_characters", INVALID, None),
            Self::PercentEncoded => ("percent_encoded", INVALID, None),
            Self::PlusLost => ("plus_lost", INVALID, None),
            Self::InvalidExpectedAppId(_) => {
                ("expected_app_id_malformed", Rejected(Rejection::InvalidAppId), None)
            }
            Self::OtherProject { .. } => ("other_app_id", INVALID, None),
            Self::UnknownProject => ("unknown_app_id", Note, None),
            Self::OtherCertificate => ("other_certificate", INVALID, None),
            Self::SubjectUnknown => ("signature_needs_channel_and_user", Note, Some("rtc")),
            Self::RtmUserUnknown => ("signature_needs_channel_and_user", Note, Some("rtm")),
            Self::NotYetValid { .. } => ("not_yet_valid", INVALID, None),
            Self::Expired { .. } => ("expired", Rejected(Rejection::Expired), None),
            Self::UnixTimeAsTtl(_) => ("unix_time_as_life", Warning, None),
            Self::LongTtl(_) | Self::LateExpiry { .. } => ("longer_than_a_day", Warning, None),
            Self::ZeroTtl => ("no_life", Warning, None),
            Self::UnixTimeAsPrivilegeTtl { service, .. } => {
                ("unix_time_as_privilege_life", Warning, Some(service))
            }
            Self::TtlAsUnixTime { service, privilege, .. } => {
                ("life_as_unix_time", ExpiredPrivilege(privilege), Some(service))
            }
            Self::PrivilegeOutlivesToken { service, .. } => {
                ("privilege_outlives_token", Warning, Some(service))
            }
            Self::PrivilegeExpired { service, privilege, .. } => {
                ("privilege_expired", ExpiredPrivilege(privilege), Some(service))
            }
            Self::PrivilegeZero { service, .. } => ("privilege_zero", Note, Some(service)),
            Self::DuplicatePrivilege { service, .. } => ("double_privilege", Warning, Some(service)),
            Self::NoPrivilege { service } => ("no_privilege", Warning, Some(service)),
            Self::NoJoinPrivilege => ("no_join_privilege", INVALID, Some("rtc")),
            Self::NoLoginPrivilege { service } => ("no_login_privilege", INVALID, Some(service)),
            Self::Subscriber => ("subscriber_needs_cohost_authentication", Note, Some("rtc")),
            Self::Administrator { service } => ("administrator", Warning, Some(service)),
            Self::NoChannel => ("no_channel", INVALID, Some("rtc")),
            Self::AnyChannel => ("any_channel", Warning, None),
            Self::OtherChannel { service, .. } => ("other_channel", INVALID, Some(service)),
            Self::OtherChannelChecksum { .. } => ("other_channel", INVALID, Some("rtc")),
            Self::LongChannel => ("channel_of_64_bytes", Note, None),
            Self::InvalidChannelName { service, .. } => ("channel_malformed", Warning, Some(service)),
            Self::InvalidUserName { service, .. } => ("user_malformed", Warning, Some(service)),
            Self::NoUser { service } => ("no_user", INVALID, Some(service)),
            Self::AnyUser { service } => ("any_user", Warning, Some(service)),
            Self::AccountZero { service } => ("account_zero", Warning, Some(service)),
            Self::OtherUid { service, .. } => ("other_uid", INVALID, Some(service)),
            Self::OtherAccount { service, .. } => ("other_account", INVALID, Some(service)),
            Self::AccountForUid { service, .. } => ("account_for_uid", INVALID, Some(service)),
            Self::UidForAccount { service, .. } => ("uid_for_account", INVALID, Some(service)),
            Self::UidChosenByAgora { service, .. } => ("uid_chosen_by_agora", INVALID, Some(service)),
            Self::AccountZeroForUid { service } => ("account_zero_for_uid", INVALID, Some(service)),
            Self::OtherUserChecksum { service } => ("other_user", INVALID, Some(service)),
            Self::OtherService { service } => ("other_service", INVALID, Some(service)),
            Self::UidInSignalingToken { is_used } => {
                ("uid_in_signaling_token", if *is_used { INVALID } else { Warning }, Some("rtm"))
            }
            Self::NoService => ("no_service", INVALID, None),
            Self::UnknownService { .. } => ("unknown_service", Warning, None),
            Self::ExtraBytes(_) => ("extra_bytes", Warning, None),
        }
    }

    /// Returns the name of the affected privilege, if the problem concerns a single privilege.
    const fn privilege(&self) -> Option<&'static str> {
        if let Self::UnixTimeAsPrivilegeTtl { privilege, .. }
        | Self::TtlAsUnixTime { privilege, .. }
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

/// A list of problems, most severe first.
///
/// Each kind of problem is listed once per service type and privilege, because a malicious token can contain thousands
/// of services.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        let kind = |problem: &Problem| (problem.code(), problem.service(), problem.privilege());
        // Comparing discriminants first keeps the check fast for thousands of services.
        let is_known = self
            .0
            .iter()
            .any(|known| discriminant(known) == discriminant(&problem) && kind(known) == kind(&problem));
        if !is_known {
            let position = self.0.partition_point(|known| known.severity() >= problem.severity());
            self.0.insert(position, problem);
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
        ParseError::Truncated | ParseError::Zlib(ZlibError::Truncated) => "cut_off",
        ParseError::Zlib(_) => "damaged",
        ParseError::TooLarge { .. } => "too_large",
        ParseError::AppId(_) => "app_id_malformed",
        ParseError::SignatureLength(_) | ParseError::InvalidUtf8 | ParseError::TrailingBytes(_) => {
            "malformed"
        }
    }
}

fn fmt_unreadable(error: &ParseError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let ParseError::Format { found, .. } = error else {
        return write!(f, "The token is malformed: {error}. Pass the token exactly as it was issued.");
    };
    match found {
        Format::Empty => f.write_str(
            "The token is empty. Official builders return an empty token if the App ID or the certificate is not 32 hexadecimal characters. Check both values on the server.",
        ),
        Format::Legacy(legacy) => {
            write!(f, "This is {legacy}. SDKs since 2.1 require a token of format 006 or 007.")
        }
        Format::Jwt => f.write_str("This is a JSON Web Token, as used by VideoSDK. Agora tokens start with 006 or 007. Request an Agora token."),
        Format::V006 | Format::V007 | Format::Unknown => {
            f.write_str("This is not a token of a known format. Agora tokens start with 006 or 007. Pass the token exactly as it was issued.")
        }
    }
}
