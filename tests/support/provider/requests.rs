//! Requests with valid and invalid credentials of every kind.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hallpass_token::agora::v006::{Subject, Token006};
use hallpass_token::agora::v007::Services;
use hallpass_token::agora::{
    AppCertificate, AppId, Channel, ChannelName, ChatUser, FieldStr, Mint, PermissionTree, Privileges, Role,
    RtmUser, Salt, Service, Uid, User,
};
use hallpass_token::videosdk::{ApiKey, Claims, Permissions, Roles, RoomId, Scope, Secret};
use hallpass_token::{PrivilegeTtl, Ttl, UnixSeconds};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::agora::{APP_ID, CUSTOMER_ID, CUSTOMER_SECRET, OTHER_APP_ID};
use crate::deployment::Project;
use crate::http_client::Client;
use crate::target::{Request, Response};

pub(super) const NOW: UnixSeconds = UnixSeconds(1_700_000_000);
pub(super) const PROJECTS: &str = "/dev/v1/projects";
pub(super) const RULES: &str = "/dev/v1/kicking-rule";

/// A request and its expected authentication.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) request: Request,
    /// The start of the `Debug` output of the result: the caller, or the rejection.
    pub(super) caller: &'static str,
}

pub(super) fn send(url: &str, request: &Request) -> Response {
    let address = url.strip_prefix("http://").unwrap();
    Client::new().send_to(address, request).unwrap()
}

pub(super) fn json_of(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

pub(super) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.chain([("content-type".to_owned(), "application/json".to_owned())]).collect(),
        body: body.as_bytes().to_vec(),
        gateway_claims: None,
    }
}

pub(super) fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("{CUSTOMER_ID}:{CUSTOMER_SECRET}")))
}

pub(super) fn as_customer(method: &str, target: &str, body: &str) -> Request {
    request(method, target, &[("authorization", &basic())], body)
}

pub(super) fn user_events(app_id: &str) -> String {
    format!("/dev/v2/project/{app_id}/rtm/vendor/user_events")
}

pub(super) fn agora_cases() -> Vec<Case> {
    let events = user_events(APP_ID);
    let at = |target: &str, headers: &[(&str, &str)]| request("GET", target, headers, "");
    let mut cases = Vec::new();
    let mut case = |name, caller, request| cases.push(Case { name, request, caller });

    let (id, secret) = (CUSTOMER_ID, CUSTOMER_SECRET);
    for (name, caller, value) in [
        ("basic", "Ok(Customer)", basic()),
        ("lower-case", "Ok(Customer)", basic().replace("Basic", "basic")),
        ("another secret", "Err(Customer)", format!("Basic {}", STANDARD.encode(format!("{id}:{id}")))),
        ("swapped", "Err(Customer)", format!("Basic {}", STANDARD.encode(format!("{secret}:{id}")))),
        ("only the id", "Err(Customer)", format!("Basic {}", STANDARD.encode(id))),
        ("in clear", "Err(Customer)", format!("Basic {id}:{secret}")),
        (
            "no padding",
            "Err(Customer)",
            format!("Basic {}", STANDARD_NO_PAD.encode(format!("{id}:{secret}"))),
        ),
        ("two spaces", "Err(Customer)", basic().replace(' ', "  ")),
        ("bearer", "Err(Scheme)", basic().replace("Basic", "Bearer")),
        ("bare", "Err(Scheme)", basic().replace("Basic ", "")),
    ] {
        case(name, caller, at(PROJECTS, &[("authorization", &value)]));
        case(name, caller, at(&events, &[("authorization", &value)]));
    }
    case("nothing", "Err(Missing)", at(&events, &[]));
    case("only the uid", "Err(Missing)", at(&events, &[("x-agora-uid", "alice")]));

    for (name, caller, token) in tokens_007() {
        case(name, caller, at(&events, &[("authorization", &format!("agora token={token}"))]));
    }
    let good = rtm(0);
    for (name, caller, value) in [
        ("quoted", "Err(Parse(", format!("agora token=\"{good}\"")),
        ("another word", "Err(Scheme)", format!("Agora token={good}")),
        ("token without scheme", "Err(Scheme)", good.clone()),
        ("006 as 007", "Err(Parse(", format!("agora token={}", rtm_006("alice", 0, PrivilegeTtl::WithToken))),
    ] {
        case(name, caller, at(&events, &[("authorization", &value)]));
    }
    let value = format!("agora token={good}");
    case("007 for projects", "Err(OnlyCustomer)", at(PROJECTS, &[("authorization", &value)]));
    case("007 for rules", "Err(OnlyCustomer)", at(RULES, &[("authorization", &value)]));
    let nowhere = user_events("00000000000000000000000000000000");
    case("007 of an unknown project", "Err(Project)", at(&nowhere, &[("authorization", &value)]));

    for (name, caller, token, user) in tokens_006() {
        case(name, caller, at(&events, &[("x-agora-token", &token), ("x-agora-uid", user)]));
    }
    let token = rtm_006("alice", 0, PrivilegeTtl::WithToken);
    case("006 without uid", "Err(User)", at(&events, &[("x-agora-token", &token)]));
    let both = [("x-agora-token", token.as_str()), ("x-agora-uid", "alice")];
    case("006 for projects", "Err(OnlyCustomer)", at(PROJECTS, &both));
    let basic = basic();
    case("two forms", "Err(TwoForms)", at(&events, &[both[0], both[1], ("authorization", &basic)]));
    cases
}

