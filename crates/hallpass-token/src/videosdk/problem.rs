//! The problems of a VideoSDK token.

use alloc::boxed::Box;

use thiserror::Error;

use super::error::ParseError;
use super::verify::VerifyError;
use crate::agora::Format;
use crate::quote::Quoted;
use crate::severity::Severity;
use crate::time::UnixSeconds;

/// A defect of a token, or a property with surprising consequences.
///
/// `Display` prints one or more sentences that include the fix. The sentences contain neither the token nor a secret.
/// `found` is the token's value, and `expected` is the value that the app uses. Both values, and the names of
/// permissions and roles, are truncated to 64 characters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the same meaning in every variant")]
pub enum Problem {
    /// The token is an Agora token.
    #[error("This is {0}. VideoSDK requires a JWT, which starts with eyJ.")]
    AgoraToken(Format),
    /// The token or one of its claims is invalid.
    #[error("The token {0}.")]
    Unreadable(ParseError),
    /// Whitespace or quotes surround the token, or `Bearer` precedes the token.
    #[error("Whitespace, quotes or `Bearer` surround the token. Pass only the token.")]
    SurroundingCharacters,
    /// The token's `apikey` is not the expected API key. The variant contains the expected API key. The message does
    /// not quote the token's `apikey`, because some users put the secret into this claim by mistake.
    #[error("The token's `apikey` must be the project's API key {}, but is another one.", Quoted(.0))]
    OtherProject(Box<str>),
    /// None of the available projects has the token's `apikey`, so the signature was not checked.
    #[error(
        "The token's `apikey` does not belong to an available project, so its signature was not checked. To check it, configure the project."
    )]
    UnknownProject,
    /// None of the project's secrets produced the signature. The variant contains the number of secrets.
    #[error(
        "The signature does not match any available secret of the project ({0} tried). Use the secret literally: not decoded, and without a trailing newline."
    )]
    OtherSecret(usize),
    /// The token has no `exp`.
    #[error("The token has no `exp`. Add the expiry, a Unix time in seconds.")]
    NoExpiry,
    /// The token has expired. `expired_at` is the token's `exp`.
    #[error(
        "The token expired at {expired_at}, {} s before the check. Request a new token before joining.",
        u64::from(.now.0).saturating_sub(*.expired_at)
    )]
    Expired { expired_at: u64, now: UnixSeconds },
    /// The token's `exp` is not after its `iat`.
    #[error(
        "The token's `exp` {expires_at} must be after its `iat` {issued_at}. `exp` is a Unix time in seconds, not a duration. The package jsonwebtoken reads a string without a unit as milliseconds: write `120s` or the number 120, not \"120\"."
    )]
    ExpiresAtOnce { issued_at: u64, expires_at: u64 },
    /// The token's `exp` is after 2106, so the value is probably in milliseconds instead of seconds.
    #[error(
        "The token's `exp` {0} looks like milliseconds, so the token effectively never expires. Use a Unix time in seconds."
    )]
    ExpiryInMilliseconds(u64),
    /// The token's TTL is longer than 24 hours. The variant contains the TTL in seconds.
    #[error(
        "The token's TTL is {0} s. The longest default of VideoSDK's SDKs is 86400 s (24 hours). Use a TTL of a few minutes, which is enough to join."
    )]
    LongTtl(u64),
    /// The token is not valid yet. `from` is the later of `iat` and `nbf`.
    #[error(
        "The token is valid from {from}, but the check was at {}. `iat` and `nbf` must be Unix times in seconds, at most {} s after the time of the check.",
        .now.0,
        VerifyError::LEEWAY.0
    )]
    NotYetValid { from: u64, now: UnixSeconds },
    /// The token has none of the permissions that VideoSDK defines.
    #[error("The token grants nothing. Add `allow_join`, `ask_join` or `allow_mod` to `permissions`.")]
    NoPermissions,
    /// The token has `ask_join` together with `allow_join` or `allow_mod`.
    #[error(
        "The token has `ask_join` together with `allow_join` or `allow_mod`. Use either `ask_join` or the others."
    )]
    AskJoinMixed,
    /// The token has a permission that VideoSDK does not define. The variant contains the first such permission.
    #[error(
        "The token has the permission {}, but VideoSDK defines only `allow_join`, `ask_join` and `allow_mod`. Remove it.", Quoted(.0)
    )]
    UnknownPermission(Box<str>),
    /// The token has `allow_mod`.
    #[error(
        "The token has `allow_mod`, which allows muting and removing others. Grant it to moderators only."
    )]
    Moderator,
    /// The token has no `version`, but has this claim, which requires version 2.
    #[error("The token has `{0}`, which requires `version`. Add it as the number 2.")]
    VersionMissing(&'static str),
    /// The token's `version` is this string instead of a number.
    #[error("The token has `version` as the string {}. Use the number 2.", Quoted(.0))]
    VersionString(Box<str>),
    /// The token's `version` is this number instead of 2.
    #[error("The token has the `version` {0}. Use 2, or omit `version`.")]
    VersionUnknown(u64),
    /// The token has a role that VideoSDK does not define. The variant contains the first such role.
    #[error("The token has the role {}, but VideoSDK defines only `rtc` and `crawler`. Remove it.", Quoted(.0))]
    UnknownRole(Box<str>),
    /// The token has a role that is not in lowercase. The variant contains the first such role.
    #[error("The token has the role {}. Use lowercase, as VideoSDK's SDKs do.", Quoted(.0))]
    RoleUpperCase(Box<str>),
    /// The token has the role `crawler` without `rtc`. If a room or a participant is expected, `joins` is true.
    #[error(
        "The token has only the role `crawler`, for the REST API. To join a room, add `rtc` or omit `roles`."
    )]
    CrawlerOnly { joins: bool },
    /// The token has the role `rtc` without `crawler`.
    #[error("The token has only the role `rtc`, for joining. To call the REST API, use `crawler`.")]
    RtcOnly,
    /// The token has no `roomId`.
    #[error(
        "The token is valid in every room of the account. To bind it to one room, add `roomId` and `version` 2."
    )]
    AnyRoom,
    /// The token is bound to a different room than the expected room.
    #[error("The token is for the room {}, but the participant joins {}. Request a token for the room that the participant joins.", Quoted(.found), Quoted(.expected))]
    OtherRoom { found: Box<str>, expected: Box<str> },
    /// The token is bound to a different participant than the expected participant.
    #[error(
        "The token is for the participant {}, but the client joins as {}. Request a token for the participant that joins.", Quoted(.found), Quoted(.expected)
    )]
    OtherParticipant { found: Box<str>, expected: Box<str> },
    /// The token's `participantId` contains whitespace.
    #[error("The token's `participantId` contains whitespace. Remove it.")]
    ParticipantSpace,
}

