//! Category A: tokens with wrong bytes, or with different bytes for the same arguments.

use hallpass_token::PrivilegeTtl;
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::{Services, Untrusted007};
use hallpass_token::agora::{
    Access, Account, Channel, FieldStr, NameError, Permission, PermissionTree, Privileges, Resource, Role,
    RtcPrivilege, RtcPrivileges, RtcWithRtm, RtmUser, Service, SizeError, Uid, UidError, User, VerifyError,
};

use super::fixtures::{
    Vector, chat_user, deflated, expiries, inflated, publisher, room, rtc, services, string, ttl, ttls,
};

#[test]
fn a01_subscriber_cannot_publish() {
    let subscriber = Role::Subscriber.privileges(PrivilegeTtl::For(ttl(900)));
    let ids: Vec<_> = subscriber.iter().map(|(privilege, _)| privilege).collect();
    assert_eq!(ids, [RtcPrivilege::Join]);

    let recorded = Vector::named("007-rtc_uid-002");
    assert_eq!(recorded.role(), 2);
    recorded.assert_matches(&recorded.mint().rtc(recorded.channel(), recorded.user(), subscriber, ttl(900)));

    // The test does not use `Mint`, because the recorded expiry is years ahead and `Mint` caps the expiry at 24 hours.
    let recorded = Vector::named("006-rtc006_uid-036");
    assert_eq!(recorded.role(), 2);
    let end = recorded.number("/args/expire_ts");
    let privileges: Vec<_> = ids.iter().map(|id| (*id as u16, end)).collect();
    recorded
        .assert_matches(&recorded.sign_006(Subject::rtc(recorded.channel(), recorded.user()), &privileges));
    let token = recorded.mint().rtc_006(recorded.channel(), recorded.user(), subscriber);
    let ids: Vec<_> = expiries(&token).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [1]);
}

#[test]
fn a02_publisher_privileges_are_sorted() {
    let recorded = Vector::named("006-rtc006_uid-013");
    let token = recorded.mint().rtc_006(recorded.channel(), recorded.user(), publisher(3600));
    recorded.assert_matches(&token);
    let ids: Vec<_> = expiries(&token).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}

#[test]
fn a03_sorts_ids_as_numbers() {
    let recorded = Vector::named("006-raw006-007");
    let subject = Subject {
        channel: string(recorded.string("/args/channel")),
        user: string(recorded.string("/args/uid")),
    };
    let defaults = recorded.privileges("/args/privileges");
    assert_eq!(defaults.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 101, 1000, 2]);
    recorded.assert_matches(&recorded.sign_006(subject, &defaults));
}

#[test]
fn a04_ignores_call_order_and_uses_the_last_value() {
    let recorded = Vector::named("006-raw006-005");
    let subject = Subject {
        channel: string(recorded.string("/args/channel")),
        user: string(recorded.string("/args/uid")),
    };
    let defaults = recorded.privileges("/args/privileges");
    assert!(defaults.is_sorted_by_key(|(id, _)| std::cmp::Reverse(*id)));
    recorded.assert_matches(&recorded.sign_006(subject, &defaults));
    let overwritten = [&[(1, 99), (3, 98)], defaults.as_slice()].concat();
    recorded.assert_matches(&recorded.sign_006(subject, &overwritten));

    let recorded = Vector::named("007-raw007-002");
    let (channel, uid) =
        (recorded.string("/args/services/0/channel"), recorded.string("/args/services/0/uid"));
    let defaults = recorded.privileges("/args/services/0/privileges");
    assert!(defaults.is_sorted_by_key(|(id, _)| std::cmp::Reverse(*id)));
    recorded.assert_matches(&recorded.sign_007(&mut [rtc(channel, uid, &defaults)]));
    let overwritten = [&[(1, 99), (3, 98)], defaults.as_slice()].concat();
    recorded.assert_matches(&recorded.sign_007(&mut [rtc(channel, uid, &overwritten)]));
}

#[test]
fn a05_uid_zero_is_the_wildcard_in_007() {
    let recorded = Vector::named("007-rtc_uid_priv-001");
    assert_eq!(recorded.number("/args/uid"), 0);
    let privilege_ttl = |pointer| Some(PrivilegeTtl::For(ttl(recorded.number(pointer))));
    let privileges = RtcPrivileges {
        join: privilege_ttl("/args/join"),
        publish_audio: privilege_ttl("/args/audio"),
        publish_video: privilege_ttl("/args/video"),
        publish_data: privilege_ttl("/args/data"),
    };
    let ttl = ttl(recorded.number("/args/token_expire"));
    recorded.assert_matches(&recorded.mint().rtc(recorded.channel(), recorded.user(), privileges, ttl));
}

