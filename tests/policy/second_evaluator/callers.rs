//! Conditions on callers, and the subjects of callers.

use serde_json::Value;

use super::{claims, is_one_of};
use crate::policy::Caller;

/// Returns whether a caller meets all conditions of `who`.
pub(super) fn applies(who: &Value, caller: &Caller) -> bool {
    meets(who, caller, &|claims, name, accepted| {
        claims::find(claims, name).is_some_and(|claim| {
            let list = matches!(caller, Caller::Gateway(_)).then(|| list_of_gateway(claim)).flatten();
            claims::matches(name, claim, accepted)
                || list.is_some_and(|list| claims::is_scope(name) && claims::matches(name, &list, accepted))
        })
    })
}

/// Returns whether an entry of `deny` applies to a caller.
pub(super) fn denies(who: &Value, caller: &Caller) -> bool {
    meets(who, caller, &|claims, name, accepted| {
        claims::find_all(claims, name).into_iter().any(|claim| {
            let list = list_of_gateway(claim);
            let boolean = claim.as_str().and_then(|text| text.parse::<bool>().ok()).map(Value::from);
            claims::matches(name, claim, accepted)
                || boolean.is_some_and(|boolean| claims::matches(name, &boolean, accepted))
                || list.is_some_and(|list| claims::matches("scope", &list, accepted))
        })
    })
}

fn meets(who: &Value, caller: &Caller, has_claim: &dyn Fn(&Value, &str, &Value) -> bool) -> bool {
    let has_key = match caller {
        Caller::Service(key) => is_one_of(&who["key"], key),
        Caller::User(_) | Caller::Gateway(_) | Caller::Anonymous => who["key"].is_null(),
    };
    let mut conditions = who["claims"].as_object().into_iter().flatten();
    let has_claims = conditions
        .all(|(name, accepted)| claims(caller).is_some_and(|claims| has_claim(claims, name, accepted)));
    is_one_of(&who["kind"], kind(caller)) && has_key && has_claims
}

/// Returns the subject if the subject can identify a user.
pub(super) fn subject(caller: &Caller) -> Option<String> {
    match caller {
        Caller::Service(key) => Some(key.clone()),
        Caller::User(_) | Caller::Gateway(_) | Caller::Anonymous => claim(caller, "sub"),
    }
}

/// Returns the value of a claim if the value can identify a user.
pub(super) fn claim(caller: &Caller, name: &str) -> Option<String> {
    claims(caller).and_then(|claims| claims::find(claims, name)).and_then(claims::identity)
}

/// Returns whether a claim is a JSON number.
pub(super) fn has_number(caller: &Caller, name: &str) -> bool {
    claims(caller).and_then(|claims| claims::find(claims, name)).is_some_and(Value::is_number)
}

/// Returns the words of a list. API Gateway passes a list as words in brackets.
fn list_of_gateway(claim: &Value) -> Option<Value> {
    claim.as_str()?.strip_prefix('[')?.strip_suffix(']').map(Value::from)
}

fn claims(caller: &Caller) -> Option<&Value> {
    match caller {
        Caller::User(claims) | Caller::Gateway(claims) => Some(claims),
        Caller::Service(_) | Caller::Anonymous => None,
    }
}

fn kind(caller: &Caller) -> &'static str {
    match caller {
        Caller::User(_) => "user",
        Caller::Gateway(_) => "gateway",
        Caller::Service(_) => "service",
        Caller::Anonymous => "anonymous",
    }
}
