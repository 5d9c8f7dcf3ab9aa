//! What can be wrong with a token.

use alloc::boxed::Box;
use core::fmt;

use super::error::ParseError;
use super::verify::VerifyError;
use crate::agora::Format;
use crate::problem::Severity;
use crate::time::{Seconds, UnixSeconds};

/// One thing that is wrong with a token, or may surprise. It prints as a sentence that says what would be
/// right.
///
/// It holds neither the token nor a secret. What it quotes from a token is cut to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is a token of Agora, in this format.
    AgoraToken(Format),
    /// It, or one of its claims, cannot be read.
    Unreadable(ParseError),
    /// Blanks, quotes or `Bearer` stand around it.
    Wrapped,
    /// Its `apikey` is not this one, which the app uses. What it is instead is not quoted: who mixes up key and
    /// secret has the secret there.
    OtherProject(Box<str>),
    /// None of the projects at hand has its `apikey`, so its signature was not checked.
    UnknownProject,
    /// None of the project's secrets, this many, made its signature.
    OtherSecret(usize),
    /// It has no `exp`.
    NoExpiry,
    /// Its time is over.
    Expired {
        /// `exp`, in seconds since 1970.
        ended_at: u64,
        /// The time of the check.
        now: UnixSeconds,
    },
    /// Its `exp` is not after its `iat`.
    ExpiresAtOnce {
        /// `iat`, in seconds since 1970.
        issued_at: u64,
        /// `exp`, in seconds since 1970.
        expires_at: u64,
    },
    /// Its `exp`, this one, lies beyond 2106, as one in milliseconds does.
    ExpiryInMilliseconds(u64),
    /// It lives for this many seconds, which is more than a day.
    LongLife(u64),
    /// Its time has not come.
    NotYet {
        /// The later of `iat` and `nbf`, in seconds since 1970.
        from: u64,
        /// The time of the check.
        now: UnixSeconds,
    },
    /// None of its permissions is one that VideoSDK knows.
    NoPermissions,
    /// It has `ask_join` together with `allow_join` or `allow_mod`.
    AskJoinMixed,
    /// The first permission that VideoSDK does not know.
    UnknownPermission(Box<str>),
    /// It has `allow_mod`.
    Moderator,
    /// It has this claim, which belongs to version 2, and no `version`.
    VersionMissing(&'static str),
    /// Its `version` is a text, this one, and not a number.
    VersionText(Box<str>),
    /// Its `version` is this number, and not 2.
    VersionUnknown(u64),
    /// The first role that VideoSDK does not know.
    UnknownRole(Box<str>),
    /// The first role that is not written in lower case.
    RoleUpperCase(Box<str>),
    /// It has the role `crawler` and not `rtc`.
    CrawlerOnly {
        /// Whether a client joins with it: a room or a participant is expected.
        joins: bool,
    },
    /// It has the role `rtc` and not `crawler`.
    RtcOnly,
    /// It has no `roomId`.
    AnyRoom,
    /// It is bound to another room than the one that was expected.
    OtherRoom {
        /// The room that it is bound to.
        found: Box<str>,
        /// The room that was expected.
        expected: Box<str>,
    },
    /// It is bound to another participant than the one that was expected.
    OtherParticipant {
        /// The participant that it is bound to.
        found: Box<str>,
        /// The participant that was expected.
        expected: Box<str>,
    },
    /// The participant that it is bound to has whitespace in the name.
    ParticipantSpace,
}

/// An error that a user of VideoSDK's client SDKs sees.
///
/// All of them: <https://docs.videosdk.live/react/api/sdk-reference/error-codes>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdkError {
    /// Its number, such as 4002.
    pub code: u16,
    /// Its name, such as `INVALID_TOKEN`.
    pub name: &'static str,
}

