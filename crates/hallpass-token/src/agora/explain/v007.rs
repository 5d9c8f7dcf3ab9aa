//! The problems of a 007 token.

use alloc::vec::Vec;

use super::context::{Context, Expected, ExpectedUser};
use super::problem::{Problem, Problems};
use super::signature::{Signature, find_signer};
use crate::agora::error::VerifyError;
use crate::agora::field_str::FieldStr;
use crate::agora::name::{Account, Channel, ChannelName, ChatUser, RtmUser};
use crate::agora::privilege::RtcPrivilege;
use crate::agora::service::Service;
use crate::agora::user::Uid;
use crate::agora::v007::{Remainder, Untrusted007};
use crate::quote::excerpt;
use crate::{Seconds, UnixSeconds};

const JOIN: u16 = RtcPrivilege::Join as u16;
const LOGIN: u16 = 1;
const CHAT_APP: u16 = 2;
const APAAS_APP: u16 = 3;
/// The highest privilege ID of all service types.
const MAX_PRIVILEGE_ID: u16 = 4;

pub(super) fn check(token: &Untrusted007, context: &Context<'_>, problems: &mut Problems) -> Signature {
    // The services are parsed only once, because a malicious token can contain thousands of services.
    let mut services: Vec<_> = token.services().collect();
    let has_service = !services.is_empty();
    check_times(token, context.now, problems);
    let mut channel = context.expected.channel;
    if let Some(expected) = context.expected.service {
        services.retain(|service| expected.includes(service.name()));
        channel = channel.filter(|_| services.iter().any(|service| channel_of(service).is_some()));
        if has_service
            && services.is_empty()
            && !matches!(token.remainder(), Remainder::UnknownService { .. })
        {
            problems.push(Problem::OtherService { service: expected.as_str() });
        }
    }
    let joined = JoinedServices::new(&services, channel);
    for service in &services {
        check_privileges(token, service, &joined, context.now, problems);
        check_grants(service, problems);
        check_names(service, problems);
    }
    check_rtc_privileges(&services, &joined, problems);
    compare_channel(&services, token.remainder(), &joined, context.expected, problems);
    compare_user(&services, &joined, context.expected, problems);
    match token.remainder() {
        Remainder::Empty if !has_service => problems.push(Problem::NoService),
        Remainder::Empty => {}
        Remainder::UnknownService { number, services } => {
            problems.push(Problem::UnknownService { number, services })
        }
        Remainder::Bytes(bytes) => problems.push(Problem::ExtraBytes(bytes)),
    }
    find_signer(token.app_id(), context, problems, |certificates| token.signing_certificate(certificates))
}

/// The services that a client uses when the client joins a channel.
///
/// The candidates of a token with an RTC service are its RTC services. The candidates of another token, such as an
/// APaaS token, are the services that have a channel. The client uses the candidates for its channel. If no candidate
/// is for this channel, all candidates are included.
struct JoinedServices<'a> {
    channel: Option<&'a str>,
    has_rtc: bool,
    has_match: bool,
}

