//! Tests of policy decisions that depend on a provider.

use hallpass_token::agora::Uid;
use hallpass_token::{Ttl, UnixSeconds};
use zeroize::Zeroizing;

use super::agora::rest::RestCall;
use super::agora::{FormatCheck, Version, decide_rest_call};
use super::videosdk::{RequestedScope, TokenRequest};
use super::{MintContext, Policy, ProjectConfigs, ProviderRequest, read_policy};
use crate::auth::testing::gateway;
use crate::auth::{Caller, CallerKind};
use crate::policy::{Evaluator, RuleContext, StringArena, TokenError};
use crate::settings::Secrets;
use crate::web::json::Json;

fn rules(rules: &str) -> Policy {
    let kinds = [CallerKind::User, CallerKind::Service];
    let context = RuleContext { kinds: &kinds, keys: &[], projects: &["default", "meet"] };
    Json::parse(rules.as_bytes()).unwrap().read(|rules| read_policy(Vec::new(), rules, &context)).unwrap()
}

/// Tests rules with `project`. The tests in `tests/providers/callers.rs` check which callers may make a call, with and
/// without a policy.
#[test]
fn rules_for_some_projects_grant_no_call_about_the_whole_account() {
    let policy = rules(
        r#"[
            { "project": ["default", "meet"], "rooms": "validate", "agora_rest": ["auth", "kick"] },
            { "agora_rest": "user_events", "version": "006" }
        ]"#,
    );
    let caller = Caller::service("backend");
    for (project, call, format, expected) in [
        ("default", RestCall::Auth, None, Ok("policy[0]")),
        ("default", RestCall::Auth, Some(Version::V007), Ok("policy[0]")),
        ("default", RestCall::Auth, Some(Version::V006), Err("policy[0] policy[1]")),
        ("default", RestCall::UserEvents, None, Ok("policy[1]")),
        ("other", RestCall::UserEvents, Some(Version::V006), Ok("policy[1]")),
        ("other", RestCall::UserEvents, Some(Version::V007), Err("policy[1]")),
        ("other", RestCall::Kick, None, Err("policy[1]")),
        // The empty project means a call about the whole account.
        ("", RestCall::Auth, None, Err("policy[1]")),
    ] {
        let format = format.map(|version| FormatCheck { version, grants_006: false });
        let decided = decide_rest_call(&policy, |grants| &grants.agora, &caller, project, call, format);
        let decided = decided.map(|rule| rule.by.to_string());
        let decided = decided
            .map_err(|error| error.rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(decided, expected, "{project} {}", call.audit_name());
    }
}

/// Requests a token of either version for `alice`. Returns the version and the services of the token, or the denied
/// field.
fn mint_either_version(rule: &str) -> Result<String, String> {
    let policy = rules(&format!(r#"[{{"videosdk":{rule}}}]"#));
    let setting = |name: &str| (name == "VIDEOSDK_API_KEY").then(|| "key".to_owned());
    let config = ProjectConfigs::from_settings(&setting).unwrap().with_rest(None).unwrap();
    let secret = ("VIDEOSDK_SECRET_KEY".to_owned(), Zeroizing::new("secret".to_owned()));
    let providers = config.load(&Secrets::permanent([secret])).unwrap();
    let (caller, arena) = (gateway("alice"), StringArena::default());
    let context = MintContext {
        evaluator: Evaluator { caller: &caller, arena: &arena },
        project: None,
        ttl: Ttl::MAX,
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
        Err(TokenError::Denied(error)) => Err(error.field.clone()),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn issues_version_1_only_if_a_rule_grants_it() {
    let granted = |token: &str| Ok(token.to_owned());
    assert_eq!(
        mint_either_version("{}"),
        granted(r#"2 {"participant":"alice","permissions":["allow_join"],"roles":["rtc"]}"#)
    );
    assert_eq!(mint_either_version(r#"{"v1":true}"#), granted(r#"1 {"permissions":["allow_join"]}"#));
    let filled_in = mint_either_version(r#"{"room":"room-{sub}","identity":"any"}"#);
    assert_eq!(filled_in, granted(r#"2 {"room":"room-alice","permissions":["allow_join"],"roles":["rtc"]}"#));
    assert_eq!(mint_either_version(r#"{"room":"room-*"}"#), Err("videosdk.room".to_owned()));
}
