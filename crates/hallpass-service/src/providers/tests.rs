//! Decisions that need the policy and the providers together.

use hallpass_token::agora::Uid;
use hallpass_token::{Life, UnixSeconds};
use zeroize::Zeroizing;

use super::agora::rest::RestCall;
use super::videosdk::{RequestedScope, RoomCall, TokenRequest, decide_call};
use super::{MintContext, Policy, ProjectConfigs, ProviderRequest, default_policy, read_policy};
use crate::auth::testing::{gateway, user};
use crate::auth::{Caller, CallerKind};
use crate::policy::{Decider, PolicyError, RuleContext, Texts, TokenError};
use crate::settings::Secrets;
use crate::web::json::Json;

fn rules(rules: &str) -> Policy {
    let kinds = [CallerKind::User, CallerKind::Service, CallerKind::Gateway, CallerKind::Anonymous];
    let context =
        RuleContext { kinds: &kinds, keys: &["backend", "billing"], projects: &["default", "meet"] };
    Json::parse(rules.as_bytes()).unwrap().read(|rules| read_policy(rules, &context)).unwrap()
}

/// The decision on a call, which has its name in the log.
fn decided(policy: &Policy, caller: &Caller, project: &str, call: &str) -> String {
    let room = RoomCall::ALL.into_iter().find(|known| known.audit_name() == call);
    let agora = RestCall::ALL.into_iter().find(|known| known.audit_name() == call);
    let decided = match (room, agora) {
        (Some(call), _) => decide_call(policy, |grants| &grants.videosdk, caller, project, call),
        (None, call) => {
            let call = call.unwrap();
            super::agora::decide_rest_call(policy, |grants| &grants.agora, caller, project, call)
                .map(|(by, _)| by)
        }
    };
    match decided {
        Ok(by) => by.to_string(),
        Err(PolicyError { part, field, decided_by, .. }) => {
            let by = decided_by.map_or_else(|| "no rule".to_owned(), |by| by.to_string());
            format!("{field} {}, {by}", part.name())
        }
    }
}