impl Problem {
    /// A name that stays the same, whatever the sentence becomes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.facts().0
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.facts().1
    }

    /// The error that it leads to when a participant joins, where VideoSDK's documentation says so.
    #[must_use]
    pub const fn sdk_error(&self) -> Option<SdkError> {
        self.facts().2
    }

    /// Returns the code, the severity and the client SDK's error of each problem.
    const fn facts(&self) -> (&'static str, Severity, Option<SdkError>) {
        use Severity::{Error, Note, Warning};

        const INVALID_TOKEN: Option<SdkError> = Some(SdkError::INVALID_TOKEN);
        const INVALID_PERMISSIONS: Option<SdkError> = Some(SdkError::INVALID_PERMISSIONS);
        match self {
            Self::AgoraToken(_) => ("agora_token_for_jwt", Error, INVALID_TOKEN),
            Self::Unreadable(error) => (parse_error_code(error), Error, INVALID_TOKEN),
            Self::Wrapped => ("surrounding_characters", Error, INVALID_TOKEN),
            Self::OtherProject(_) => ("other_api_key", Error, Some(SdkError::INVALID_API_KEY)),
            Self::UnknownProject => ("unknown_api_key", Note, None),
            Self::OtherSecret(_) => ("other_secret", Error, INVALID_TOKEN),
            Self::NoExpiry => ("no_expiry", Error, INVALID_TOKEN),
            Self::Expired { .. } => ("expired", Error, INVALID_TOKEN),
            Self::ExpiresAtOnce { .. } => ("expires_at_once", Error, INVALID_TOKEN),
            Self::ExpiryInMilliseconds(_) => ("expiry_in_milliseconds", Warning, None),
            Self::LongLife(_) => ("longer_than_a_day", Note, None),
            Self::NotYet { .. } => ("not_yet_valid", Error, INVALID_TOKEN),
            Self::NoPermissions => ("no_permissions", Error, INVALID_PERMISSIONS),
            Self::AskJoinMixed => ("ask_join_mixed", Error, INVALID_PERMISSIONS),
            Self::UnknownPermission(_) => ("unknown_permission", Warning, None),
            Self::Moderator => ("moderator", Note, None),
            Self::VersionMissing(_) => ("version_missing", Error, None),
            Self::VersionText(_) => ("version_text", Error, None),
            Self::VersionUnknown(_) => ("version_unknown", Error, None),
            Self::UnknownRole(_) => ("unknown_role", Warning, None),
            Self::RoleUpperCase(_) => ("role_upper_case", Warning, None),
            Self::CrawlerOnly { joins: true } => ("crawler_only", Error, Some(SdkError::UNAUTHORIZED_ROLE)),
            Self::CrawlerOnly { joins: false } => ("crawler_only", Note, None),
            Self::RtcOnly => ("rtc_only", Note, None),
            Self::AnyRoom => ("any_room", Warning, None),
            Self::OtherRoom { .. } => ("other_room", Error, Some(SdkError::UNAUTHORIZED_MEETING_ID)),
            Self::OtherParticipant { .. } => {
                ("other_participant", Error, Some(SdkError::UNAUTHORIZED_PARTICIPANT_ID))
            }
            Self::ParticipantSpace => ("participant_space", Error, Some(SdkError::INVALID_PARTICIPANT_ID)),
        }
    }
}