#[test]
fn a06_uid_zero_is_the_wildcard_in_006() {
    let recorded = Vector::named("006-fixed-06");
    let channel = Channel::parse_or_any(recorded.string("/channel")).unwrap();
    let subject = Subject::rtc(channel, User::from_number_or_any(0));
    recorded.assert_matches(&recorded.sign_006(subject, &recorded.privileges("/privileges")));
}

#[test]
fn a07_preserves_accounts() {
    for id in ["006-rtc006_account-002", "006-rtc006_account-008", "006-rtc006_account-010"] {
        let recorded = Vector::named(id);
        let end = recorded.number("/args/expire_ts");
        let subject = Subject::rtc(recorded.channel(), User::Account(recorded.account()));
        recorded.assert_matches(&recorded.sign_006(subject, &[(1, end), (2, end), (3, end), (4, end)]));
    }

    let defaults = Vector::default_project();
    let (channel, account) =
        (Channel::parse_or_any("room").unwrap(), |name| User::Account(Account::parse(name).unwrap()));
    let token = defaults.mint().rtc_006(channel, account("alice"), publisher(60));
    let token = Untrusted006::parse(&token).unwrap();
    assert_ne!(token.user_crc(), 0);
    let verify =
        |user| token.verify(defaults.project(), Subject::rtc(channel, user), defaults.mint().issued_at);
    assert!(verify(account("alice")).is_ok());
    assert_eq!(verify(account("bob")), Err(VerifyError::OtherUser));
    assert_eq!(verify(User::Any), Err(VerifyError::OtherUser));
}

#[test]
fn a08_writes_large_uids_unsigned() {
    for (id, digits) in [("006-rtc006_uid-001", "2882341273"), ("006-rtc006_uid-009", "4294967295")] {
        let recorded = Vector::named(id);
        assert_eq!(FieldStr::from(recorded.user()).as_str(), digits);
        let end = recorded.number("/args/expire_ts");
        let subject = Subject::rtc(recorded.channel(), recorded.user());
        recorded.assert_matches(&recorded.sign_006(subject, &[(1, end), (2, end), (3, end), (4, end)]));
    }
}

#[test]
fn a09_distinguishes_numbers_and_strings() {
    assert_eq!(User::from_number_or_any(0), User::Any);
    assert_eq!(Uid::parse("0"), Err(UidError::Zero));
    assert_eq!(Uid::parse("undefined"), Err(UidError::NotDigits));
    assert_eq!(Account::parse(""), Err(NameError::Empty));

    let recorded = Vector::named("007-rtc_account-002");
    assert_eq!(recorded.string("/args/account"), "0");
    let mint = |user| recorded.mint().rtc(recorded.channel(), user, publisher(900), ttl(900));
    recorded.assert_matches(&mint(User::Account(recorded.account())));
    assert_ne!(
        inflated(&mint(User::from_number_or_any(0))),
        inflated(&mint(User::Account(recorded.account())))
    );
}

#[test]
fn a10_accepts_only_32_bit_uids() {
    for string in ["True", "None", "1.5", "-1", "+1", " 1", "1e3", ""] {
        assert_eq!(Uid::parse(string), Err(UidError::NotDigits), "{string:?}");
    }
    for string in ["4294967296", "4294967297", "1099511627776"] {
        assert_eq!(Uid::parse(string), Err(UidError::TooLarge));
    }
    assert_eq!(Uid::parse("4294967295").map(Uid::get), Ok(u32::MAX));
}

#[test]
fn a11_apaas_service_of_a_room_has_its_privilege() {
    for id in ["007-apaas_room-001", "007-edu_room-001"] {
        let (recorded, token) = room(id);
        recorded.assert_matches(&token);
        assert_eq!(services(&token)[2], ("apaas", vec![(1, 600)]), "{id}");
    }
}

#[test]
fn a12_chat_service_of_a_room_has_its_privilege() {
    for id in ["007-apaas_room-001", "007-edu_room-001"] {
        let (recorded, token) = room(id);
        recorded.assert_matches(&token);
        assert_eq!(services(&token)[..2], [("rtm", vec![(1, 600)]), ("chat", vec![(1, 600)])], "{id}");
    }
}