impl<'a> JoinedServices<'a> {
    fn new(services: &[Service<'_>], channel: Option<&'a str>) -> Self {
        let has_rtc = services.iter().any(is_rtc);
        let any = Self { channel, has_rtc, has_match: false };
        let has_match = services.iter().any(|service| any.includes(service) && any.is_for_channel(service));
        Self { has_match, ..any }
    }

    fn includes(&self, service: &Service<'_>) -> bool {
        let is_candidate = if self.has_rtc { is_rtc(service) } else { channel_of(service).is_some() };
        is_candidate && (!self.has_match || self.is_for_channel(service))
    }

    fn is_for_channel(&self, service: &Service<'_>) -> bool {
        let is_match =
            |channel: &FieldStr<'_>, name| *channel == FieldStr::ANY_CHANNEL || channel.as_str() == name;
        self.channel.is_none_or(|name| channel_of(service).is_some_and(|channel| is_match(channel, name)))
    }
}

fn check_times(token: &Untrusted007, now: UnixSeconds, problems: &mut Problems) {
    let (issued_at, ttl, expired_at) = (token.issued_at(), token.expires_in(), token.expires_at());
    if ttl.0 >= UnixSeconds::RECENT.0 {
        problems.push(Problem::UnixTimeAsTtl(ttl.0));
    } else if ttl > Seconds::DAY {
        problems.push(Problem::LongTtl(ttl.0));
    } else if ttl.0 == 0 {
        problems.push(Problem::ZeroTtl);
    }
    if issued_at > now.saturating_add(VerifyError::LEEWAY) {
        problems.push(Problem::NotYetValid { issued_at, now });
    }
    if now > expired_at {
        problems.push(Problem::Expired { expired_at, now });
    }
}

fn check_privileges(
    token: &Untrusted007,
    service: &Service<'_>,
    joined: &JoinedServices<'_>,
    now: UnixSeconds,
    problems: &mut Problems,
) {
    let name = service.name();
    if let Some(id) = service.privileges().find_duplicate() {
        problems.push(Problem::DuplicatePrivilege { service: name, id });
    }
    let is_used = !is_rtc(service) || joined.includes(service);
    for id in 1..=MAX_PRIVILEGE_ID {
        let (Some(privilege), Some(ttl)) = (service.privilege_name(id), service.privileges().get(id)) else {
            continue;
        };
        let expired_at = token.privilege_expires_at(ttl);
        if ttl.0 >= UnixSeconds::RECENT.0 {
            let time = UnixSeconds(ttl.0);
            problems.push(Problem::UnixTimeAsPrivilegeTtl { service: name, privilege, time });
        } else if ttl > token.expires_in() {
            let by = Seconds(ttl.0.saturating_sub(token.expires_in().0));
            problems.push(Problem::PrivilegeOutlivesToken { service: name, privilege, by });
        } else if ttl.0 == 0 {
            problems.push(Problem::PrivilegeZero { service: name, privilege });
        } else if is_used && now > expired_at && now <= token.expires_at() {
            problems.push(Problem::PrivilegeExpired { service: name, privilege, expired_at, now });
        }
    }
}

/// Checks a service for missing privileges, administrator privileges, a missing user and the wildcard user.
fn check_grants(service: &Service<'_>, problems: &mut Problems) {
    let (name, map) = (service.name(), service.privileges());
    let has = |id| map.get(id).is_some();
    let has_empty_user = service.user().is_some_and(|user| user.as_bytes().is_empty());
    let is_login = matches!(service, Service::Rtm { .. } | Service::Rtm2 { .. });
    let defines_none = matches!(service, Service::ConvoAi { .. } | Service::Stt { .. });
    if is_login && !has(LOGIN) {
        problems.push(Problem::NoLoginPrivilege { service: name });
    } else if map.is_empty() && !defines_none && !is_rtc(service) {
        problems.push(Problem::NoPrivilege { service: name });
    }
    let is_admin = (matches!(service, Service::Chat { .. }) && has(CHAT_APP))
        || (matches!(service, Service::Apaas { .. }) && has(APAAS_APP));
    if is_admin {
        problems.push(Problem::Administrator { service: name });
    } else if has_empty_user && (has_uids(service) || matches!(service, Service::Rtm { .. })) {
        problems.push(Problem::AnyUser { service: name });
    } else if has_empty_user {
        problems.push(Problem::NoUser { service: name });
    }
}

/// Checks the combined privileges of the RTC services that the client joins.
fn check_rtc_privileges(services: &[Service<'_>], joined: &JoinedServices<'_>, problems: &mut Problems) {
    let rtc = || services.iter().filter(|service| is_rtc(service) && joined.includes(service));
    if rtc().next().is_none() {
        return;
    }
    if !rtc().any(|service| service.privileges().get(JOIN).is_some()) {
        problems.push(Problem::NoJoinPrivilege);
    } else if rtc().all(|service| service.privileges().iter().all(|(id, _)| id == JOIN)) {
        problems.push(Problem::Subscriber);
    }
}

/// Checks the channel and user names against Agora's rules.
fn check_names(service: &Service<'_>, problems: &mut Problems) {
    let name = service.name();
    if let Some(channel) = channel_of(service) {
        if channel.as_bytes().len() == ChannelName::MAX_BYTES {
            problems.push(Problem::LongChannel);
        }
        if let Err(error) = Channel::parse_or_any(channel.as_str()) {
            problems.push(Problem::InvalidChannelName { service: name, error });
        }
    }
    let user = user_str(service);
    if user.is_empty() {
        return;
    }
    let error = if has_uids(service) {
        Account::parse(user).err()
    } else if matches!(service, Service::Chat { .. }) {
        ChatUser::parse(user).err()
    } else {
        RtmUser::parse(user).err()
    };
    if let Some(error) = error {
        problems.push(Problem::InvalidUserName { service: name, error });
    }
}

fn compare_channel(
    services: &[Service<'_>],
    rest: Remainder,
    joined: &JoinedServices<'_>,
    expected: Expected<'_>,
    problems: &mut Problems,
) {
    if services.iter().filter_map(channel_of).any(|name| *name == FieldStr::ANY_CHANNEL) {
        problems.push(Problem::AnyChannel);
    }
    let Some(channel) = joined.channel else { return };
    // Clients do not join the channels of Streaming and Fusion CDN services.
    let opens_channel = |service: &&Service<'_>| {
        let is_joined = matches!(service, Service::Rtc { .. } | Service::Apaas { .. });
        joined.includes(service) && (is_joined || expected.service.is_some())
    };
    let Some(service) = services.iter().find(opens_channel) else {
        if !matches!(rest, Remainder::UnknownService { .. }) {
            problems.push(Problem::NoChannel);
        }
        return;
    };
    if !joined.has_match {
        let (service, found) = (service.name(), service.channel().map_or("", FieldStr::as_str));
        let (channel, expected) = (excerpt(found), excerpt(channel));
        problems.push(Problem::OtherChannel { service, channel, expected });
    }
}

/// Compares the users of the services with the expected user.
///
/// A client can use another user in each service, so the expected user must match only one of these services:
///
/// - If a service is expected: the services of this type.
/// - If a channel is expected: the services of the joined channel.
/// - If only an account is expected: all services with a user.
/// - If only a uid is expected: the services with uids. If the token has no service with a channel, the digits of the uid
///   can be a user of Signaling or Chat.
fn compare_user(
    services: &[Service<'_>],
    joined: &JoinedServices<'_>,
    expected: Expected<'_>,
    problems: &mut Problems,
) {
    let zero = services.iter().find(|service| has_uids(service) && user_str(service) == "0");
    if let Some(service) = zero
        && !matches!(expected.user, Some(ExpectedUser::Uid(_)))
    {
        problems.push(Problem::AccountZero { service: service.name() });
    }

    let Some(join) = expected.user else { return };
    let joining_user = join.to_field();
    let is_name = match join {
        ExpectedUser::Account(_) => true,
        ExpectedUser::Uid(0) => false,
        ExpectedUser::Uid(_) => {
            expected.service.is_some() || services.iter().all(|service| service.channel().is_none())
        }
    };
    let candidates = services.iter().filter(|service| {
        if has_uids(service) {
            return joined.includes(service);
        }
        let is_used = expected.service.is_some() || expected.channel.is_none() || joined.includes(service);
        is_name && is_used && !user_str(service).is_empty()
    });
    let candidates: Vec<_> = candidates.collect();
    let accepts = |service: &Service<'_>| {
        let user = user_str(service);
        let is_chat = matches!(service, Service::Chat { .. });
        user == joining_user
            || (user.is_empty() && has_uids(service))
            || (is_chat && is_same_chat_user(user, &joining_user))
    };
    if candidates.iter().any(|service| accepts(service)) {
        return;
    }
    // An account without a channel is the user who logs in to Signaling or Chat, if the token has such a service.
    let logs_in = expected.channel.is_none() && matches!(join, ExpectedUser::Account(_));
    let reported = candidates.iter().find(|service| logs_in != has_uids(service)).or(candidates.first());
    if let Some(service) = reported {
        problems.push(other_user(service, join, &joining_user));
    }
}

/// Returns whether a token for a Chat user can belong to the expected user. Chat ignores the case of names. A token can name
/// the user by UUID or by hash, which cannot be compared with a name.
fn is_same_chat_user(user: &str, expected: &str) -> bool {
    let is_id = |name: &str| {
        let digits = || name.bytes().filter(|byte| *byte != b'-');
        digits().count() == 32 && digits().all(|byte| byte.is_ascii_hexdigit())
    };
    user.eq_ignore_ascii_case(expected) || (is_id(user) && !is_id(expected))
}

/// Returns the problem that describes how a service's user differs from the expected user.
fn other_user(service: &Service<'_>, join: ExpectedUser<'_>, joining_user: &str) -> Problem {
    let is_number = |user| has_uids(service) && Uid::parse(user).is_ok();
    let (is_channel_user, names_number) = (has_uids(service), is_number(user_str(service)));
    let (service, user, expected) = (service.name(), excerpt(user_str(service)), excerpt(joining_user));
    match join {
        ExpectedUser::Uid(_) if !is_channel_user => Problem::OtherAccount { service, user, expected },
        ExpectedUser::Uid(_) if &*user == "0" => Problem::AccountZeroForUid { service },
        ExpectedUser::Uid(0) => Problem::UidChosenByAgora { service, user },
        ExpectedUser::Uid(_) if names_number => Problem::OtherUid { service, user, expected },
        ExpectedUser::Uid(_) => Problem::AccountForUid { service, user, expected },
        ExpectedUser::Account(account) if names_number && !is_number(account) => {
            Problem::UidForAccount { service, user, expected }
        }
        ExpectedUser::Account(_) => Problem::OtherAccount { service, user, expected },
    }
}

const fn is_rtc(service: &Service<'_>) -> bool {
    matches!(service, Service::Rtc { .. })
}

/// Returns the channel of a service. An APaaS room counts as a channel, unless its name is empty.
fn channel_of<'a, 'b>(service: &'b Service<'a>) -> Option<&'b FieldStr<'a>> {
    let is_room = matches!(service, Service::Apaas { .. });
    service.channel().filter(|channel| !is_room || !channel.as_bytes().is_empty())
}

fn user_str<'b>(service: &'b Service<'_>) -> &'b str {
    service.user().map_or("", FieldStr::as_str)
}

/// Returns whether the service can identify users by uid. In such a service, the uid 0 means any user.
const fn has_uids(service: &Service<'_>) -> bool {
    matches!(service, Service::Rtc { .. } | Service::Streaming { .. } | Service::Fcdn { .. })
}