fn tokens_007() -> Vec<(&'static str, &'static str, String)> {
    let (channel, alice) = (ChannelName::parse("alice").unwrap(), RtmUser::parse("alice").unwrap());
    let privileges = Role::Publisher.privileges(PrivilegeTtl::WithToken);
    let rtc = Service::rtc(channel.into(), User::Any, privileges);
    let with = |service, ago, ttl: u32| {
        with_mint(Project::Default, ago, |mint| {
            mint.services(Services::single(&service), Ttl::new(ttl).unwrap())
        })
    };
    let login = |seconds| Service::rtm(alice, PrivilegeTtl::For(Ttl::new(seconds).unwrap()));
    let other = |project| with_mint(project, 0, |mint| mint.rtm(alice, Ttl::MAX));
    let mixed_keys = Mint {
        app_id: &AppId::parse(APP_ID).unwrap(),
        certificate: &AppCertificate::parse(Project::Other.keys().1).unwrap(),
        issued_at: NOW,
        salt: Salt::from_bytes([7; 4]),
    };
    let mut damaged = rtm(0);
    damaged.replace_range(100..101, if &damaged[100..101] == "A" { "B" } else { "A" });
    let rtm2 = PermissionTree::new(&[]).unwrap();
    vec![
        (
            "007",
            "Ok(User007 { user: \"alice\", expires_at: UnixSeconds(1700000600), services: [2] })",
            rtm(0),
        ),
        ("007 at its expiry", "Ok(User007", rtm(600)),
        ("007 from a clock that is ahead", "Ok(User007", rtm(-60)),
        (
            "007 with two services",
            "Ok(User007 { user: \"alice\", expires_at: UnixSeconds(1700086400), services: [1, 2] })",
            with_mint(Project::Default, 0, |mint| {
                mint.services(Services::new(&mut [login(86_400), rtc]).unwrap(), Ttl::MAX)
            }),
        ),
        (
            "007 with a short login",
            "Ok(User007 { user: \"alice\", expires_at: UnixSeconds(1700000050)",
            with(login(60), 10, 600),
        ),
        ("007 a second after its expiry", "Err(Verify(Expired", rtm(601)),
        ("007 too early", "Err(Verify(NotYetValid", rtm(-61)),
        ("007 of another project", "Err(Verify(OtherProject", other(Project::Other)),
        ("007 of another certificate", "Err(Verify(BadSignature", mixed_keys.rtm(alice, Ttl::MAX)),
        ("007 with an expired login", "Err(Login", with(login(60), 61, 600)),
        ("007 for a channel", "Err(Login", with(rtc, 0, 600)),
        (
            "007 for chat",
            "Err(Login",
            with(Service::chat_user(ChatUser::parse("alice").unwrap(), PrivilegeTtl::WithToken), 0, 600),
        ),
        (
            "007 without privilege",
            "Err(Login",
            with(
                Service::Rtm { user: FieldStr::new("alice").unwrap(), privileges: Privileges::NONE },
                0,
                600,
            ),
        ),
        (
            "007 with a permission tree",
            "Err(Login",
            with(Service::rtm2(alice, rtm2.as_permissions(), PrivilegeTtl::WithToken), 0, 600),
        ),
        ("007 truncated", "Err(Parse(", rtm(0)[..80].to_owned()),
        ("007 damaged", "Err(Parse(Zlib", damaged),
        ("007 empty", "Err(Parse(", String::new()),
    ]
}

