//! The rules of a configuration without a policy.

use serde_json::{Map, Value, json};

use super::SERVICES;

pub(super) fn rules(document: &Value) -> Vec<Value> {
    let everything = json!({
        "identity": "wildcard",
        "every_channel": true,
        "app": true,
        "permissions": ["allow_join", "allow_mod", "ask_join"],
        "roles": ["rtc", "crawler"],
        "v1": true,
    });
    let has_wildcard = document["auth"]["open"]["wildcard"] == true;
    let anonymous = json!({ "identity": if has_wildcard { "wildcard" } else { "any" }, "v1": true });
    vec![
        rule(&["service"], &SERVICES, &everything),
        rule(&["anonymous"], &SERVICES, &anonymous),
        rule(&["user", "gateway"], &["rtc", "rtm", "chat"], &json!({})),
    ]
}

/// Returns a rule with the same grant for several services. Services ignore fields that their grants do not have.
fn rule(kinds: &[&str], services: &[&str], grant: &Value) -> Value {
    let mut rule: Map<_, _> = services.iter().map(|name| ((*name).to_owned(), grant.clone())).collect();
    rule.insert("who".to_owned(), json!({ "kind": kinds }));
    rule.into()
}
