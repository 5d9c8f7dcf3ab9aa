//! What each builder of format 007 is given, the token says.

use hallpass_token::agora::v007::{Rest, Untrusted007};
use hallpass_token::agora::{
    Access, ChannelName, Permission, PermissionTree, Privileges, Resource, Role, RtcPrivileges, RtcWithRtm,
    Service, Text,
};
use hallpass_token::{PrivilegeTtl, Seconds, Ttl};
use proptest::prelude::*;

use super::inputs::{
    Signer, UserText, channel, channel_text, chat_text, chat_user, check, lasts, life, name, relative,
    rtc_privileges, rtm_user, signer, user,
};

const CASES: u32 = 64;

/// Reads and verifies a token, and compares all that it says.
#[track_caller]
fn says(signer: &Signer, token: &str, life: Ttl, services: &[Service<'_>]) {
    let token = Untrusted007::parse(token).unwrap();
    assert_eq!(token.app_id(), &signer.app_id);
    assert_eq!(token.issued_at(), signer.issued_at);
    assert_eq!(token.expires_in(), life.seconds());
    assert_eq!(token.ends_at(), signer.issued_at.plus(life.seconds()));
    assert_eq!(token.salt(), signer.salt.get());
    assert_eq!(token.services().collect::<Vec<_>>(), services);
    assert_eq!(token.rest(), Rest::Nothing);

    let verified = token.verify(signer.project(), signer.issued_at).unwrap();
    assert_eq!(verified.certificate(), 0);
    assert_eq!(verified.services().collect::<Vec<_>>(), services);
    for service in services {
        for (privilege, _) in service.privileges().iter() {
            assert!(verified.permits(service, privilege, signer.issued_at));
        }
    }
}

fn text(text: &str) -> Text<'_> {
    Text::new(text).unwrap()
}

fn one(privilege: u16, lasts: PrivilegeTtl) -> Privileges<'static, Seconds> {
    Privileges::new(&[(privilege, relative(lasts))]).unwrap()
}

fn of_rtc(privileges: RtcPrivileges) -> Privileges<'static, Seconds> {
    let all = [privileges.join, privileges.publish_audio, privileges.publish_video, privileges.publish_data];
    let given: Vec<_> =
        (1..).zip(all).filter_map(|(privilege, lasts)| Some((privilege, relative(lasts?)))).collect();
    Privileges::new(&given).unwrap()
}

fn rtc<'a>(channel: &'a str, user: &'a str, privileges: RtcPrivileges) -> Service<'a> {
    Service::Rtc { channel: text(channel), user: text(user), privileges: of_rtc(privileges) }
}

fn rtm(user: &str, login: PrivilegeTtl) -> Service<'_> {
    Service::Rtm { user: text(user), privileges: one(1, login) }
}

#[test]
fn rtc_by_privileges() {
    check(
        CASES,
        (signer(), channel_text(), user(), rtc_privileges(), life()),
        |(signer, name, user, p, l)| {
            let token = signer.mint().rtc(channel(&name), user.user(), p, l);
            says(&signer, &token, l, &[rtc(&name, &user.text(), p)]);
        },
    );
}

#[test]
fn rtc_by_role() {
    check(CASES, (signer(), channel_text(), user(), lasts(), life()), |(signer, name, user, lasts, life)| {
        let seconds = relative(lasts);
        for (role, count) in [(Role::Publisher, 4), (Role::Subscriber, 1)] {
            let token = signer.mint().rtc(channel(&name), user.user(), role.privileges(lasts), life);
            let given: Vec<_> = (1..=count).map(|privilege| (privilege, seconds)).collect();
            let privileges = Privileges::new(&given).unwrap();
            let user = user.text();
            let service = Service::Rtc { channel: text(&name), user: text(&user), privileges };
            says(&signer, &token, life, &[service]);
        }
    });
}

/// What the three builders with Signaling are given.
type Grant = (String, UserText, RtcPrivileges, String, PrivilegeTtl);