fn tokens_006() -> Vec<(&'static str, &'static str, String, &'static str)> {
    const DAY: i64 = 86_400;
    let good = rtm_006("alice", 0, PrivilegeTtl::WithToken);
    let short = |ago| rtm_006("alice", ago, PrivilegeTtl::For(Ttl::new(60).unwrap()));
    let channel = Channel::from(ChannelName::parse("alice").unwrap());
    let privileges = Role::Publisher.privileges(PrivilegeTtl::WithToken);
    let for_channel = |user| with_mint(Project::Default, 0, |mint| mint.rtc_006(channel, user, privileges));
    let (app_id, certificate) = Project::Default.keys();
    let for_all = Token006 {
        app_id: &AppId::parse(app_id).unwrap(),
        subject: Subject { channel: FieldStr::new("*").unwrap(), user: FieldStr::EMPTY },
        salt: 7,
        expires_at: UnixSeconds(NOW.0 + 600),
        privileges: Privileges::new(&[(1000, UnixSeconds(0))]).unwrap(),
    };
    let for_all = for_all.sign(&AppCertificate::parse(certificate).unwrap());
    let other = with_mint(Project::Other, 0, |mint| {
        mint.rtm_006(RtmUser::parse("alice").unwrap(), PrivilegeTtl::WithToken)
    });
    let renamed = other.replace(OTHER_APP_ID, APP_ID);
    vec![
        (
            "006",
            "Ok(User006 { user: \"alice\", expires_at: UnixSeconds(1700086400) })",
            good.clone(),
            "alice",
        ),
        (
            "006 with a short login",
            "Ok(User006 { user: \"alice\", expires_at: UnixSeconds(1700000050) })",
            short(10),
            "alice",
        ),
        (
            "006 a second before its expiry",
            "Ok(User006",
            rtm_006("alice", DAY - 1, PrivilegeTtl::WithToken),
            "alice",
        ),
        ("006 at its expiry", "Err(Verify(Expired", rtm_006("alice", DAY, PrivilegeTtl::WithToken), "alice"),
        ("006 with an expired login", "Err(Login", short(60), "alice"),
        ("006 of another user", "Err(Verify(OtherChannel", good.clone(), "bob"),
        ("006 in another case", "Err(Verify(OtherChannel", good.clone(), "Alice"),
        ("006 with an empty user", "Err(User", good.clone(), ""),
        ("006 for a channel", "Err(Login", for_channel(User::Any), "alice"),
        (
            "006 for a user in a channel",
            "Err(Verify(OtherUser",
            for_channel(User::Uid(Uid::parse("7").unwrap())),
            "alice",
        ),
        ("006 for every channel", "Err(Verify(OtherUser", for_all, "alice"),
        ("006 of another project", "Err(Verify(OtherProject", other, "alice"),
        ("006 of another certificate", "Err(Verify(BadSignature", renamed, "alice"),
        ("006 truncated", "Err(Parse(", good[..60].to_owned(), "alice"),
        ("007 as 006", "Err(Parse(", rtm(0), "alice"),
    ]
}

/// Returns a token for alice with a TTL of 600 s, issued `ago` seconds ago.
fn rtm(ago: i64) -> String {
    with_mint(Project::Default, ago, |mint| {
        mint.rtm(RtmUser::parse("alice").unwrap(), Ttl::new(600).unwrap())
    })
}

fn rtm_006(user: &str, ago: i64, login: PrivilegeTtl) -> String {
    with_mint(Project::Default, ago, |mint| mint.rtm_006(RtmUser::parse(user).unwrap(), login))
}