#[test]
fn a13_chat_user_of_a_room_is_a_hash() {
    for id in ["007-apaas_room-001", "007-edu_room-001"] {
        let (recorded, token) = room(id);
        recorded.assert_matches(&token);
        // The expected value is the output of `printf 2882341273 | md5sum`.
        assert_eq!(chat_user(&token), "6063383428a36fba3fb6030becf8094e", "{id}");
    }
}

#[test]
fn a14_hash_keeps_leading_zeros() {
    for (id, start) in [("007-apaas_room-008", "00291"), ("007-apaas_room-009", "0000f")] {
        let (recorded, token) = room(id);
        recorded.assert_matches(&token);
        let hash = chat_user(&token);
        assert!(hash.len() == 32 && hash.starts_with(start), "{id}: {hash}");
    }
}

#[test]
fn a15_writes_every_room_role_unchanged() {
    for (id, role) in [
        ("007-apaas_room-004", 0),
        ("007-edu_room-005", -1),
        ("007-apaas_room-006", i16::MAX),
        ("007-apaas_room-007", i16::MIN),
    ] {
        let (recorded, token) = room(id);
        assert_eq!(recorded.role(), role);
        recorded.assert_matches(&token);
        let token = Untrusted007::parse(&token).unwrap();
        let Some(Service::Apaas { role: read, .. }) = token.services().last() else { panic!("no APaaS") };
        assert_eq!(read, role);
    }
}

#[test]
fn a16_rejects_or_encodes_non_ascii_channels() {
    for (id, first) in
        [("006-rtc006_uid-022", '频'), ("006-rtc006_uid-025", '🎥'), ("006-rtc006_uid-027", 'ש')]
    {
        let recorded = Vector::named(id);
        let channel = recorded.string("/args/channel");
        assert_eq!(Channel::parse_or_any(channel), Err(NameError::Character(first)));
        let end = recorded.number("/args/expire_ts");
        let subject = Subject { channel: string(channel), user: string("1234") };
        recorded.assert_matches(&recorded.sign_006(subject, &[(1, end), (2, end), (3, end), (4, end)]));
    }
}

#[test]
fn a17_rejects_or_encodes_non_ascii_accounts() {
    let recorded = Vector::named("007-rtc_account-007");
    let account = recorded.string("/args/account");
    assert_eq!(Account::parse(account), Err(NameError::Character('Ü')));
    let service = rtc(recorded.string("/args/channel"), account, &[(1, 900), (2, 900), (3, 900), (4, 900)]);
    recorded.assert_matches(&recorded.sign_007(&mut [service]));
}

#[test]
fn a18_encodes_strings_as_utf_8() {
    let recorded = Vector::named("006-rtm006-006");
    let subject = Subject { channel: string(recorded.string("/args/user")), user: FieldStr::EMPTY };
    recorded.assert_matches(&recorded.sign_006(subject, &[(1000, recorded.number("/args/expire_ts"))]));

    let recorded = Vector::named("007-raw007-005");
    let streaming = Service::Streaming {
        channel: string(recorded.string("/args/services/0/channel")),
        user: FieldStr::EMPTY,
        privileges: ttls(&[(2, 1)]),
    };
    recorded.assert_matches(&recorded.sign_007(&mut [streaming]));

    let recorded = Vector::named("007-rtm2_perm-007");
    let names: Vec<_> =
        (0..3).map(|index| recorded.string(&format!("/args/permissions/0/2/{index}"))).collect();
    let tree = PermissionTree::new(&[
        Permission { resource: Resource::MessageChannels, access: Access::Read, names: &names },
        Permission {
            resource: Resource::Users,
            access: Access::Write,
            names: &[recorded.string("/args/permissions/1/2/0")],
        },
    ]);
    let user = RtmUser::parse(recorded.string("/args/user")).unwrap();
    recorded.assert_matches(&recorded.mint().rtm_with_permissions(
        user,
        tree.unwrap().as_permissions(),
        ttl(600),
    ));
}

