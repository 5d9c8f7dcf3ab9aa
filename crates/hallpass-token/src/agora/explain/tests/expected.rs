//! Tests of the comparison with the channel, the user and the service that a client uses.

use super::*;

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