fn with_mint(project: Project, ago: i64, sign: impl FnOnce(&Mint<'_>) -> String) -> String {
    let (app_id, certificate) = project.keys();
    sign(&Mint {
        app_id: &AppId::parse(app_id).unwrap(),
        certificate: &AppCertificate::parse(certificate).unwrap(),
        issued_at: before(ago),
        salt: Salt::from_bytes([7; 4]),
    })
}

fn before(ago: i64) -> UnixSeconds {
    UnixSeconds(u32::try_from(i64::from(NOW.0) - ago).unwrap())
}

/// Returns a token for the REST API.
pub(super) fn crawler(room: Option<&str>) -> String {
    let room = room.map(|room| RoomId::parse(room).unwrap());
    jwt(scope(Roles::Crawler, room), 0, 120)
}

pub(super) const fn scope(roles: Roles, room: Option<RoomId<'_>>) -> Scope<'_> {
    Scope::V2 { roles, room, participant: None }
}

/// Returns a JWT that was issued `ago` seconds ago.
pub(super) fn jwt(scope: Scope<'_>, ago: i64, ttl: u32) -> String {
    let (api_key, secret) = Project::Videosdk.keys();
    jwt_with(api_key, secret, scope, ago, ttl)
}

fn jwt_with(api_key: &str, secret: &str, scope: Scope<'_>, ago: i64, ttl: u32) -> String {
    let claims = Claims {
        api_key: &ApiKey::parse(api_key).unwrap(),
        permissions: Permissions::Join,
        scope,
        issued_at: before(ago),
        expires_in: Ttl::new(ttl).unwrap(),
        id: None,
    };
    claims.sign(&Secret::parse(secret).unwrap())
}

/// Signs a JWT with these claims, the API key and version 2. SDKs cannot create such JWTs.
pub(super) fn signed(claims: &Value) -> String {
    let (api_key, secret) = Project::Videosdk.keys();
    let mut claims = claims.clone();
    claims["apikey"] = json!(api_key);
    claims["version"] = json!(2);
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Returns requests of `POST /v2/rooms`.
pub(super) fn videosdk_cases() -> Vec<Case> {
    let good = crawler(None);
    let none = scope(Roles::None, None);
    let [(api_key, secret), (other_key, other_secret)] =
        [Project::Videosdk, Project::Webinar].map(Project::keys);
    let claims = good.split('.').nth(1).unwrap();
    let unsigned = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
    let exp = NOW.0 + 60;
    let permitting = |permissions: &[&str]| signed(&json!({ "permissions": permissions, "exp": exp }));
    [
        (
            "jwt",
            "Ok(ParsedClaims { api_key: …, permissions: [\"allow_join\"], version: Some(Number(2))",
            good.clone(),
        ),
        ("jwt without roles", "Ok(ParsedClaims", jwt(none, 0, 120)),
        ("jwt of both roles", "Ok(ParsedClaims", jwt(scope(Roles::RtcAndCrawler, None), 0, 120)),
        ("jwt a second before its expiry", "Ok(ParsedClaims", jwt(none, 119, 120)),
        ("jwt from a clock that is ahead", "Ok(ParsedClaims", jwt(none, -60, 60)),
        ("jwt at its expiry", "Err(Verify(Expired", jwt(none, 120, 120)),
        ("jwt too early", "Err(Verify(NotYetValid", jwt(none, -61, 1)),
        ("jwt for too long", "Err(Ttl(121)", jwt(none, 0, 121)),
        ("jwt of another key", "Err(Verify(OtherProject", jwt_with(other_key, secret, none, 0, 120)),
        ("jwt of another secret", "Err(Verify(BadSignature", jwt_with(api_key, other_secret, none, 0, 120)),
        ("jwt unsigned", "Err(Parse(Algorithm", unsigned),
        ("jwt without expiry", "Err(Verify(NoExpiry", signed(&json!({ "permissions": ["allow_join"] }))),
        ("jwt without permissions", "Err(Permissions(Empty", permitting(&[])),
        (
            "jwt with incompatible permissions",
            "Err(Permissions(Mixed",
            permitting(&["allow_mod", "ask_join"]),
        ),
        ("jwt with an unknown permission", "Err(Permissions(Unknown(0", permitting(&["admin"])),
        ("jwt truncated", "Err(Parse(", good[..60].to_owned()),
        ("jwt as bearer", "Err(Scheme", format!("Bearer {good}")),
    ]
    .into_iter()
    .map(|(name, caller, token)| (name, caller, vec![("authorization", token)]))
    .chain([("nothing", "Err(Missing", vec![])])
    .map(|(name, caller, headers)| {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Case { name, caller, request: request("POST", "/v2/rooms", &headers, "{}") }
    })
    .collect()
}