#[test]
fn a19_accepts_a_service_without_privileges() {
    let recorded = Vector::named("007-raw007-003");
    let (channel, uid) =
        (recorded.string("/args/services/0/channel"), recorded.string("/args/services/0/uid"));
    let token = recorded.sign_007(&mut [rtc(channel, uid, &[])]);
    recorded.assert_matches(&token);
    assert_eq!(services(&token), [("rtc", vec![])]);

    let recorded = Vector::named("007-raw007-014");
    let tree = PermissionTree::new(&[]).unwrap();
    let (permissions, privileges) = (tree.as_permissions(), Privileges::NONE);
    let rtm2 = Service::Rtm2 { user: FieldStr::EMPTY, permissions, privileges };
    recorded.assert_matches(&recorded.sign_007(&mut [rtm2]));
}

#[test]
fn a20_keeps_every_service() {
    let recorded = Vector::named("007-raw007-011");
    let token = recorded.sign_007(&mut [rtc("first", "1", &[(1, 1)]), rtc("second", "2", &[(1, 2)])]);
    recorded.assert_matches(&token);
    assert_eq!(services(&token), [("rtc", vec![(1, 1)]), ("rtc", vec![(1, 2)])]);

    let tree = PermissionTree::new(&[]).unwrap();
    let (user, privileges) = (string("u"), ttls(&[(1, 60)]));
    let mut all = [
        Service::Stt { privileges },
        Service::ConvoAi { privileges },
        Service::Rtm2 { user, permissions: tree.as_permissions(), privileges },
        Service::Apaas { room: user, user, role: 1, privileges },
        Service::Fcdn { channel: user, user, privileges },
        Service::Chat { user, privileges },
        Service::Fpa { privileges },
        Service::Streaming { channel: user, user, privileges },
        Service::Rtm { user, privileges },
        Service::Rtc { channel: user, user, privileges },
    ];
    let defaults = Vector::default_project();
    let token = defaults.mint().services(Services::new(&mut all).unwrap(), ttl(60));
    let names: Vec<_> = services(&token).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["rtc", "rtm", "streaming", "fpa", "chat", "fcdn", "apaas", "rtm2", "convoai", "stt"]);
}

#[test]
fn a21_never_truncates_long_strings() {
    let recorded = Vector::named("007-rtc_account-012");
    let (channel, account) = (recorded.string("/args/channel"), recorded.string("/args/account"));
    assert_eq!(Channel::parse_or_any(channel), Err(NameError::TooLong { bytes: 1000, max: 64 }));
    assert_eq!(Account::parse(account), Err(NameError::TooLong { bytes: 3000, max: 255 }));
    let token = recorded.sign_007(&mut [rtc(channel, account, &[(1, 1), (2, 1), (3, 1), (4, 1)])]);
    recorded.assert_matches(&token);
}

#[test]
fn a22_encodes_five_thousand_bytes() {
    let defaults = Vector::default_project();
    let channel = "c".repeat(5000);
    assert_eq!(Channel::parse_or_any(&channel), Err(NameError::TooLong { bytes: 5000, max: 64 }));
    let token = Untrusted007::parse(&defaults.sign_007(&mut [rtc(&channel, "u", &[(1, 60)])])).unwrap();
    assert!(token.services().eq([rtc(&channel, "u", &[(1, 60)])]));
    assert!(token.verify(defaults.project(), defaults.mint().issued_at).is_ok());
}

#[test]
fn a23_lengths_never_wrap_around() {
    let (longest, longer) = ("x".repeat(65_535), "x".repeat(65_536));
    assert_eq!(FieldStr::new(&longer), Err(SizeError::StringTooLong(65_536)));
    let names: [(&[&str], _); 2] =
        [(&[&longer], SizeError::StringTooLong(65_536)), (&["x"; 65_536], SizeError::TooManyNames(65_536))];
    for (names, error) in names {
        let permission = Permission { resource: Resource::Users, access: Access::Read, names };
        assert_eq!(PermissionTree::new(&[permission]), Err(error));
    }
    assert_eq!(Services::new(&mut vec![Service::stt(); 65_536]).unwrap_err(), SizeError::TooManyServices);

    let defaults = Vector::default_project();
    let token = defaults.sign_007(&mut [rtc(&longest, "u", &[(1, 60)])]);
    let token = Untrusted007::parse_with_limit(&token, 100_000).unwrap();
    assert!(token.services().eq([rtc(&longest, "u", &[(1, 60)])]));
}

