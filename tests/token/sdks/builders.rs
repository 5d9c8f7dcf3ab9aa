//! Test cases for every function of `Mint` for format 007, with the corresponding official builder.

use anyhow::Context as _;
use hallpass_token::agora::v007::Services;
use hallpass_token::agora::{
    Account, Channel, ChannelName, ChatUser, Role, RtcPrivileges, RtcWithRtm, RtmUser, User,
};
use hallpass_token::{PrivilegeTtl, Ttl};
use serde_json::{Value, json};

use super::case::{Case, MintFn};
use crate::service::{PermissionJson, ServiceJson, tree};

const CHANNEL: &str = "class 7";
const ACCOUNT: &str = "user@example.com";
const USER: &str = "test_user";
const UID: u32 = 2_882_341_273;

pub(super) fn all() -> anyhow::Result<Vec<Case>> {
    let groups = [rtc()?, with_rtm()?, signaling()?, chat()?, apaas()?, vec![fpa(), all_services()?]];
    Ok(groups.into_iter().flatten().collect())
}

fn rtc() -> anyhow::Result<Vec<Case>> {
    let channel = Channel::parse_or_any(CHANNEL)?;
    let (uid, account) = (User::from_number_or_any(UID), User::Account(Account::parse(ACCOUNT)?));
    let (ttl, half) = (Ttl::new(3600)?, PrivilegeTtl::For(Ttl::new(1800)?));
    let each = RtcPrivileges {
        join: Some(PrivilegeTtl::For(Ttl::new(100)?)),
        publish_audio: Some(PrivilegeTtl::For(Ttl::new(200)?)),
        publish_video: Some(PrivilegeTtl::WithToken),
        publish_data: Some(half),
    };
    let by_uid = ("RtcTokenBuilder", "buildTokenWithUid");
    Ok(vec![
        Case::new("rtc_publisher", by_uid, json!([CHANNEL, UID, 1, 3600, 1800]), move |mint| {
            mint.rtc(channel, uid, Role::Publisher.privileges(half), ttl)
        }),
        Case::new("rtc_subscriber", by_uid, json!([CHANNEL, UID, 2, 3600]), move |mint| {
            mint.rtc(channel, uid, Role::Subscriber.privileges(PrivilegeTtl::WithToken), ttl)
        }),
        Case::new("rtc_any_user", by_uid, json!(["*", 0, 1, 3600, 3600]), move |mint| {
            mint.rtc(Channel::Any, User::Any, Role::Publisher.privileges(PrivilegeTtl::For(ttl)), ttl)
        }),
        Case::new(
            "rtc_account",
            ("RtcTokenBuilder", "buildTokenWithUserAccount"),
            json!([CHANNEL, ACCOUNT, 1, 86_400, 1800]),
            move |mint| mint.rtc(channel, account, Role::Publisher.privileges(half), Ttl::MAX),
        ),
        Case::new(
            "rtc_uid_privileges",
            ("RtcTokenBuilder", "buildTokenWithUidAndPrivilege"),
            json!([CHANNEL, UID, 3600, 100, 200, 0, 1800]),
            move |mint| mint.rtc(channel, uid, each, ttl),
        ),
        Case::new(
            "rtc_account_privileges",
            ("RtcTokenBuilder", "BuildTokenWithUserAccountAndPrivilege"),
            json!([CHANNEL, ACCOUNT, 3600, 100, 200, 0, 1800]),
            move |mint| mint.rtc(channel, account, each, ttl),
        ),
    ])
}

fn with_rtm() -> anyhow::Result<Vec<Case>> {
    let ttl = Ttl::new(3600)?;
    let grant = RtcWithRtm {
        channel: Channel::parse_or_any(CHANNEL)?,
        user: User::Account(Account::parse(ACCOUNT)?),
        privileges: Role::Publisher.privileges(PrivilegeTtl::For(Ttl::new(1800)?)),
        rtm_user: RtmUser::parse(USER)?,
        rtm_login: PrivilegeTtl::For(Ttl::new(7200)?),
    };
    let same_user =
        RtcWithRtm { rtm_user: RtmUser::parse(ACCOUNT)?, rtm_login: PrivilegeTtl::For(ttl), ..grant };
    let subscriber =
        RtcWithRtm { privileges: Role::Subscriber.privileges(PrivilegeTtl::For(Ttl::new(1800)?)), ..grant };
    let args = |role: u32| json!([CHANNEL, ACCOUNT, role, 3600, 1800, 1800, 1800, 1800, USER, 7200]);
    let with_rtm_2 = ("RtcTokenBuilder", "buildTokenWithRtm2");
    Ok(vec![
        Case::new(
            "rtc_with_rtm",
            ("RtcTokenBuilder", "buildTokenWithRtm"),
            json!([CHANNEL, ACCOUNT, 1, 3600, 1800]),
            move |mint| mint.rtc_with_rtm(&same_user, ttl),
        ),
        Case::new("rtc_with_rtm_2", with_rtm_2, args(1), move |mint| mint.rtc_with_rtm(&grant, ttl)),
        Case::new("rtc_with_rtm_2_subscriber", with_rtm_2, args(2), move |mint| {
            mint.rtc_with_rtm(&subscriber, ttl)
        }),
        Case::new("convo_ai", ("ConvoAITokenBuilder", "buildToken"), args(1), move |mint| {
            mint.convo_ai(&grant, ttl)
        }),
        Case::new("stt", ("SttTokenBuilder", "buildToken"), args(2), move |mint| mint.stt(&subscriber, ttl)),
    ])
}

