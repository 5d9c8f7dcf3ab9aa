//! Property tests: every function of `Mint` for format 007 encodes its arguments.

use hallpass_token::agora::v007::{Remainder, Untrusted007};
use hallpass_token::agora::{
    Access, ChannelName, FieldStr, Permission, PermissionTree, Privileges, Resource, Role, RtcPrivileges,
    RtcWithRtm, Service,
};
use hallpass_token::{PrivilegeTtl, Seconds, Ttl};
use proptest::prelude::*;

use super::inputs::{
    Signer, UserField, channel, channel_name, chat_name, chat_user, check, name, privilege_ttl,
    rtc_privileges, rtm_user, seconds_of, signer, ttl, user,
};

const CASES: u32 = 64;

/// Parses and verifies a token, and compares the content of the token with the arguments.
#[track_caller]
fn assert_content(signer: &Signer, token: &str, ttl: Ttl, services: &[Service<'_>]) {
    let token = Untrusted007::parse(token).unwrap();
    assert_eq!(token.app_id(), &signer.app_id);
    assert_eq!(token.issued_at(), signer.issued_at);
    assert_eq!(token.expires_in(), ttl.seconds());
    assert_eq!(token.expires_at(), signer.issued_at.saturating_add(ttl.seconds()));
    assert_eq!(token.salt(), signer.salt.get());
    assert_eq!(token.services().collect::<Vec<_>>(), services);
    assert_eq!(token.remainder(), Remainder::Empty);

    let verified = token.verify(signer.project(), signer.issued_at).unwrap();
    assert_eq!(verified.certificate_index(), 0);
    assert_eq!(verified.services().collect::<Vec<_>>(), services);
    for service in services {
        for (privilege, _) in service.privileges().iter() {
            assert!(verified.grants(service, privilege, signer.issued_at));
        }
    }
}

fn string(string: &str) -> FieldStr<'_> {
    FieldStr::new(string).unwrap()
}

fn single(privilege: u16, privilege_ttl: PrivilegeTtl) -> Privileges<'static, Seconds> {
    Privileges::new(&[(privilege, seconds_of(privilege_ttl))]).unwrap()
}

fn rtc_map(privileges: RtcPrivileges) -> Privileges<'static, Seconds> {
    let all = [privileges.join, privileges.publish_audio, privileges.publish_video, privileges.publish_data];
    let granted: Vec<_> = (1..)
        .zip(all)
        .filter_map(|(privilege, privilege_ttl)| Some((privilege, seconds_of(privilege_ttl?))))
        .collect();
    Privileges::new(&granted).unwrap()
}

fn rtc<'a>(channel: &'a str, user: &'a str, privileges: RtcPrivileges) -> Service<'a> {
    Service::Rtc { channel: string(channel), user: string(user), privileges: rtc_map(privileges) }
}

fn rtm(user: &str, login: PrivilegeTtl) -> Service<'_> {
    Service::Rtm { user: string(user), privileges: single(1, login) }
}

#[test]
fn rtc_by_privileges() {
    check(
        CASES,
        (signer(), channel_name(), user(), rtc_privileges(), ttl()),
        |(signer, name, user, p, l)| {
            let token = signer.mint().rtc(channel(&name), user.user(), p, l);
            assert_content(&signer, &token, l, &[rtc(&name, &user.field(), p)]);
        },
    );
}

#[test]
fn rtc_by_role() {
    check(
        CASES,
        (signer(), channel_name(), user(), privilege_ttl(), ttl()),
        |(signer, name, user, privilege_ttl, ttl)| {
            let seconds = seconds_of(privilege_ttl);
            for (role, count) in [(Role::Publisher, 4), (Role::Subscriber, 1)] {
                let token =
                    signer.mint().rtc(channel(&name), user.user(), role.privileges(privilege_ttl), ttl);
                let granted: Vec<_> = (1..=count).map(|privilege| (privilege, seconds)).collect();
                let privileges = Privileges::new(&granted).unwrap();
                let user = user.field();
                let service = Service::Rtc { channel: string(&name), user: string(&user), privileges };
                assert_content(&signer, &token, ttl, &[service]);
            }
        },
    );
}

/// The arguments of the three functions that combine a channel with Signaling.
type Grant = (String, UserField, RtcPrivileges, String, PrivilegeTtl);

fn grant() -> impl Strategy<Value = Grant> {
    (channel_name(), user(), rtc_privileges(), name(), privilege_ttl())
}

fn rtc_with_rtm((name, user, privileges, rtm_name, login): &Grant) -> RtcWithRtm<'_> {
    RtcWithRtm {
        channel: channel(name),
        user: user.user(),
        privileges: *privileges,
        rtm_user: rtm_user(rtm_name),
        rtm_login: *login,
    }
}