fn callers() -> [(&'static str, Caller); 5] {
    [
        ("backend", Caller::service("backend")),
        ("billing", Caller::service("billing")),
        ("user", user(r#"{"sub":"alice","role":"teacher"}"#)),
        ("gateway", gateway("alice")),
        ("anonymous", Caller::ANONYMOUS),
    ]
}

const CALLS: [&str; 6] = [
    "rooms.create",
    "rooms.validate",
    "agora_rest.auth",
    "agora_rest.projects",
    "agora_rest.user_events",
    "agora_rest.kick",
];

#[test]
fn without_a_policy_only_service_keys_may_make_calls() {
    for wildcard in [false, true] {
        let policy = default_policy(wildcard);
        for (name, caller) in callers() {
            for call in CALLS {
                let is_service = caller.kind() == CallerKind::Service;
                let expected = match call.split_once('.') {
                    _ if is_service => "no policy",
                    Some(("rooms", _)) => "rooms service, no rule",
                    _ => "agora_rest privileged, no rule",
                };
                assert_eq!(decided(&policy, &caller, "default", call), expected, "{name} {call}");
            }
        }
    }
}

#[test]
fn an_empty_policy_grants_no_call() {
    for (name, caller) in callers() {
        for call in CALLS {
            let got = decided(&rules("[]"), &caller, "default", call);
            assert!(got.ends_with(", no rule"), "{name} {call}: {got}");
        }
    }
}

#[test]
fn a_rule_grants_calls_of_agora_to_service_keys_only() {
    let all =
        rules(r#"[{"rooms":["create","validate"],"agora_rest":["auth","projects","user_events","kick"]}]"#);
    for (name, caller) in callers() {
        for call in CALLS {
            let is_refused = call.starts_with("agora_rest") && caller.kind() != CallerKind::Service;
            let expected = if is_refused { "agora_rest privileged, no rule" } else { "policy[0]" };
            assert_eq!(decided(&all, &caller, "default", call), expected, "{name} {call}");
        }
    }
}

#[test]
fn a_call_is_decided_by_the_first_rule_that_names_it() {
    let policy = rules(
        r#"[
            { "who": { "claims": { "role": "teacher" } }, "rooms": "create" },
            { "who": { "kind": ["user", "gateway"] }, "project": "meet", "rooms": ["validate"] },
            { "who": { "key": "billing" }, "rtc": {}, "agora_rest": "projects" },
            { "who": { "kind": "service" }, "project": ["default", "meet"], "rooms": "validate",
              "agora_rest": ["auth", "kick"] },
            { "who": { "kind": "service" }, "agora_rest": "user_events" }
        ]"#,
    );
    let callers = callers();
    for (name, project, call, expected) in [
        ("user", "meet", "rooms.create", "policy[0]"),
        ("user", "other", "rooms.create", "policy[0]"),
        // The first rule that speaks of rooms decides.
        ("user", "meet", "rooms.validate", "rooms privileged, policy[0]"),
        ("user", "meet", "agora_rest.kick", "agora_rest privileged, no rule"),
        ("gateway", "meet", "rooms.validate", "policy[1]"),
        ("gateway", "meet", "rooms.create", "rooms privileged, policy[1]"),
        ("gateway", "other", "rooms.validate", "rooms service, no rule"),
        ("anonymous", "meet", "rooms.validate", "rooms service, no rule"),
        ("anonymous", "meet", "agora_rest.auth", "agora_rest privileged, no rule"),
        ("billing", "", "agora_rest.projects", "policy[2]"),
        ("billing", "default", "agora_rest.kick", "agora_rest privileged, policy[2]"),
        ("billing", "meet", "rooms.validate", "policy[3]"),
        ("backend", "meet", "rooms.validate", "policy[3]"),
        ("backend", "meet", "rooms.create", "rooms privileged, policy[3]"),
        ("backend", "other", "rooms.validate", "rooms service, no rule"),
        ("backend", "default", "agora_rest.auth", "policy[3]"),
        ("backend", "default", "agora_rest.kick", "policy[3]"),
        ("backend", "default", "agora_rest.user_events", "agora_rest privileged, policy[3]"),
        ("backend", "other", "agora_rest.user_events", "policy[4]"),
        ("backend", "other", "agora_rest.kick", "agora_rest privileged, policy[4]"),
        // What is about the whole account is about no project, and a rule for some does not give it.
        ("backend", "", "agora_rest.auth", "agora_rest privileged, policy[4]"),
        ("backend", "", "agora_rest.projects", "agora_rest privileged, policy[4]"),
    ] {
        let (_, caller) = callers.iter().find(|(known, _)| *known == name).unwrap();
        assert_eq!(decided(&policy, caller, project, call), expected, "{name} {project} {call}");
    }
}

/// What alice gets who takes a token of either version.
fn either_version(rule: &str) -> Result<String, String> {
    let policy = rules(&format!(r#"[{{"videosdk":{rule}}}]"#));
    let setting = |name: &str| (name == "VIDEOSDK_API_KEY").then(|| "key".to_owned());
    let config = ProjectConfigs::from_settings(&setting).unwrap().with_rest(None).unwrap();
    let secret = ("VIDEOSDK_SECRET_KEY".to_owned(), Zeroizing::new("secret".to_owned()));
    let providers = config.load(&Secrets::permanent([secret])).unwrap();
    let (caller, texts) = (user(r#"{"sub":"alice"}"#), Texts::default());
    let context = MintContext {
        decider: Decider { caller: &caller, texts: &texts },
        project: None,
        ttl: Life::MAX,
        now: UnixSeconds(0),
        salt: [0; 4],
        random_uid: Uid::from_bytes([1; 4]),
    };
    let mut request = ProviderRequest::from(TokenRequest::new(RequestedScope::V1OrV2));
    match request.mint(&providers, &policy, &context) {
        Ok(minted) => {
            let [(_, json)] = request.services(minted.ttl).try_into().unwrap();
            Ok(format!("{} {}", minted.version, String::from_utf8(json.to_vec()).unwrap()))
        }
        Err(TokenError::Denied(error)) => Err(error.field),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn version_1_is_for_those_who_may_have_it() {
    let granted = |text: &str| Ok(text.to_owned());
    assert_eq!(
        either_version("{}"),
        granted(r#"2 {"participant":"alice","permissions":["allow_join"],"roles":["rtc"]}"#)
    );
    assert_eq!(either_version(r#"{"v1":true}"#), granted(r#"1 {"permissions":["allow_join"]}"#));
    let filled_in = either_version(r#"{"room":"room-{sub}","identity":"any"}"#);
    assert_eq!(filled_in, granted(r#"2 {"room":"room-alice","permissions":["allow_join"],"roles":["rtc"]}"#));
    assert_eq!(either_version(r#"{"room":"room-*"}"#), Err("videosdk.room".to_owned()));
}