impl SdkError {
    const INVALID_API_KEY: Self = Self { code: 4001, name: "INVALID_API_KEY" };
    const INVALID_TOKEN: Self = Self { code: 4002, name: "INVALID_TOKEN" };
    const INVALID_PARTICIPANT_ID: Self = Self { code: 4004, name: "INVALID_PARTICIPANT_ID" };
    const INVALID_PERMISSIONS: Self = Self { code: 4008, name: "INVALID_PERMISSIONS" };
    const UNAUTHORIZED_MEETING_ID: Self = Self { code: 4022, name: "UNAUTHORIZED_MEETING_ID" };
    const UNAUTHORIZED_PARTICIPANT_ID: Self = Self { code: 4023, name: "UNAUTHORIZED_PARTICIPANT_ID" };
    const UNAUTHORIZED_ROLE: Self = Self { code: 4024, name: "UNAUTHORIZED_ROLE" };
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AgoraToken(format) => {
                write!(f, "This is {format}; VideoSDK needs a JWT, which starts with eyJ.")
            }
            Self::Unreadable(error) => write!(f, "The token {error}."),
            Self::Wrapped => {
                f.write_str("The token must stand alone, without blanks, quotes or `Bearer` around it.")
            }
            Self::OtherProject(expected) => {
                write!(
                    f,
                    "The token's `apikey` must be the project's API key {expected:?}, but is another one."
                )
            }
            Self::UnknownProject => f.write_str(
                "The token's `apikey` is that of no project at hand, so its signature was not checked.",
            ),
            Self::OtherSecret(secrets) => write!(
                f,
                "The token must be signed with a secret of the project, but none of the known ones \
                 ({secrets}) made its signature; the secret's text counts as it is, without a newline and \
                 not decoded."
            ),
            Self::NoExpiry => {
                f.write_str("The token has no `exp`; it must say when it ends, in seconds since 1970.")
            }
            Self::Expired { ended_at, now } => write!(
                f,
                "The token ended at {ended_at}, {} s before the check; get a fresh one before joining.",
                u64::from(now.0).saturating_sub(*ended_at)
            ),
            Self::ExpiresAtOnce { issued_at, expires_at } => write!(
                f,
                "The token's `exp` {expires_at} must be after its `iat` {issued_at}: it is a time in seconds since 1970, not a \
                 length; and jsonwebtoken reads a text without a unit as milliseconds, so write `120s` or the number 120, \
                 not \"120\"."
            ),
            Self::ExpiryInMilliseconds(expires_at) => write!(
                f,
                "The token's `exp` {expires_at} must be in seconds since 1970, but looks like \
                 milliseconds, and so the token never ends."
            ),
            Self::LongLife(seconds) => write!(
                f,
                "The token lives for {seconds} s; {} s (24 hours) are the longest that VideoSDK's SDKs \
                 give by themselves, and minutes are enough to join.",
                Seconds::DAY.0
            ),
            Self::NotYet { from, now } => write!(
                f,
                "The token holds from {from} on, but the check was at {}; `iat` and `nbf` must be in \
                 seconds since 1970, and at most {} s ahead.",
                now.0,
                VerifyError::LEEWAY.0
            ),
            Self::NoPermissions => f.write_str(
                "The token permits nothing; `permissions` must hold `allow_join`, `ask_join` or `allow_mod`.",
            ),
            Self::AskJoinMixed => f.write_str(
                "The token has `ask_join` together with `allow_join` or `allow_mod`; it must have either \
                 the one or the others.",
            ),
            Self::UnknownPermission(name) => write!(
                f,
                "The token has the permission {name:?}, but VideoSDK knows only `allow_join`, `ask_join` \
                 and `allow_mod`."
            ),
            Self::Moderator => f.write_str(
                "The token has `allow_mod`: whoever holds it may mute and remove others; leave that out \
                 for all but moderators.",
            ),
            Self::VersionMissing(claim) => {
                write!(f, "The token has `{claim}`, and so must have `version` as the number 2.")
            }
            Self::VersionText(found) => {
                write!(f, "The token has `version` as the text {found:?}; it must be the number 2.")
            }
            Self::VersionUnknown(found) => {
                write!(f, "The token has the `version` {found}; it must be 2, or be left out.")
            }
            Self::UnknownRole(name) => {
                write!(f, "The token has the role {name:?}, but VideoSDK knows only `rtc` and `crawler`.")
            }
            Self::RoleUpperCase(name) => {
                write!(
                    f,
                    "The token has the role {name:?}; it should be in lower case, as in VideoSDK's SDKs."
                )
            }
            Self::CrawlerOnly { .. } => f.write_str(
                "The token has only the role `crawler`, for the REST API; to join a room it must have \
                 `rtc` as well, or no roles.",
            ),
            Self::RtcOnly => f.write_str(
                "The token has only the role `rtc`, for joining; for the REST API it must have `crawler`.",
            ),
            Self::AnyRoom => f.write_str(
                "The token opens every room of the account; `roomId` with `version` 2 binds it to one.",
            ),
            Self::OtherRoom { found, expected } => {
                write!(
                    f,
                    "The token is for the room {found:?}; to join {expected:?} that must be its `roomId`."
                )
            }
            Self::OtherParticipant { found, expected } => write!(
                f,
                "The token is for the participant {found:?}; to join as {expected:?} that must be its \
                 `participantId`."
            ),
            Self::ParticipantSpace => {
                f.write_str("The token's `participantId` holds whitespace, and must hold none.")
            }
        }
    }
}

const fn parse_error_code(error: &ParseError) -> &'static str {
    match error {
        ParseError::TooLarge(_) => "too_large",
        ParseError::Parts(_) | ParseError::Base64(_) | ParseError::Json(_) => "not_a_jwt",
        ParseError::Padding(_) => "base64_padding",
        ParseError::StandardAlphabet(_) => "base64_standard",
        ParseError::Algorithm(_) => "wrong_algorithm",
        ParseError::Type(_) => "wrong_type",
        ParseError::Critical => "critical_header",
        ParseError::SignatureLength(_) => "signature_length",
        ParseError::Missing(_) => "missing_claim",
        ParseError::Duplicate(_) => "duplicate_claim",
        ParseError::WrongType { .. } => "claim_type",
    }
}
