//! Tests of `explain`. Most tokens in these tests have exactly one problem.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::agora::v006::{Subject, Token006};
use crate::agora::v007::{Services, Token007};
use crate::agora::{
    Access, AppCertificate, Channel, ChannelName, ChatUser, FieldStr, Mint, Permission, PermissionTree,
    Privileges, Project, Resource, Role, RtmUser, Salt, Service, User,
};
use crate::{PrivilegeTtl, Seconds, Ttl, UnixSeconds};

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";
const OTHER: &str = "00000000000000000000000000000000";
const NOW: UnixSeconds = UnixSeconds(1_700_000_000);
const TTL: u32 = 3600;

/// The expected values that match the token of [`rtc`].
const MATCHING: Expected<'static> =
    Expected { service: None, app_id: Some(APP_ID), channel: Some("demo"), user: Some(ExpectedUser::Uid(7)) };

/// Returns expected values that contain only a user.
fn user(user: ExpectedUser<'_>) -> Expected<'_> {
    Expected { user: Some(user), ..Expected::default() }
}

/// Returns expected values that contain only an account.
fn account(account: &str) -> Expected<'_> {
    user(ExpectedUser::Account(account))
}

fn with_service<'a>(service: &str, expected: Expected<'a>) -> Expected<'a> {
    Expected { service: Some(ExpectedService::parse(service).unwrap()), ..expected }
}

fn app_id() -> AppId {
    AppId::parse(APP_ID).unwrap()
}

fn certificate() -> AppCertificate {
    AppCertificate::parse(CERTIFICATE).unwrap()
}