#[test]
fn with_signaling() {
    check(CASES, (signer(), grant(), ttl()), |(signer, grant, ttl)| {
        let (name, user, privileges, rtm_name, login) = &grant;
        let user = user.field();
        let [rtc, rtm] = [rtc(name, &user, *privileges), rtm(rtm_name, *login)];
        let (mint, grant) = (signer.mint(), rtc_with_rtm(&grant));
        assert_content(&signer, &mint.rtc_with_rtm(&grant, ttl), ttl, &[rtc, rtm]);
        let convo_ai = Service::ConvoAi { privileges: Privileges::NONE };
        assert_content(&signer, &mint.convo_ai(&grant, ttl), ttl, &[rtc, rtm, convo_ai]);
        let stt = Service::Stt { privileges: Privileges::NONE };
        assert_content(&signer, &mint.stt(&grant, ttl), ttl, &[rtc, rtm, stt]);
    });
}

#[test]
fn signaling() {
    check(CASES, (signer(), name(), ttl()), |(signer, user, ttl)| {
        let token = signer.mint().rtm(rtm_user(&user), ttl);
        assert_content(&signer, &token, ttl, &[rtm(&user, PrivilegeTtl::For(ttl))]);
    });
}

#[test]
fn signaling_with_a_stream() {
    check(CASES, (signer(), name(), channel_name(), ttl()), |(signer, user, stream, ttl)| {
        let token = signer.mint().rtm_with_stream(rtm_user(&user), channel(&stream), ttl);
        let seconds = ttl.seconds();
        let privileges = Privileges::new(&[(1, seconds), (4, seconds)]).unwrap();
        let stream = Service::Rtc { channel: string(&stream), user: string(&user), privileges };
        assert_content(&signer, &token, ttl, &[stream, rtm(&user, PrivilegeTtl::For(ttl))]);
    });
}

#[test]
fn signaling_with_permissions() {
    let names = proptest::collection::vec(name(), 0..4);
    check(CASES, (signer(), name(), names, ttl()), |(signer, user, names, ttl)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let permission =
            Permission { resource: Resource::StreamChannels, access: Access::Write, names: &names };
        let tree = PermissionTree::new(&[permission]).unwrap();
        let permissions = tree.as_permissions();
        let token = signer.mint().rtm_with_permissions(rtm_user(&user), permissions, ttl);
        let privileges = single(1, PrivilegeTtl::For(ttl));
        assert_content(
            &signer,
            &token,
            ttl,
            &[Service::Rtm2 { user: string(&user), permissions, privileges }],
        );
    });
}

#[test]
fn chat() {
    check(CASES, (signer(), chat_name(), ttl()), |(signer, user, ttl)| {
        let token = signer.mint().chat_user(chat_user(&user), ttl);
        let privileges = single(1, PrivilegeTtl::For(ttl));
        assert_content(&signer, &token, ttl, &[Service::Chat { user: string(&user), privileges }]);

        let privileges = single(2, PrivilegeTtl::For(ttl));
        let app = Service::Chat { user: FieldStr::EMPTY, privileges };
        assert_content(&signer, &signer.mint().chat_app(ttl), ttl, &[app]);
    });
}

#[test]
fn apaas() {
    check(CASES, (signer(), name(), name(), any::<i16>(), ttl()), |(signer, room, user, role, ttl)| {
        let (mint, privilege_ttl) = (signer.mint(), PrivilegeTtl::For(ttl));
        let token = mint.apaas_room(ChannelName::parse(&room).unwrap(), rtm_user(&user), role, ttl);
        let read = Untrusted007::parse(&token).unwrap();
        let Some(Service::Chat { user: hash, .. }) = read.services().nth(1) else { panic!("{read:?}") };
        assert_eq!(hash.as_str().len(), 32);
        let privileges = single(1, privilege_ttl);
        let in_room = Service::Apaas { room: string(&room), user: string(&user), role, privileges };
        let services = [rtm(&user, privilege_ttl), Service::Chat { user: hash, privileges }, in_room];
        assert_content(&signer, &token, ttl, &services);

        let (room, role) = (FieldStr::EMPTY, -1);
        let alone = Service::Apaas { room, user: string(&user), role, privileges: single(2, privilege_ttl) };
        assert_content(&signer, &mint.apaas_user(rtm_user(&user), ttl), ttl, &[alone]);
        let app = Service::Apaas { room, user: FieldStr::EMPTY, role, privileges: single(3, privilege_ttl) };
        assert_content(&signer, &mint.apaas_app(ttl), ttl, &[app]);
    });
}

#[test]
fn full_path_accelerator() {
    check(CASES, signer(), |signer| {
        assert_eq!(Ttl::MAX.seconds(), Seconds::DAY);
        let privileges = single(1, PrivilegeTtl::WithToken);
        assert_content(&signer, &signer.mint().fpa(), Ttl::MAX, &[Service::Fpa { privileges }]);
    });
}