fn grant() -> impl Strategy<Value = Grant> {
    (channel_text(), user(), rtc_privileges(), name(), lasts())
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
    check(CASES, (signer(), grant(), life()), |(signer, grant, life)| {
        let (name, user, privileges, rtm_name, login) = &grant;
        let user = user.text();
        let [rtc, rtm] = [rtc(name, &user, *privileges), rtm(rtm_name, *login)];
        let (mint, grant) = (signer.mint(), rtc_with_rtm(&grant));
        says(&signer, &mint.rtc_with_rtm(&grant, life), life, &[rtc, rtm]);
        let convo_ai = Service::ConvoAi { privileges: Privileges::NONE };
        says(&signer, &mint.convo_ai(&grant, life), life, &[rtc, rtm, convo_ai]);
        let stt = Service::Stt { privileges: Privileges::NONE };
        says(&signer, &mint.stt(&grant, life), life, &[rtc, rtm, stt]);
    });
}

#[test]
fn signaling() {
    check(CASES, (signer(), name(), life()), |(signer, user, life)| {
        let token = signer.mint().rtm(rtm_user(&user), life);
        says(&signer, &token, life, &[rtm(&user, PrivilegeTtl::For(life))]);
    });
}

#[test]
fn signaling_with_a_stream() {
    check(CASES, (signer(), name(), channel_text(), life()), |(signer, user, stream, life)| {
        let token = signer.mint().rtm_with_stream(rtm_user(&user), channel(&stream), life);
        let seconds = life.seconds();
        let privileges = Privileges::new(&[(1, seconds), (4, seconds)]).unwrap();
        let stream = Service::Rtc { channel: text(&stream), user: text(&user), privileges };
        says(&signer, &token, life, &[stream, rtm(&user, PrivilegeTtl::For(life))]);
    });
}

#[test]
fn signaling_with_permissions() {
    let names = proptest::collection::vec(name(), 0..4);
    check(CASES, (signer(), name(), names, life()), |(signer, user, names, life)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let permission =
            Permission { resource: Resource::StreamChannels, access: Access::Write, names: &names };
        let tree = PermissionTree::new(&[permission]).unwrap();
        let permissions = tree.as_permissions();
        let token = signer.mint().rtm_with_permissions(rtm_user(&user), permissions, life);
        let privileges = one(1, PrivilegeTtl::For(life));
        says(&signer, &token, life, &[Service::Rtm2 { user: text(&user), permissions, privileges }]);
    });
}

#[test]
fn chat() {
    check(CASES, (signer(), chat_text(), life()), |(signer, user, life)| {
        let token = signer.mint().chat_user(chat_user(&user), life);
        let privileges = one(1, PrivilegeTtl::For(life));
        says(&signer, &token, life, &[Service::Chat { user: text(&user), privileges }]);

        let privileges = one(2, PrivilegeTtl::For(life));
        let app = Service::Chat { user: Text::EMPTY, privileges };
        says(&signer, &signer.mint().chat_app(life), life, &[app]);
    });
}

#[test]
fn apaas() {
    check(CASES, (signer(), name(), name(), any::<i16>(), life()), |(signer, room, user, role, life)| {
        let (mint, lasts) = (signer.mint(), PrivilegeTtl::For(life));
        let token = mint.apaas_room(ChannelName::parse(&room).unwrap(), rtm_user(&user), role, life);
        let read = Untrusted007::parse(&token).unwrap();
        let Some(Service::Chat { user: hash, .. }) = read.services().nth(1) else { panic!("{read:?}") };
        assert_eq!(hash.as_str().len(), 32);
        let privileges = one(1, lasts);
        let in_room = Service::Apaas { room: text(&room), user: text(&user), role, privileges };
        let services = [rtm(&user, lasts), Service::Chat { user: hash, privileges }, in_room];
        says(&signer, &token, life, &services);

        let (room, role) = (Text::EMPTY, -1);
        let alone = Service::Apaas { room, user: text(&user), role, privileges: one(2, lasts) };
        says(&signer, &mint.apaas_user(rtm_user(&user), life), life, &[alone]);
        let app = Service::Apaas { room, user: Text::EMPTY, role, privileges: one(3, lasts) };
        says(&signer, &mint.apaas_app(life), life, &[app]);
    });
}

#[test]
fn full_path_accelerator() {
    check(CASES, signer(), |signer| {
        assert_eq!(Ttl::MAX.seconds(), Seconds::DAY);
        let privileges = one(1, PrivilegeTtl::WithToken);
        says(&signer, &signer.mint().fpa(), Ttl::MAX, &[Service::Fpa { privileges }]);
    });
}