/// Returns the codes of the problems, most severe first.
fn codes(token: &str, expected: Expected<'_>) -> Vec<&'static str> {
    codes_at(token, expected, NOW)
}

fn codes_at(token: &str, expected: Expected<'_>, now: UnixSeconds) -> Vec<&'static str> {
    let (app_id, certificates) = (app_id(), [certificate()]);
    let projects = [Project { app_id: &app_id, certificates: &certificates }];
    let report = explain(token, &Context { now, projects: &projects, expected });
    for problem in &report.problems {
        let sentence = format!("{problem}");
        assert!(sentence.ends_with('.') && !sentence.contains(CERTIFICATE), "{sentence}");
        let rejected = report.sdk_errors(problem).next().is_some();
        assert!(!rejected || problem.severity() == Severity::Error, "{problem:?}");
    }
    report.problems.iter().map(Problem::code).collect()
}

fn mint<R>(make: impl FnOnce(&Mint<'_>) -> R) -> R {
    make(&Mint {
        app_id: &app_id(),
        certificate: &certificate(),
        issued_at: NOW,
        salt: Salt::from_bytes([1; 4]),
    })
}

fn ttl() -> Ttl {
    Ttl::new(TTL).unwrap()
}

fn demo() -> Channel<'static> {
    Channel::parse_or_any("demo").unwrap()
}

fn publisher() -> crate::agora::RtcPrivileges {
    Role::Publisher.privileges(PrivilegeTtl::For(ttl()))
}

fn rtc() -> String {
    mint(|mint| mint.rtc(demo(), User::from_number_or_any(7), publisher(), ttl()))
}

fn rtc_salted(salt: [u8; 4]) -> String {
    let (app_id, certificate, salt) = (app_id(), certificate(), Salt::from_bytes(salt));
    let mint = Mint { app_id: &app_id, certificate: &certificate, issued_at: NOW, salt };
    mint.rtc(demo(), User::from_number_or_any(7), publisher(), ttl())
}

fn rtc_006() -> String {
    mint(|mint| mint.rtc_006(demo(), User::from_number_or_any(7), publisher()))
}

fn ttls(privileges: &[(u16, u32)]) -> Privileges<'static, Seconds> {
    Privileges::new(&privileges.iter().map(|&(id, length)| (id, Seconds(length))).collect::<Vec<_>>())
        .unwrap()
}

/// Returns a 007 token for voice and video with values that are not validated.
fn raw(ttl: u32, channel: &str, user: &str, privileges: &[(u16, u32)]) -> String {
    let rtc = Service::Rtc {
        channel: FieldStr::new(channel).unwrap(),
        user: FieldStr::new(user).unwrap(),
        privileges: ttls(privileges),
    };
    let app_id = app_id();
    let (issued_at, expires_in) = (NOW, Seconds(ttl));
    Token007 { app_id: &app_id, issued_at, expires_in, salt: 1, services: Services::single(&rtc) }
        .sign(&certificate())
}

/// Returns a 006 token for user 7 in channel `demo`.
fn raw_006(expires_at: u32, privileges: &[(u16, u32)]) -> String {
    raw_006_for("demo", "7", expires_at, privileges)
}

fn raw_006_for(channel: &str, user: &str, expires_at: u32, privileges: &[(u16, u32)]) -> String {
    let (channel, user) = (FieldStr::new(channel).unwrap(), FieldStr::new(user).unwrap());
    Token006 {
        app_id: &app_id(),
        subject: Subject { channel, user },
        salt: 1,
        expires_at: UnixSeconds(expires_at),
        privileges: Privileges::new(
            &privileges.iter().map(|&(id, end)| (id, UnixSeconds(end))).collect::<Vec<_>>(),
        )
        .unwrap(),
    }
    .sign(&certificate())
}

fn signature(token: &str, expected: Expected<'_>) -> Signature {
    let (app_id, certificates) = (app_id(), [AppCertificate::parse(OTHER).unwrap(), certificate()]);
    let other = AppId::parse(OTHER).unwrap();
    let projects = [
        Project { app_id: &other, certificates: &certificates[..1] },
        Project { app_id: &app_id, certificates: &certificates },
    ];
    explain(token, &Context { now: NOW, projects: &projects, expected }).signature
}

#[test]
fn matching_token_has_no_problems() {
    assert_eq!(codes(&rtc(), MATCHING), [""; 0]);
    assert_eq!(codes(&rtc_006(), MATCHING), [""; 0]);
}

#[test]
fn finds_the_signing_certificate() {
    for token in [rtc(), rtc_006()] {
        assert_eq!(signature(&token, MATCHING), Signature::Valid { project: 1, certificate: 1 });
    }
}

#[test]
fn requires_the_subject_of_a_006_token() {
    let token = rtc_006();
    assert_eq!(codes(&token, Expected::default()), ["signature_needs_channel_and_user"]);
    assert_eq!(signature(&token, Expected::default()), Signature::NotChecked);
}

#[test]
fn identifies_other_formats() {
    let signaling = format!("1:{APP_ID}:1700000000:{OTHER}");
    for (token, code) in [
        ("", "empty"),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl", "jwt_for_agora_token"),
        ("0051AQA", "legacy_format"),
        ("0041AQA", "legacy_format"),
        (&signaling, "legacy_format"),
        ("hello", "unknown_format"),
        ("007", "cut_off"),
        ("007!!!!", "base64_character"),
        ("007AAAA", "damaged"),
        ("006970CA35de60c44645bbae8a215061b3", "cut_off"),
        ("006970CA35de60c44645bbae8a215061bXX", "app_id_malformed"),
        ("006970CA35de60c44645bbae8a215061b33AQAx", "malformed"),
    ] {
        assert_eq!(codes(token, MATCHING), [code], "{token:?}");
    }
}

#[test]
fn parses_wrapped_tokens() {
    for (before, after) in
        [(" ", "\n"), ("\"", "\""), ("agora token=", ""), ("AGORA TOKEN=\"", "\""), ("Bearer ", "")]
    {
        for token in [rtc(), rtc_006()] {
            assert_eq!(codes(&format!("{before}{token}{after}"), MATCHING), ["surrounding_characters"]);
        }
    }
}

#[test]
fn parses_nonstandard_base64() {
    let url_safe = |token: &str| token.replace('+', "-").replace('/', "_");
    for token in [rtc(), rtc_006()] {
        assert_eq!(codes(&url_safe(&token), MATCHING), ["base64_url_safe"], "{token}");
        let broken: String = token
            .chars()
            .enumerate()
            .flat_map(|(i, c)| (i == 50).then_some('\n').into_iter().chain([c]))
            .collect();
        assert_eq!(codes(&broken, MATCHING), ["base64_whitespace"]);
    }
    let with_plus = (1..).map(|salt| rtc_salted([salt; 4])).find(|token| token.contains('+')).unwrap();
    assert_eq!(codes(&with_plus.replace('+', " "), MATCHING), ["plus_lost"]);
    let encoded = with_plus.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
    assert_eq!(codes(&encoded, MATCHING), ["percent_encoded"]);
    let padded = raw(TTL, "demo!", "7", &[(1, 60), (2, 60)]);
    assert!(padded.ends_with('='));
    let matching = Expected { channel: Some("demo!"), ..MATCHING };
    assert_eq!(codes(padded.trim_end_matches('='), matching), ["base64_padding"]);
}

#[test]
fn detects_truncation_at_every_length() {
    for token in [rtc(), rtc_006()] {
        for len in 3..token.len() {
            let found = codes(&token[..len], MATCHING);
            let only_padding = token[len..].bytes().all(|byte| byte == b'=');
            let code = if only_padding { "base64_padding" } else { "cut_off" };
            assert!(found.contains(&code), "{len} of {}: {found:?}", token.len());
        }
    }
}

#[test]
fn compares_the_project() {
    let expected = |app_id| Expected { app_id: Some(app_id), ..MATCHING };
    assert_eq!(codes(&rtc(), expected(OTHER)), ["other_app_id"]);
    assert_eq!(codes(&rtc(), expected("your_app_id")), ["expected_app_id_malformed"]);

    let other = AppId::parse(OTHER).unwrap();
    let projects = [Project { app_id: &other, certificates: &[] }];
    let report = explain(&rtc(), &Context { now: NOW, projects: &projects, expected: MATCHING });
    assert_eq!(report.problems, [Problem::UnknownProject]);
    assert_eq!(report.signature, Signature::NotChecked);
}

#[test]
fn reports_another_certificate() {
    let (app_id, other) = (app_id(), [AppCertificate::parse(OTHER).unwrap()]);
    let projects = [Project { app_id: &app_id, certificates: &other }];
    for token in [rtc(), rtc_006()] {
        let report = explain(&token, &Context { now: NOW, projects: &projects, expected: MATCHING });
        assert_eq!(report.problems, [Problem::OtherCertificate]);
        assert_eq!(report.signature, Signature::Invalid);
        assert!(!report.is_usable());
    }
}

#[test]
fn checks_the_times_of_a_007_token() {
    let all = |seconds| [(1, seconds), (2, seconds)];
    let unix_time = NOW.0 + TTL;
    for (token, now, found) in [
        (raw(TTL, "demo", "7", &all(TTL)), NOW.0 + TTL, &[][..]),
        (raw(TTL, "demo", "7", &all(TTL)), NOW.0 + TTL + 1, &["expired"]),
        (raw(TTL, "demo", "7", &all(TTL)), NOW.0 - 60, &[]),
        (raw(TTL, "demo", "7", &all(TTL)), NOW.0 - 61, &["not_yet_valid"]),
        (raw(unix_time, "demo", "7", &all(TTL)), NOW.0, &["unix_time_as_life"]),
        (raw(unix_time, "demo", "7", &all(TTL)), NOW.0 + 86_401, &["expired", "unix_time_as_life"]),
        (raw(86_401, "demo", "7", &all(TTL)), NOW.0, &["longer_than_a_day"]),
        (
            raw(0, "demo", "7", &[(1, 1), (2, 1)]),
            NOW.0 + 1,
            &["expired", "no_life", "privilege_outlives_token", "privilege_outlives_token"],
        ),
        (
            raw(TTL, "demo", "7", &all(unix_time)),
            NOW.0,
            &["unix_time_as_privilege_life", "unix_time_as_privilege_life"],
        ),
        (raw(TTL, "demo", "7", &[(1, TTL), (2, TTL + 1)]), NOW.0, &["privilege_outlives_token"]),
        (raw(TTL, "demo", "7", &[(1, TTL), (2, 60)]), NOW.0 + 60, &[]),
        (raw(TTL, "demo", "7", &[(1, TTL), (2, 60)]), NOW.0 + 61, &["privilege_expired"]),
        (raw(TTL, "demo", "7", &[(1, TTL), (2, 0)]), NOW.0, &["privilege_zero"]),
    ] {
        assert_eq!(codes_at(&token, MATCHING, UnixSeconds(now)), found, "{token} at {now}");
    }
}

#[test]
fn checks_the_times_of_a_006_token() {
    let day = NOW.0 + 86_400;
    let all = |end| [(1, end), (2, end)];
    for (token, now, found) in [
        (raw_006(day, &all(day)), day - 1, &[][..]),
        (raw_006(day, &all(day)), day, &["expired"]),
        (raw_006(day + 61, &all(day)), NOW.0, &["longer_than_a_day"]),
        (raw_006(day, &all(TTL)), NOW.0, &["life_as_unix_time", "life_as_unix_time"]),
        (raw_006(day, &all(NOW.0 + 60)), NOW.0 + 60, &["privilege_expired", "privilege_expired"]),
        (raw_006(day, &[(1, day), (2, day + 1)]), NOW.0, &["privilege_outlives_token"]),
        (raw_006(day, &all(0)), NOW.0, &["privilege_zero", "privilege_zero"]),
    ] {
        assert_eq!(codes_at(&token, MATCHING, UnixSeconds(now)), found, "{token} at {now}");
    }
}

#[test]
fn compares_the_channel() {
    let expected = Expected { channel: Some("class"), ..MATCHING };
    assert_eq!(codes(&rtc(), expected), ["other_channel"]);
    assert_eq!(codes(&rtc_006(), expected), ["other_channel"]);
    assert_eq!(codes(&raw(TTL, "*", "7", &[(1, TTL), (2, TTL)]), expected), ["any_channel"]);
    let any = mint(|mint| mint.rtc_006(Channel::Any, User::from_number_or_any(7), publisher()));
    assert_eq!(codes(&any, expected), ["any_channel"]);
    let rtm = mint(|mint| mint.rtm(RtmUser::parse("alice").unwrap(), ttl()));
    assert_eq!(codes(&rtm, Expected { user: None, ..MATCHING }), ["no_channel"]);
    let rtm = mint(|mint| mint.rtm_006(RtmUser::parse("7").unwrap(), PrivilegeTtl::For(ttl())));
    assert_eq!(codes(&rtm, MATCHING), ["no_channel"]);
}

#[test]
fn compares_the_user() {
    let token = |user| raw(TTL, "demo", user, &[(1, TTL), (2, TTL)]);
    for (user, join, found) in [
        ("7", ExpectedUser::Uid(7), &[][..]),
        ("7", ExpectedUser::Account("7"), &[]),
        ("7", ExpectedUser::Uid(8), &["other_uid"]),
        ("7", ExpectedUser::Uid(0), &["uid_chosen_by_agora"]),
        ("7", ExpectedUser::Account("alice"), &["uid_for_account"]),
        ("alice", ExpectedUser::Account("alice"), &[]),
        ("alice", ExpectedUser::Account("bob"), &["other_account"]),
        ("alice", ExpectedUser::Uid(7), &["account_for_uid"]),
        ("", ExpectedUser::Uid(7), &["any_user"]),
        ("", ExpectedUser::Uid(0), &["any_user"]),
        ("0", ExpectedUser::Account("0"), &["account_zero"]),
        ("0", ExpectedUser::Account("bob"), &["other_account", "account_zero"]),
        ("0", ExpectedUser::Uid(0), &["account_zero_for_uid"]),
        ("0", ExpectedUser::Uid(7), &["account_zero_for_uid"]),
    ] {
        let expected = Expected { user: Some(join), ..MATCHING };
        assert_eq!(codes(&token(user), expected), found, "{user:?} {join:?}");
    }
}

#[test]
fn compares_the_user_of_a_006_token() {
    let token = |user| mint(|mint| mint.rtc_006(demo(), user, publisher()));
    let expected = |user| Expected { user: Some(user), ..MATCHING };
    assert_eq!(codes(&token(User::from_number_or_any(7)), expected(ExpectedUser::Uid(8))), ["other_user"]);
    assert_eq!(codes(&token(User::Any), expected(ExpectedUser::Uid(8))), ["any_user"]);
    let zero = token(crate::agora::Account::parse("0").unwrap().into());
    assert_eq!(codes(&zero, expected(ExpectedUser::Account("0"))), ["account_zero"]);
    assert_eq!(codes(&zero, expected(ExpectedUser::Uid(0))), ["account_zero_for_uid"]);
    assert_eq!(codes(&zero, expected(ExpectedUser::Account("bob"))), ["other_user"]);
}

#[test]
fn compares_the_user_of_a_006_signaling_token() {
    let rtm = mint(|mint| mint.rtm_006(RtmUser::parse("alice").unwrap(), PrivilegeTtl::For(ttl())));
    let login = |user| Expected { channel: None, user: Some(user), ..MATCHING };
    assert_eq!(codes(&rtm, login(ExpectedUser::Account("alice"))), [""; 0]);
    assert_eq!(codes(&rtm, login(ExpectedUser::Account("bob"))), ["other_user"]);
    assert_eq!(codes(&rtm, login(ExpectedUser::Uid(7))), ["other_user"]);
    assert_eq!(codes(&rtm, login(ExpectedUser::Uid(0))), [""; 0]);
    assert_eq!(codes(&rtm, Expected::default()), ["signature_needs_channel_and_user"]);
    let day = NOW.0 + 86_400;
    let number = raw_006_for("7", "", day, &[(1000, day)]);
    assert_eq!(codes(&number, login(ExpectedUser::Uid(7))), [""; 0]);
    let without_user = raw_006_for("", "", day, &[(1000, day)]);
    assert_eq!(codes(&without_user, login(ExpectedUser::Account("alice"))), ["no_user"]);
}

/// A 006 token for Signaling signs the user as the channel, and an empty uid.
#[test]
fn reports_a_006_signaling_token_with_a_uid() {
    let day = NOW.0 + 86_400;
    let (both, login) = (&[(1, day), (2, day), (1000, day)][..], &[(1000, day)][..]);
    let joins = |channel, user| Expected { channel: Some(channel), user: Some(user), ..Expected::default() };
    let (alice, seven) = (ExpectedUser::Account("alice"), ExpectedUser::Uid(7));
    let uid = "uid_in_signaling_token";
    for (channel, name, privileges, expected, found) in [
        ("alice", "alice", both, user(alice), &[uid][..]),
        ("alice", "alice", login, user(alice), &[uid]),
        ("alice", "alice", both, with_service("rtm", user(alice)), &[uid]),
        ("alice", "alice", both, with_service("rtc", joins("alice", alice)), &[]),
        ("alice", "alice", both, Expected::default(), &[uid, "signature_needs_channel_and_user"]),
        ("7", "7", both, user(seven), &[uid]),
        (
            "demo",
            "7",
            both,
            user(alice),
            &["uid_in_signaling_token", "other_user", "signature_needs_channel_and_user"],
        ),
        ("demo", "7", login, MATCHING, &[uid, "no_channel", "other_user"]),
        ("alice", "", both, user(alice), &["any_user"]),
        ("alice", "", both, with_service("rtm", user(alice)), &[]),
        ("demo", "", both, user(alice), &["other_user", "any_user", "signature_needs_channel_and_user"]),
        ("demo", "", both, MATCHING, &["any_user"]),
        ("demo", "", both, with_service("rtm", MATCHING), &["other_user"]),
    ] {
        let token = raw_006_for(channel, name, day, privileges);
        assert_eq!(codes(&token, expected), found, "{channel:?} {name:?} {privileges:?} {expected:?}");
    }
    let report = explain(&raw_006(day, both), &Context { now: NOW, projects: &[], expected: MATCHING });
    assert_eq!((report.problems[0].code(), report.problems[0].severity()), (uid, Severity::Warning));
}

/// Signaling rejects an expired login with another error than an invalid token.
#[test]
fn maps_an_expired_login_of_a_006_token_to_errors_of_signaling() {
    let day = NOW.0 + 86_400;
    for (login, code) in [(0, 5), (100_000, 6), (NOW.0 - 1, 6)] {
        let token = raw_006_for("alice", "alice", day, &[(1, 0), (1000, login)]);
        let report = explain(&token, &Context { now: NOW, projects: &[], expected: account("alice") });
        let problem = report.problems.first().unwrap();
        let errors = report.sdk_errors(problem).map(|error| (error.sdk, error.code)).collect::<Vec<_>>();
        assert_eq!((problem.service(), errors[0]), (Some("rtm"), (Sdk::Rtm1, Some(code))), "{login}");
        assert!(!report.is_usable());
    }
}

#[test]
fn reports_duplicate_privileges_of_a_006_token_once() {
    let day = NOW.0 + 86_400;
    let twice = [1, 2, 1000, 1000].map(|id| (id, UnixSeconds(day)));
    let privileges = Privileges::collect(twice.into_iter());
    let subject = Subject { channel: FieldStr::new("alice").unwrap(), user: FieldStr::EMPTY };
    let token = Token006 { app_id: &app_id(), subject, salt: 1, expires_at: UnixSeconds(day), privileges };
    let token = token.sign(&certificate());
    assert_eq!(
        codes(&token, with_service("rtc", Expected { channel: Some("alice"), ..account("bob") })),
        ["any_user"]
    );
    assert_eq!(codes(&token, with_service("rtm", account("alice"))), ["double_privilege"]);
}

/// A token for one service is the most frequent cause of a rejected login to Signaling.
#[test]
fn reports_a_token_for_another_service() {
    let names = ["rtc", "rtm", "streaming", "fpa", "chat", "fcdn", "apaas", "convoai", "stt"];
    let permissions = PermissionTree::new(&[]).unwrap();
    let name = FieldStr::new("alice").unwrap();
    let rtm2 = Service::Rtm2 {
        user: name,
        permissions: permissions.as_permissions(),
        privileges: ttls(&[(1, TTL)]),
    };
    let alone = |service| mint(|mint| mint.services(Services::single(&service), ttl()));
    let stt = alone(Service::stt());
    for (token, contained) in [(rtc(), "rtc"), (rtc_006(), "rtc"), (alone(rtm2), "rtm"), (stt, "stt")] {
        for name in names {
            let found = codes(&token, with_service(name, Expected::default()));
            assert_eq!(found.contains(&"other_service"), name != contained, "{name} {found:?}");
        }
    }
    for name in ["rtm2", "", "RTC", "videosdk"] {
        assert_eq!(ExpectedService::parse(name), None);
    }
    for token in [rtc(), rtc_006()] {
        let expected = with_service("rtm", account("alice"));
        let report = explain(&token, &Context { now: NOW, projects: &[], expected });
        let errors = report.sdk_errors(&report.problems[0]).map(|error| error.code).collect::<Vec<_>>();
        assert_eq!((report.problems.len(), &*errors), (1, &[Some(5), Some(-10005)][..]));
        assert_eq!(
            format!("{}", report.problems[0]),
            "The token has no service rtm, but the client uses the token for rtm. Request a token with rtm."
        );
    }
}

/// A uid belongs to a service with a uid, and an account without a channel belongs to a service with a user's name.
#[test]
fn reports_the_service_of_the_expected_user() {
    let string = |string| FieldStr::new(string).unwrap();
    let privileges = ttls(&[(1, TTL), (2, TTL)]);
    let mut services = [
        Service::Rtc { channel: string("demo"), user: string("7"), privileges },
        Service::Rtm { user: string("alice"), privileges: ttls(&[(1, TTL)]) },
    ];
    let token = mint(|mint| mint.services(Services::new(&mut services).unwrap(), ttl()));
    let joins = |user| Expected { channel: Some("demo"), ..self::user(user) };
    for (expected, found) in [
        (user(ExpectedUser::Uid(7)), None),
        (user(ExpectedUser::Uid(8)), Some(("other_uid", Some("rtc")))),
        (account("alice"), None),
        (account("bob"), Some(("other_account", Some("rtm")))),
        (joins(ExpectedUser::Uid(7)), None),
        (joins(ExpectedUser::Account("alice")), Some(("uid_for_account", Some("rtc")))),
    ] {
        let report = explain(&token, &Context { now: NOW, projects: &[], expected });
        let problem = report.problems.first().map(|problem| (problem.code(), problem.service()));
        assert_eq!(problem, found, "{expected:?}");
    }
}

/// Problems of services that the client does not use do not count.
#[test]
fn checks_only_the_expected_service() {
    let string = |string| FieldStr::new(string).unwrap();
    let login =
        |user, privileges: &[(u16, u32)]| Service::Rtm { user: string(user), privileges: ttls(privileges) };
    let rtc = |user| Service::Rtc {
        channel: string("demo"),
        user: string(user),
        privileges: ttls(&[(1, TTL), (2, TTL)]),
    };
    let streaming = |channel| Service::Streaming {
        channel: string(channel),
        user: string("7"),
        privileges: ttls(&[(1, TTL)]),
    };
    let (ok, none) = (&[(1, TTL)][..], &[][..]);
    for (mut services, name, expected, found) in [
        (vec![rtc("7"), login("alice", none)], "rtc", MATCHING, &[][..]),
        (vec![rtc("7"), login("alice", none)], "rtm", account("alice"), &["no_login_privilege"]),
        (vec![rtc("8"), login("7", ok)], "rtm", MATCHING, &[]),
        (vec![rtc("7"), login("alice", ok)], "rtm", MATCHING, &["other_account"]),
        (vec![rtc("7"), login("", ok)], "rtm", MATCHING, &["any_user"]),
        (vec![rtc("8"), login("7", ok)], "rtc", MATCHING, &["other_uid"]),
        (vec![rtc("7"), streaming("demo")], "streaming", MATCHING, &[]),
        (vec![rtc("7"), streaming("class")], "streaming", MATCHING, &["other_channel"]),
        (vec![rtc("7"), Service::stt()], "stt", MATCHING, &[]),
    ] {
        let token = mint(|mint| mint.services(Services::new(&mut services).unwrap(), ttl()));
        assert_eq!(codes(&token, with_service(name, expected)), found, "{name} {expected:?}");
    }
}

#[test]
fn compares_chat_users() {
    const UUID: &str = "6d1b9f0e-2c47-4a58-9e13-5b7d8c9a0f21";
    const OTHER_UUID: &str = "00000000-2c47-4a58-9e13-5b7d8c9a0f21";
    let token = |user| mint(|mint| mint.chat_user(ChatUser::parse(user).unwrap(), ttl()));
    for (user, expected, found) in [
        ("alice", ExpectedUser::Account("alice"), &[][..]),
        ("alice", ExpectedUser::Account("Alice"), &[]),
        ("alice", ExpectedUser::Account("bob"), &["other_account"]),
        ("alice", ExpectedUser::Uid(7), &["other_account"]),
        ("7", ExpectedUser::Uid(7), &[]),
        ("alice", ExpectedUser::Uid(0), &[]),
        (UUID, ExpectedUser::Account("alice"), &[]),
        (UUID, ExpectedUser::Account(OTHER_UUID), &["other_account"]),
    ] {
        assert_eq!(codes(&token(user), self::user(expected)), found, "{user} {expected:?}");
    }
    let app = mint(|mint| mint.chat_app(ttl()));
    assert_eq!(codes(&app, account("alice")), ["administrator"]);
}

/// The signature of a 006 token for another project cannot be checked with more information.
#[test]
fn reports_an_unknown_project_instead_of_an_unknown_subject() {
    let other = AppId::parse(OTHER).unwrap();
    let rtm = mint(|mint| mint.rtm_006(RtmUser::parse("alice").unwrap(), PrivilegeTtl::For(ttl())));
    let certificates = [certificate()];
    let projects = [Project { app_id: &other, certificates: &certificates }];
    for token in [rtc_006(), rtm] {
        let context = Context { now: NOW, projects: &projects, expected: Expected::default() };
        assert_eq!(explain(&token, &context).problems, [Problem::UnknownProject]);
        assert_eq!(explain(&token, &Context { projects: &[], ..context }).problems, []);
    }
}

#[test]
fn compares_signaling_users() {
    let token = mint(|mint| mint.rtm(RtmUser::parse("alice").unwrap(), ttl()));
    let login = |user| Expected { channel: None, user: Some(user), ..MATCHING };
    assert_eq!(codes(&token, login(ExpectedUser::Account("alice"))), [""; 0]);
    assert_eq!(codes(&token, login(ExpectedUser::Account("bob"))), ["other_account"]);
    assert_eq!(codes(&token, login(ExpectedUser::Uid(7))), ["other_account"]);
    assert_eq!(codes(&token, login(ExpectedUser::Uid(0))), [""; 0]);
    let app = mint(|mint| mint.apaas_app(ttl()));
    assert_eq!(codes(&app, login(ExpectedUser::Account("alice"))), ["administrator"]);
    let number = mint(|mint| mint.rtm(RtmUser::parse("1234").unwrap(), ttl()));
    assert_eq!(codes(&number, login(ExpectedUser::Account("bob"))), ["other_account"]);
    assert_eq!(codes(&number, login(ExpectedUser::Uid(1234))), [""; 0]);
    let classroom = mint(|mint| mint.apaas_user(RtmUser::parse("alice").unwrap(), ttl()));
    assert_eq!(codes(&classroom, login(ExpectedUser::Account("bob"))), ["other_account"]);
}

#[test]
fn accepts_different_users_in_one_token() {
    let grant = crate::agora::RtcWithRtm {
        channel: demo(),
        user: crate::agora::Account::parse("rtc-user").unwrap().into(),
        privileges: publisher(),
        rtm_user: RtmUser::parse("rtm-user").unwrap(),
        rtm_login: PrivilegeTtl::For(ttl()),
    };
    let token = mint(|mint| mint.rtc_with_rtm(&grant, ttl()));
    let join = |channel, user| Expected { channel, user: Some(ExpectedUser::Account(user)), ..MATCHING };
    for (expected, found) in [
        (join(Some("demo"), "rtc-user"), &[][..]),
        (join(Some("demo"), "rtm-user"), &["other_account"]),
        (join(None, "rtc-user"), &[]),
        (join(None, "rtm-user"), &[]),
        (join(None, "bob"), &["other_account"]),
    ] {
        assert_eq!(codes(&token, expected), found, "{expected:?}");
    }
}

#[test]
fn accepts_any_of_several_channels() {
    let rtc = |channel, user| Service::Rtc {
        channel: FieldStr::new(channel).unwrap(),
        user: FieldStr::new(user).unwrap(),
        privileges: ttls(&[(1, TTL), (2, TTL)]),
    };
    let mut services = [rtc("class", "8"), rtc("demo", "7")];
    let services = Services::new(&mut services).unwrap();
    let token = mint(|mint| mint.services(services, ttl()));
    assert_eq!(codes(&token, MATCHING), [""; 0]);
    assert_eq!(codes(&token, Expected { channel: Some("class"), ..MATCHING }), ["other_uid"]);
    assert_eq!(codes(&token, Expected { channel: Some("other"), ..MATCHING }), ["other_channel"]);
}

/// Services that the client does not use cannot prevent the client from joining.
#[test]
fn checks_only_the_joined_services() {
    let string = |string| FieldStr::new(string).unwrap();
    let rtc = |channel, user, privileges: &[(u16, u32)]| Service::Rtc {
        channel: string(channel),
        user: string(user),
        privileges: ttls(privileges),
    };
    let streaming = |channel, user| Service::Streaming {
        channel: string(channel),
        user: string(user),
        privileges: ttls(&[(1, TTL)]),
    };
    let (all, join, data) = (&[(1, TTL), (2, TTL)][..], &[(1, TTL)][..], &[(4, TTL)][..]);
    let short = &[(1, 60), (2, 60)][..];
    for (mut services, found) in [
        (vec![rtc("class", "7", all), rtc("demo", "7", data)], &["no_join_privilege"][..]),
        (vec![rtc("class", "7", join), rtc("demo", "7", all)], &[]),
        (vec![rtc("class", "7", short), rtc("demo", "7", all)], &[]),
        (vec![rtc("class", "7", all), streaming("demo", "7")], &["other_channel"]),
        (vec![rtc("demo", "8", all), streaming("demo", "7")], &["other_uid"]),
        (vec![streaming("demo", "7")], &["no_channel"]),
    ] {
        let services = Services::new(&mut services).unwrap();
        let token = mint(|mint| mint.services(services, ttl()));
        assert_eq!(codes_at(&token, MATCHING, NOW.saturating_add(Seconds(61))), found, "{services:?}");
    }
}

#[test]
fn stays_usable_after_a_publish_privilege_expires() {
    let token = raw(TTL, "demo", "7", &[(1, TTL), (2, 60)]);
    let context = Context { now: NOW.saturating_add(Seconds(61)), projects: &[], expected: MATCHING };
    let report = explain(&token, &context);
    assert_eq!((report.problems[0].code(), report.is_usable()), ("privilege_expired", true));
    let token = raw(TTL, "demo", "7", &[(1, 60), (2, TTL)]);
    let report = explain(&token, &context);
    assert_eq!((report.problems[0].code(), report.is_usable()), ("privilege_expired", false));
}

#[test]
fn maps_problems_to_errors_of_the_services_sdks() {
    let sdks = |token: &str, expected| {
        let now = NOW.saturating_add(Seconds::DAY);
        let report = explain(token, &Context { now, projects: &[], expected });
        let errors = report.sdk_errors(&report.problems[0]);
        errors.map(|error| (error.sdk, error.code.unwrap_or_default())).collect::<Vec<_>>()
    };
    let rtm = mint(|mint| mint.rtm(RtmUser::parse("alice").unwrap(), ttl()));
    let chat = mint(|mint| mint.chat_user(ChatUser::parse("alice").unwrap(), ttl()));
    assert_eq!(sdks(&rtc(), MATCHING), [(Sdk::Rtc, 109), (Sdk::RtcWeb, 0), (Sdk::RtcWeb, 0)]);
    assert_eq!(sdks(&rtc(), with_service("rtm", MATCHING)), [(Sdk::Rtm1, 6), (Sdk::Rtm2, -10009)]);
    assert_eq!(sdks(&rtm, Expected::default()), [(Sdk::Rtm1, 6), (Sdk::Rtm2, -10009)]);
    assert_eq!(sdks(&chat, Expected::default()), []);
    assert_eq!(sdks("x", MATCHING), [(Sdk::Rtc, 110), (Sdk::RtcWeb, 0), (Sdk::Rtm1, 5), (Sdk::Rtm2, -10005)]);
    assert_eq!(sdks("x", with_service("rtm", MATCHING)), [(Sdk::Rtm1, 5), (Sdk::Rtm2, -10005)]);
    let typo = Expected { app_id: Some("x"), ..MATCHING };
    let report = explain(&rtc(), &Context { now: NOW, projects: &[], expected: typo });
    let errors = report.sdk_errors(&report.problems[0]).map(|error| (error.name, error.message));
    assert_eq!(
        errors.collect::<Vec<_>>(),
        [
            ("ERR_INVALID_APP_ID", None),
            ("CAN_NOT_GET_GATEWAY_SERVER", Some("invalid vendor key, can not find appid")),
        ]
    );
}

#[test]
fn reports_surprising_privileges_and_names() {
    let privilege_ttl = PrivilegeTtl::For(ttl());
    let subscriber = Role::Subscriber.privileges(privilege_ttl);
    let anyone = Expected::default();
    let (name, upper) = (FieldStr::new("alice").unwrap(), FieldStr::new("Alice").unwrap());
    let (none, one) = (Privileges::NONE, ttls(&[(1, TTL)]));
    let alone = |service| mint(|mint| mint.services(Services::single(&service), ttl()));
    let demo = demo();
    let user = User::from_number_or_any(7);
    for (token, expected, code) in [
        (mint(|m| m.rtc(demo, user, subscriber, ttl())), MATCHING, "subscriber_needs_cohost_authentication"),
        (mint(|m| m.rtc_006(demo, user, subscriber)), MATCHING, "subscriber_needs_cohost_authentication"),
        (raw(TTL, "demo", "7", &[(2, TTL)]), MATCHING, "no_join_privilege"),
        (raw_006(NOW.0 + 86_400, &[(2, NOW.0 + 60)]), MATCHING, "no_join_privilege"),
        (raw(TTL, "demo", "7", &[]), MATCHING, "no_join_privilege"),
        (raw_006(NOW.0 + 86_400, &[]), MATCHING, "no_join_privilege"),
        (
            alone(Service::Apaas { room: FieldStr::EMPTY, user: name, role: -1, privileges: none }),
            anyone,
            "no_privilege",
        ),
        (alone(Service::Rtm { user: name, privileges: none }), anyone, "no_login_privilege"),
        (alone(Service::Rtm { user: FieldStr::EMPTY, privileges: one }), anyone, "any_user"),
        (alone(Service::Chat { user: FieldStr::EMPTY, privileges: one }), anyone, "no_user"),
        (alone(Service::Chat { user: upper, privileges: one }), anyone, "user_malformed"),
        (raw(TTL, "demo", "-5/", &[(1, TTL), (2, TTL)]), anyone, "user_malformed"),
        (raw(TTL, "频道", "7", &[(1, TTL), (2, TTL)]), anyone, "channel_malformed"),
        (raw(TTL, &"x".repeat(64), "7", &[(1, TTL), (2, TTL)]), anyone, "channel_of_64_bytes"),
        (mint(|m| m.chat_app(ttl())), Expected::default(), "administrator"),
        (mint(|m| m.apaas_app(ttl())), Expected::default(), "administrator"),
    ] {
        assert_eq!(codes(&token, expected), [code], "{token}");
    }
}

#[test]
fn accepts_services_without_a_channel() {
    let room = ChannelName::parse("demo").unwrap();
    let alice = RtmUser::parse("alice").unwrap();
    let names = ["demo"];
    let tree =
        PermissionTree::new(&[Permission { resource: Resource::Users, access: Access::Read, names: &names }]);
    let tree = tree.unwrap();
    for token in [
        mint(|m| m.chat_user(ChatUser::parse("alice").unwrap(), ttl())),
        mint(|m| m.apaas_user(alice, ttl())),
        mint(|m| m.rtm_with_permissions(alice, tree.as_permissions(), ttl())),
    ] {
        assert_eq!(codes(&token, Expected { channel: None, user: None, ..MATCHING }), [""; 0]);
    }
    assert_eq!(codes(&mint(|m| m.fpa()), Expected::default()), ["privilege_zero"]);
    let classroom = mint(|m| m.apaas_room(room, alice, 1, ttl()));
    assert_eq!(
        codes(&classroom, Expected { user: Some(ExpectedUser::Account("alice")), ..MATCHING }),
        [""; 0]
    );
}

/// Tests with correctly signed 007 tokens whose payloads no builder writes.
mod malformed_payloads {
    use super::*;
    use crate::agora::writer::Writer;

    fn signed(count: u16, services: &[u8]) -> String {
        let mut info = Writer::new(0, 100);
        info.field_str(&FieldStr::new(APP_ID).unwrap());
        info.u32(NOW.0);
        info.u32(TTL);
        info.u32(1);
        info.u16(count);
        info.raw(services);
        let key = crate::mac::Key::new(&NOW.0.to_le_bytes()).sign(&[CERTIFICATE.as_bytes()]);
        let key = crate::mac::Key::new(&1_u32.to_le_bytes()).sign(&[&key]);
        let signature = crate::mac::Key::new(&key).sign(&[&info.0]);
        let mut stream = Writer::new(crate::agora::zlib::HEAD_LEN, 200);
        stream.u16(32);
        stream.raw(&signature);
        stream.raw(&info.0);
        use base64::Engine as _;
        let stream = crate::agora::zlib::store(stream.0);
        format!("007{}", base64::engine::general_purpose::STANDARD.encode(stream))
    }

    const FPA: [u8; 10] = [4, 0, 1, 0, 1, 0, 60, 0, 0, 0];

    #[test]
    fn reports_an_unknown_service() {
        let unknown = [&[99, 0], &FPA[..]].concat();
        for expected in [Expected::default(), MATCHING] {
            assert_eq!(codes(&signed(2, &unknown), expected), ["unknown_service"]);
        }
    }

    #[test]
    fn reports_bytes_after_the_last_service() {
        let more = [&FPA[..], &[1, 2, 3]].concat();
        assert_eq!(codes(&signed(1, &more), Expected::default()), ["extra_bytes"]);
    }

    #[test]
    fn reports_a_token_without_services() {
        assert_eq!(codes(&signed(0, &[]), Expected::default()), ["no_service"]);
    }

    #[test]
    fn reports_a_duplicate_privilege() {
        let twice = [4, 0, 2, 0, 1, 0, 60, 0, 0, 0, 1, 0, 60, 0, 0, 0];
        assert_eq!(codes(&signed(1, &twice), Expected::default()), ["double_privilege"]);
    }

    /// A token can contain 7,000 services in a few hundred characters, because the services are compressed.
    #[test]
    fn limits_the_report_of_a_malicious_token() {
        let rtc = [1, 0, 0, 0, 0, 0, 1, 0, b'a'];
        let token = signed(7000, &rtc.repeat(7000));
        let long = "\u{7f}".repeat(8000);
        let expected = Expected { channel: Some(&long), app_id: Some(&long), ..account(&long) };
        let report = explain(&token, &Context { now: NOW, projects: &[], expected });
        assert!(report.token.is_some());
        let sentences: usize = report.problems.iter().map(|problem| format!("{problem}").len()).sum();
        assert!(report.problems.len() < 10 && sentences < 4000, "{sentences} bytes: {:?}", report.problems);
    }

    /// SDKs use the last value if a privilege occurs more than once.
    #[test]
    fn uses_the_last_of_duplicate_privileges() {
        let rtc = [1, 0, 2, 0, 1, 0, 60, 0, 0, 0, 1, 0, 0x10, 0x0e, 0, 0, 0, 0, 0, 0];
        let found = codes_at(&signed(1, &rtc), Expected::default(), NOW.saturating_add(Seconds(61)));
        assert!(found.contains(&"double_privilege") && !found.contains(&"privilege_expired"), "{found:?}");
    }

    #[test]
    fn reports_missing_services_as_truncation() {
        assert_eq!(codes(&signed(2, &FPA), Expected::default()), ["cut_off"]);
    }

    #[test]
    fn rejects_a_payload_above_the_limit() {
        let bytes = alloc::vec![0; 66_000];
        assert_eq!(codes(&signed(1, &bytes), Expected::default()), ["too_large"]);
    }
}