fn signaling() -> anyhow::Result<Vec<Case>> {
    let (user, ttl) = (RtmUser::parse(USER)?, Ttl::new(3600)?);
    let stream = Channel::parse_or_any(CHANNEL)?;
    let list: Vec<PermissionJson> = vec![
        (4, 0, vec!["user-a".to_owned()]),
        (0, 1, vec![]),
        (0, 0, vec!["message-b".to_owned(), "message-a".to_owned()]),
    ];
    let tree = tree(&list)?;
    let with_stream = json!([
        { "type": 1, "privileges": [[1, 3600], [4, 3600]], "channel": CHANNEL, "uid": USER },
        { "type": 2, "privileges": [[1, 3600]], "user": USER },
    ]);
    Ok(vec![
        Case::new("rtm", ("RtmTokenBuilder", "buildToken"), json!([USER, 3600]), move |mint| {
            mint.rtm(user, ttl)
        }),
        Case::new(
            "rtm_with_permissions",
            ("RtmTokenBuilder", "buildTokenWithPermissions"),
            json!([USER, { "permissions": list }, 3600]),
            move |mint| mint.rtm_with_permissions(user, tree.as_permissions(), ttl),
        ),
        Case::of_services(
            "rtm_with_stream",
            with_stream,
            3600,
            Box::new(move |mint| Ok(mint.rtm_with_stream(user, stream, ttl))),
        ),
    ])
}

fn chat() -> anyhow::Result<Vec<Case>> {
    let (user, ttl) = (ChatUser::parse(USER)?, Ttl::new(3600)?);
    Ok(vec![
        Case::new("chat_user", ("ChatTokenBuilder", "buildUserToken"), json!([USER, 3600]), move |mint| {
            mint.chat_user(user, ttl)
        }),
        Case::new("chat_app", ("ChatTokenBuilder", "buildAppToken"), json!([3600]), move |mint| {
            mint.chat_app(ttl)
        }),
    ])
}

fn apaas() -> anyhow::Result<Vec<Case>> {
    let (room, user, ttl) = (ChannelName::parse(CHANNEL)?, RtmUser::parse(USER)?, Ttl::new(3600)?);
    let mut cases = Vec::new();
    for (builder, [in_room, as_user, as_app]) in [
        ("ApaasTokenBuilder", ["apaas_room", "apaas_user", "apaas_app"]),
        ("EducationTokenBuilder", ["edu_room", "edu_user", "edu_app"]),
    ] {
        cases.push(Case::new(
            in_room,
            (builder, "buildRoomUserToken"),
            json!([CHANNEL, USER, 2, 3600]),
            move |mint| mint.apaas_room(room, user, 2, ttl),
        ));
        cases.push(Case::new(as_user, (builder, "buildUserToken"), json!([USER, 3600]), move |mint| {
            mint.apaas_user(user, ttl)
        }));
        cases.push(Case::new(as_app, (builder, "buildAppToken"), json!([3600]), move |mint| {
            mint.apaas_app(ttl)
        }));
    }
    cases.push(Case::new(
        "apaas_room_role_0",
        ("ApaasTokenBuilder", "buildRoomUserToken"),
        json!([CHANNEL, USER, 0, 3600]),
        move |mint| mint.apaas_room(room, user, 0, ttl),
    ));
    Ok(cases)
}

fn fpa() -> Case {
    Case::new("fpa", ("FpaTokenBuilder", "buildToken"), json!([]), |mint| mint.fpa())
}

/// Returns a case with every service type in arbitrary order. One type occurs twice.
fn all_services() -> anyhow::Result<Case> {
    let services = json!([
        { "type": 10, "privileges": [] },
        { "type": 3, "privileges": [[1, 600], [2, 0]], "channel": CHANNEL, "account": "second" },
        { "type": 8, "privileges": [[1, 600]], "user": USER, "permissions": [[1, 1, ["流"]]] },
        { "type": 6, "privileges": [[2, 5], [1, 6]], "channel": "频道", "account": "" },
        { "type": 7, "privileges": [[1, 600]], "room": "r", "user": USER, "role": 32_767 },
        { "type": 3, "privileges": [[2, 600]], "channel": "*", "account": "first" },
        { "type": 4, "privileges": [[1, 600]] },
        { "type": 9, "privileges": [] },
        { "type": 5, "privileges": [[2, 600], [1, 60]], "user": "" },
        { "type": 2, "privileges": [[1, 600]], "user": USER },
        { "type": 1, "privileges": [[1, 600]], "channel": CHANNEL, "uid": "1" },
    ]);
    Ok(Case::of_services("services", services.clone(), 600, of_services(services)?))
}

fn of_services(services: Value) -> anyhow::Result<MintFn> {
    let services: Vec<ServiceJson> = serde_json::from_value(services)?;
    let ttl = Ttl::new(600)?;
    Ok(Box::new(move |mint| {
        let trees = services.iter().map(ServiceJson::tree).collect::<anyhow::Result<Vec<_>>>()?;
        let services = services.iter().zip(&trees).map(|(service, tree)| service.service(tree));
        let mut services = services.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(mint.services(Services::new(&mut services).context("the list of services is empty")?, ttl))
    }))
}
