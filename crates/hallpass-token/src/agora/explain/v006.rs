//! The problems of a 006 token.

use super::context::{Context, ExpectedUser};
use super::problem::{Problem, Problems};
use super::signature::{Signature, find_signer};
use crate::agora::crc32::crc32;
use crate::agora::error::VerifyError;
use crate::agora::field_str::FieldStr;
use crate::agora::privilege::RtcPrivilege;
use crate::agora::v006::{RTM_LOGIN, Subject, Untrusted006};
use crate::quote::excerpt;
use crate::{Seconds, UnixSeconds};

const JOIN: u16 = RtcPrivilege::Join as u16;

/// A string that a 006 token signs but does not contain.
enum SignedField<'a> {
    /// The string has the checksum that the token contains.
    Known(FieldStr<'a>),
    /// No expected value was provided.
    Unknown,
    /// The expected value has a different checksum than the token's string.
    Mismatch,
}

pub(super) fn check(token: &Untrusted006, context: &Context<'_>, problems: &mut Problems) -> Signature {
    check_times(token, context.now, problems);
    check_privileges(token, context.now, problems);
    let name = context.expected.user.map(ExpectedUser::to_field);
    let (channel, user) = if token.service_name() == "rtm" {
        let name =
            name.as_deref().filter(|_| matches!(context.expected.user, Some(ExpectedUser::Account(_))));
        (rtm_user(token, context, name, problems), SignedField::Known(FieldStr::EMPTY))
    } else {
        let user = rtc_user(token, context.expected.user, name.as_deref(), problems);
        (rtc_channel(token, context.expected.channel, problems), user)
    };
    match (channel, user) {
        (SignedField::Known(channel), SignedField::Known(user)) => {
            let subject = Subject { channel, user };
            find_signer(token.app_id(), context, problems, |keys| token.signing_certificate(subject, keys))
        }
        (SignedField::Mismatch, _) | (_, SignedField::Mismatch) => Signature::NotChecked,
        (SignedField::Unknown, _) | (_, SignedField::Unknown) => {
            let is_rtm = token.service_name() == "rtm";
            problems.push(if is_rtm { Problem::RtmUserUnknown } else { Problem::SubjectUnknown });
            Signature::NotChecked
        }
    }
}

fn rtm_user<'a>(
    token: &Untrusted006,
    context: &Context<'_>,
    expected: Option<&'a str>,
    problems: &mut Problems,
) -> SignedField<'a> {
    if context.expected.channel.is_some() {
        problems.push(Problem::NoChannel);
    }
    if token.channel_crc() == 0 {
        problems.push(Problem::NoUser { service: "rtm" });
        return SignedField::Known(FieldStr::EMPTY);
    }
    compare(token.channel_crc(), expected, problems, || Problem::OtherUserChecksum { service: "rtm" })
}

fn rtc_channel<'a>(
    token: &Untrusted006,
    expected: Option<&'a str>,
    problems: &mut Problems,
) -> SignedField<'a> {
    if token.channel_crc() == crc32(b"*") {
        problems.push(Problem::AnyChannel);
        return SignedField::Known(FieldStr::ANY_CHANNEL);
    }
    let other = || Problem::OtherChannelChecksum { expected: excerpt(expected.unwrap_or_default()) };
    compare(token.channel_crc(), expected, problems, other)
}

fn rtc_user<'a>(
    token: &Untrusted006,
    join: Option<ExpectedUser<'_>>,
    expected: Option<&'a str>,
    problems: &mut Problems,
) -> SignedField<'a> {
    if token.user_crc() == 0 {
        problems.push(Problem::AnyUser { service: "rtc" });
        return SignedField::Known(FieldStr::EMPTY);
    }
    if token.user_crc() == crc32(b"0") {
        match join {
            Some(ExpectedUser::Uid(_)) => problems.push(Problem::AccountZeroForUid { service: "rtc" }),
            Some(ExpectedUser::Account(account)) if account != "0" => {
                problems.push(Problem::OtherUserChecksum { service: "rtc" })
            }
            _ => problems.push(Problem::AccountZero { service: "rtc" }),
        }
        return SignedField::Known(FieldStr::short("0"));
    }
    compare(token.user_crc(), expected, problems, || Problem::OtherUserChecksum { service: "rtc" })
}

fn compare<'a>(
    crc: u32,
    expected: Option<&'a str>,
    problems: &mut Problems,
    other: impl FnOnce() -> Problem,
) -> SignedField<'a> {
    let Some(string) = expected else { return SignedField::Unknown };
    match FieldStr::new(string) {
        Ok(string) if crc == crc32(string.as_bytes()) => SignedField::Known(string),
        _ => {
            problems.push(other());
            SignedField::Mismatch
        }
    }
}

fn check_times(token: &Untrusted006, now: UnixSeconds, problems: &mut Problems) {
    let expired_at = token.expires_at();
    if now >= expired_at {
        problems.push(Problem::Expired { expired_at, now });
    } else if expired_at > now.saturating_add(Seconds::DAY).saturating_add(VerifyError::LEEWAY) {
        problems.push(Problem::LateExpiry { expired_at, now });
    }
}

fn check_privileges(token: &Untrusted006, now: UnixSeconds, problems: &mut Problems) {
    let (service, map) = (token.service_name(), token.privileges());
    if service == "rtc" {
        if map.get(JOIN).is_none() {
            problems.push(Problem::NoJoinPrivilege);
        } else if map.iter().all(|(id, _)| id == JOIN) {
            problems.push(Problem::Subscriber);
        }
    }
    if let Some(id) = map.find_duplicate() {
        problems.push(Problem::DuplicatePrivilege { service, id });
    }
    for id in privilege_ids(service) {
        let (Some(privilege), Some(expired_at)) = (Untrusted006::privilege_name(id), map.get(id)) else {
            continue;
        };
        if expired_at.0 == 0 {
            problems.push(Problem::PrivilegeZero { service, privilege });
        } else if expired_at < UnixSeconds::RECENT {
            problems.push(Problem::TtlAsUnixTime { service, privilege, seconds: Seconds(expired_at.0) });
        } else if now >= expired_at && now < token.expires_at() {
            problems.push(Problem::PrivilegeExpired { service, privilege, expired_at, now });
        } else if expired_at > token.expires_at() {
            let by = Seconds(expired_at.0.saturating_sub(token.expires_at().0));
            problems.push(Problem::PrivilegeOutlivesToken { service, privilege, by });
        }
    }
}

fn privilege_ids(service: &str) -> core::ops::RangeInclusive<u16> {
    if service == "rtm" { RTM_LOGIN..=RTM_LOGIN } else { JOIN..=RtcPrivilege::PublishData as u16 }
}