#[test]
fn a24_sorts_permissions_as_unsigned_numbers() {
    let recorded = Vector::named("007-rtm2_perm-009");
    let tree = PermissionTree::new(&[
        Permission { resource: Resource::Other(65_535), access: Access::Other(65_535), names: &["x"] },
        Permission { resource: Resource::Other(7), access: Access::Other(9), names: &["y", ""] },
    ]);
    let user = RtmUser::parse(recorded.string("/args/user")).unwrap();
    recorded.assert_matches(&recorded.mint().rtm_with_permissions(
        user,
        tree.unwrap().as_permissions(),
        ttl(600),
    ));
}

#[test]
fn a25_format_006_has_expiries_and_signaling() {
    let recorded = Vector::named("006-rtc006_uid-013");
    let token = recorded.mint().rtc_006(recorded.channel(), recorded.user(), publisher(3600));
    recorded.assert_matches(&token);
    let end = recorded.number("/args/expire_ts");
    assert_eq!(end, 1_700_003_600);
    assert_eq!(expiries(&token), [(1, end), (2, end), (3, end), (4, end)]);

    let recorded = Vector::named("006-rtm006-009");
    let user = RtmUser::parse(recorded.string("/args/user")).unwrap();
    recorded.assert_matches(&recorded.mint().rtm_006(user, PrivilegeTtl::WithToken));
    let token = recorded.mint().rtm_006(user, PrivilegeTtl::For(ttl(60)));
    assert_eq!(expiries(&token), [(1000, recorded.mint().issued_at.0 + 60)]);
}

#[test]
fn a26_signature_is_bytes() {
    let recorded = Vector::named("007-rtc_uid-007");
    let token = recorded.mint().rtc(recorded.channel(), recorded.user(), publisher(900), ttl(900));
    recorded.assert_matches(&token);
    let payload = inflated(&token);
    assert!(
        std::str::from_utf8(&payload[2..34]).is_err(),
        "the vector must have a signature that is not UTF-8"
    );
    let at = recorded.mint().issued_at;
    assert!(Untrusted007::parse(&token).unwrap().verify(recorded.project(), at).is_ok());

    // A lossy conversion to UTF-8 inserts replacement characters, so the signature no longer has 32 bytes.
    let lossy = String::from_utf8_lossy(&payload[2..34]).into_owned().into_bytes();
    let len = u16::try_from(lossy.len()).unwrap().to_le_bytes();
    assert!(Untrusted007::parse(&deflated(&[&len, lossy.as_slice(), &payload[34..]].concat())).is_err());
}

#[test]
fn a27_grants_a_channel_only_with_a_stream() {
    let recorded = Vector::named("007-rtm_stream-003");
    let user = RtmUser::parse(recorded.string("/args/user")).unwrap();
    let plain = recorded.mint().rtm(user, ttl(3600));
    recorded.assert_matches(&plain);
    assert_eq!(services(&plain), [("rtm", vec![(1, 3600)])]);

    let recorded = Vector::named("007-rtm_stream-001");
    let stream = Channel::parse_or_any(recorded.string("/args/stream")).unwrap();
    let streaming = recorded.mint().rtm_with_stream(user, stream, ttl(3600));
    recorded.assert_matches(&streaming);
    assert_eq!(services(&streaming), [("rtc", vec![(1, 3600), (4, 3600)]), ("rtm", vec![(1, 3600)])]);
}

#[test]
fn a28_roles_are_equal_in_every_builder() {
    for (id, role) in [
        ("007-convoai-001", Role::Publisher),
        ("007-convoai-002", Role::Subscriber),
        ("007-stt-002", Role::Subscriber),
    ] {
        let recorded = Vector::named(id);
        assert_eq!(recorded.role(), if role == Role::Publisher { 1 } else { 2 });
        let grant = RtcWithRtm {
            channel: recorded.channel(),
            user: User::Account(recorded.account()),
            privileges: role.privileges(PrivilegeTtl::For(ttl(600))),
            rtm_user: RtmUser::parse(recorded.string("/args/rtm_user")).unwrap(),
            rtm_login: PrivilegeTtl::For(ttl(600)),
        };
        let mint = recorded.mint();
        let is_stt = id.starts_with("007-stt");
        let token = if is_stt { mint.stt(&grant, ttl(600)) } else { mint.convo_ai(&grant, ttl(600)) };
        recorded.assert_matches(&token);
        let rtc = mint.rtc(grant.channel, grant.user, grant.privileges, ttl(600));
        assert_eq!(services(&token)[0], services(&rtc)[0], "{id}");
    }
}
