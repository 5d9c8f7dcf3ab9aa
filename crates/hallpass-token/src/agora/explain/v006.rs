//! The problems of a 006 token.

use super::context::{Context, ExpectedUser};
use super::problem::{Problem, Problems};
use super::signature::{Signature, find_signer, has_certificate};
use crate::agora::crc32::crc32;
use crate::agora::error::VerifyError;
use crate::agora::field_str::FieldStr;
use crate::agora::privilege::RtcPrivilege;
use crate::agora::v006::{RTM_LOGIN, Subject, Untrusted006};
use crate::quote::excerpt;
use crate::{Seconds, UnixSeconds};

const JOIN: u16 = RtcPrivilege::Join as u16;

pub(super) fn check(token: &Untrusted006, context: &Context<'_>, problems: &mut Problems) -> Signature {
    let expected = &context.expected;
    check_times(token, context.now, problems);
    if let Some(service) = expected.service
        && !token.service_names().iter().any(|name| service.includes(name))
    {
        problems.push(Problem::OtherService { service: service.as_str() });
    }
    let is_used = |name| {
        token.service_names().contains(&name) && expected.service.is_none_or(|service| service.includes(name))
    };
    let (rtc, rtm) = (is_used("rtc"), is_used("rtm"));
    // In a token for both services, a channel or a uid belongs to rtc, and an account alone belongs to Signaling.
    let has_uid = matches!(expected.user, Some(ExpectedUser::Uid(_)));
    let logs_in = rtm && (!rtc || (expected.channel.is_none() && !has_uid));
    if rtc {
        check_privileges(token, "rtc", context.now, problems);
        compare_rtc(token, expected.channel, expected.user.filter(|_| !logs_in), problems);
    }
    if rtm {
        check_privileges(token, "rtm", context.now, problems);
        if token.user_crc() != 0 {
            problems.push(Problem::UidInSignalingToken { is_used: !rtc || expected.channel.is_none() });
        }
        if !rtc && expected.service.is_none() && expected.channel.is_some() {
            problems.push(Problem::NoChannel);
        }
        compare_rtm(token, expected.user.filter(|_| logs_in), problems);
    }
    check_signature(token, context, problems)
}

/// Checks the signature if the channel and the user are known. The token contains only their checksums.
fn check_signature(token: &Untrusted006, context: &Context<'_>, problems: &mut Problems) -> Signature {
    let (channel, is_rtm) = (context.expected.channel, token.service_names() == ["rtm"]);
    let user = context.expected.user.map(ExpectedUser::to_field);
    let user = user.as_deref();
    // In a Signaling token, the channel field is the user.
    let signed_channel = with_crc(token.channel_crc(), [Some(""), Some("*"), channel, user]);
    let signed_user = with_crc(token.user_crc(), [Some(""), Some("0"), user, None]);
    if let (Some(channel), Some(user)) = (signed_channel, signed_user) {
        let subject = Subject { channel, user };
        return find_signer(token.app_id(), context, problems, |keys| {
            token.signing_certificate(subject, keys)
        });
    }
    let is_channel_missing = signed_channel.is_none() && if is_rtm { user } else { channel }.is_none();
    let is_missing = is_channel_missing || (signed_user.is_none() && user.is_none());
    if has_certificate(token.app_id(), context, problems) && is_missing {
        problems.push(if is_rtm { Problem::RtmUserUnknown } else { Problem::SubjectUnknown });
    }
    Signature::NotChecked
}

/// Returns the first string that has the checksum.
fn with_crc<'a>(crc: u32, strings: [Option<&'a str>; 4]) -> Option<FieldStr<'a>> {
    let mut fields = strings.into_iter().flatten().filter_map(|string| FieldStr::new(string).ok());
    fields.find(|field| crc32(field.as_bytes()) == crc)
}

fn compare_rtc(
    token: &Untrusted006,
    channel: Option<&str>,
    join: Option<ExpectedUser<'_>>,
    problems: &mut Problems,
) {
    let has_crc = |string: &str, crc| crc32(string.as_bytes()) == crc;
    match channel {
        _ if has_crc("*", token.channel_crc()) => problems.push(Problem::AnyChannel),
        Some(channel) if !has_crc(channel, token.channel_crc()) => {
            problems.push(Problem::OtherChannelChecksum { expected: excerpt(channel) })
        }
        _ => {}
    }
    let (service, is_zero) = ("rtc", has_crc("0", token.user_crc()));
    match join {
        _ if token.user_crc() == 0 => problems.push(Problem::AnyUser { service }),
        Some(ExpectedUser::Uid(_)) if is_zero => problems.push(Problem::AccountZeroForUid { service }),
        Some(user) if !has_crc(&user.to_field(), token.user_crc()) => {
            problems.push(Problem::OtherUserChecksum { service })
        }
        _ if is_zero => problems.push(Problem::AccountZero { service }),
        _ => {}
    }
}

fn compare_rtm(token: &Untrusted006, login: Option<ExpectedUser<'_>>, problems: &mut Problems) {
    let login = login.map(ExpectedUser::to_field).filter(|name| !name.is_empty());
    if token.channel_crc() == 0 {
        problems.push(Problem::NoUser { service: "rtm" });
    } else if login.is_some_and(|name| crc32(name.as_bytes()) != token.channel_crc()) {
        problems.push(Problem::OtherUserChecksum { service: "rtm" });
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

fn check_privileges(token: &Untrusted006, service: &'static str, now: UnixSeconds, problems: &mut Problems) {
    let map = token.privileges();
    if service == "rtc" {
        if map.get(JOIN).is_none() {
            problems.push(Problem::NoJoinPrivilege);
        } else if map.iter().all(|(id, _)| id == JOIN || id == RTM_LOGIN) {
            problems.push(Problem::Subscriber);
        }
    }
    if let Some(id) = map.find_duplicate().filter(|id| token.is_privilege_of(*id, service)) {
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
