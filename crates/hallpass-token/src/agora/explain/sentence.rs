//! Each problem as a sentence for a developer.

use core::fmt;

use super::problem::{Mismatch, Problem};
use crate::agora::error::ParseError;
use crate::agora::format::Format;

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
