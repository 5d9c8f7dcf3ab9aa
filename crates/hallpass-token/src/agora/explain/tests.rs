//! Tests of `explain`. Most tokens in these tests have exactly one problem.

mod expected;

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
