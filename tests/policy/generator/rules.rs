//! Rules and entries of `deny`.

use serde_json::{Value, json};

use super::{Caller, Fields, Random, claims, grants, one_or_several};
use crate::policy::second_evaluator::SERVICES;

pub(super) fn rule(random: &mut Random, caller: &Caller) -> Value {
    let mut rule = Fields::new();
    rule.maybe(random, 65, "who", |random| who(random, caller));
    rule.maybe(random, 8, "project", |random| one_or_several(random, &["default", "second", "meet"]));
    rule.maybe(random, 15, "version", |random| one_or_several(random, &["007", "006"]));
    rule.maybe(random, 25, "ttl", grants::ttl);
    let services = rule.0.len();
    for service in SERVICES {
        let percentage = if matches!(service, "rtc" | "rtm" | "videosdk") { 85 } else { 65 };
        rule.maybe(random, percentage, service, |random| grants::grant(random, service));
    }
    if rule.0.len() == services {
        rule.0.insert("rtc".to_owned(), grants::grant(random, "rtc"));
    }
    rule.0.into()
}

/// Returns an entry of `deny` that seldom applies.
pub(super) fn denied(random: &mut Random) -> Value {
    match random.below(6) {
        0 => json!({ "claims": { "banned": [true, "true"] } }),
        1 => json!({ "key": "billing" }),
        2 => json!({ "kind": "anonymous" }),
        3 => json!({ "kind": ["user", "gateway"], "claims": { "team": "red", "role": "guest" } }),
        4 => json!({ "claims": { "app_metadata.role": "guest" } }),
        _ => json!({ "claims": claims::conditions(random) }),
    }
}

/// Returns conditions that mostly apply to the caller's kind.
fn who(random: &mut Random, caller: &Caller) -> Value {
    let kind = match caller {
        _ if random.percent(8) => random.choose(&["user", "service", "gateway", "anonymous"]),
        Caller::User(_) => "user",
        Caller::Gateway(_) => "gateway",
        Caller::Service(_) => "service",
        Caller::Anonymous => "anonymous",
    };
    let kinds = match random.below(10) {
        0 => json!([kind]),
        1 | 2 => json!([kind, if kind == "user" { "service" } else { "user" }]),
        _ => json!(kind),
    };
    let mut who = Fields::new();
    match kind {
        "service" if random.percent(50) => {
            who.maybe(random, 100, "key", |random| one_or_several(random, &["backend", "billing"]));
            who.maybe(random, 50, "kind", |_| kinds);
        }
        "user" | "gateway" if random.percent(35) => {
            who.maybe(random, 100, "claims", claims::conditions);
            who.maybe(random, 50, "kind", |_| kinds);
        }
        _ => who.maybe(random, 100, "kind", |_| kinds),
    }
    who.0.into()
}
