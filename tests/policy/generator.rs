//! Random configurations, callers, and requests.
//!
//! Names in rules, claims, and requests come from the same short lists, so that many requests are granted or fail only
//! in one part.

mod callers;
mod claims;
mod grants;
mod requests;
mod rules;

use serde_json::{Map, Value, json};

use super::random::Random;
use super::{Caller, accept_all_callers};

/// A configuration, a caller, and a request.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) document: Value,
    pub(super) caller: Caller,
    pub(super) request: Value,
}

/// The number of requests for each configuration.
pub(super) const TRIALS_PER_SEED: u64 = 4;

impl Trial {
    /// Returns trials with the same configuration and the same caller.
    pub(super) fn random(seed: u64) -> Vec<Self> {
        let random = &mut Random::new(seed);
        let caller = callers::caller(random);
        let document = document(random, &caller);
        let trial = |_| {
            let request = requests::request(random, &caller, &document);
            Self { document: document.clone(), caller: caller.clone(), request }
        };
        (0..TRIALS_PER_SEED).map(trial).collect()
    }
}

/// Returns a configuration that accepts every kind of caller, with random rules.
fn document(random: &mut Random, caller: &Caller) -> Value {
    let mut document = accept_all_callers();
    let has_policy = random.percent(92);
    if has_policy {
        let count = [0, 1, 2, 3, 3, 4, 4, 5, 5, 6][random.below(10)];
        let rules: Vec<_> = (0..count).map(|_| rules::rule(random, caller)).collect();
        document.insert("policy".to_owned(), rules.into());
    } else if random.percent(50) {
        document["auth"]["open"] = json!({ "wildcard": random.percent(50) });
    }
    if !has_policy && !matches!(caller, Caller::Anonymous) && random.percent(50) {
        document["auth"]["open"] = json!(false);
    } else if random.percent(20) {
        let entries: Vec<_> = (0..random.below(3)).map(|_| rules::denied(random)).collect();
        document.insert("deny".to_owned(), entries.into());
    }
    match random.below(5) {
        0 => document.insert("ttl".to_owned(), json!({ "max": 600 })),
        1 => document.insert("ttl".to_owned(), json!({ "default": 1800, "max": 7200 })),
        2 => document.insert("ttl".to_owned(), json!({ "default": 60 })),
        _ => None,
    };
    if random.percent(20) {
        document.insert("identity".to_owned(), json!({ "uid_secret": "UID_SECRET" }));
    }
    match random.below(6) {
        0 | 1 => document.insert("compat".to_owned(), json!({ "version": "006" })),
        2 => document.insert("compat".to_owned(), json!({ "version": "007", "narrow_role": true })),
        _ => None,
    };
    document.into()
}

/// An object whose fields are set with a probability.
struct Fields(Map<String, Value>);

impl Fields {
    fn new() -> Self {
        Self(Map::new())
    }

    /// Sets a field in this percentage of the calls.
    fn maybe(
        &mut self,
        random: &mut Random,
        percentage: usize,
        field: &str,
        value: impl FnOnce(&mut Random) -> Value,
    ) {
        if random.percent(percentage) {
            let value = value(random);
            self.0.insert(field.to_owned(), value);
        }
    }
}

/// Returns one of the names, or a list of some of the names.
fn one_or_several(random: &mut Random, names: &[&str]) -> Value {
    if random.percent(50) {
        return json!(random.choose(names));
    }
    let first = random.below(names.len());
    let count = 1 + random.below(names.len().min(3));
    let chosen = (0..count).map(|offset| names[(first + offset) % names.len()]);
    json!(chosen.collect::<Vec<_>>())
}