/// An error that VideoSDK's client SDKs report.
///
/// Full list: <https://docs.videosdk.live/react/api/sdk-reference/error-codes>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdkError {
    /// The error code, such as 4002.
    pub code: u16,
    /// The name of the error, such as `INVALID_TOKEN`.
    pub name: &'static str,
}

impl Problem {
    /// Returns the code of the problem. The code is stable, so that programs can use the code to identify the problem.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.facts().0
    }

    /// Returns the severity of the problem.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.facts().1
    }

    /// Returns the error that a client SDK reports when a participant joins. Returns `None` if VideoSDK does not
    /// document an error for this problem.
    #[must_use]
    pub const fn sdk_error(&self) -> Option<SdkError> {
        self.facts().2
    }

    /// Returns the code, the severity and the client SDK's error of the problem.
    const fn facts(&self) -> (&'static str, Severity, Option<SdkError>) {
        use Severity::{Error, Note, Warning};

        const INVALID_TOKEN: Option<SdkError> = sdk(4002, "INVALID_TOKEN");
        const INVALID_PERMISSIONS: Option<SdkError> = sdk(4008, "INVALID_PERMISSIONS");
        match self {
            Self::AgoraToken(_) => ("agora_token_for_jwt", Error, INVALID_TOKEN),
            Self::Unreadable(error) => (parse_error_code(error), Error, INVALID_TOKEN),
            Self::SurroundingCharacters => ("surrounding_characters", Error, INVALID_TOKEN),
            Self::OtherProject(_) => ("other_api_key", Error, sdk(4001, "INVALID_API_KEY")),
            Self::UnknownProject => ("unknown_api_key", Note, None),
            Self::OtherSecret(_) => ("other_secret", Error, INVALID_TOKEN),
            Self::NoExpiry => ("no_expiry", Error, INVALID_TOKEN),
            Self::Expired { .. } => ("expired", Error, INVALID_TOKEN),
            Self::ExpiresAtOnce { .. } => ("expires_at_once", Error, INVALID_TOKEN),
            Self::ExpiryInMilliseconds(_) => ("expiry_in_milliseconds", Warning, None),
            Self::LongTtl(_) => ("longer_than_a_day", Note, None),
            Self::NotYetValid { .. } => ("not_yet_valid", Error, INVALID_TOKEN),
            Self::NoPermissions => ("no_permissions", Error, INVALID_PERMISSIONS),
            Self::AskJoinMixed => ("ask_join_mixed", Error, INVALID_PERMISSIONS),
            Self::UnknownPermission(_) => ("unknown_permission", Warning, None),
            Self::Moderator => ("moderator", Note, None),
            Self::VersionMissing(_) => ("version_missing", Error, None),
            Self::VersionString(_) => ("version_text", Error, None),
            Self::VersionUnknown(_) => ("version_unknown", Error, None),
            Self::UnknownRole(_) => ("unknown_role", Warning, None),
            Self::RoleUpperCase(_) => ("role_upper_case", Warning, None),
            Self::CrawlerOnly { joins: true } => ("crawler_only", Error, sdk(4024, "UNAUTHORIZED_ROLE")),
            Self::CrawlerOnly { joins: false } => ("crawler_only", Note, None),
            Self::RtcOnly => ("rtc_only", Note, None),
            Self::AnyRoom => ("any_room", Warning, None),
            Self::OtherRoom { .. } => ("other_room", Error, sdk(4022, "UNAUTHORIZED_MEETING_ID")),
            Self::OtherParticipant { .. } => {
                ("other_participant", Error, sdk(4023, "UNAUTHORIZED_PARTICIPANT_ID"))
            }
            Self::ParticipantSpace => ("participant_space", Error, sdk(4004, "INVALID_PARTICIPANT_ID")),
        }
    }
}

const fn sdk(code: u16, name: &'static str) -> Option<SdkError> {
    Some(SdkError { code, name })
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
