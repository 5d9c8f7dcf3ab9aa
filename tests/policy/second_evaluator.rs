//! A second evaluator of token requests, written from the documentation instead of the service's code.
//!
//! The evaluator works on JSON values and expects a valid configuration. Clarity matters more than speed: the evaluator
//! checks every part of a request against every rule, and compares names character by character.

mod callers;
mod claims;
mod default_policy;
mod identity;
mod patterns;
mod refusal;
mod request;
mod services;
mod ttl;
mod videosdk;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use serde_json::{Map, Value};

use self::refusal::{Part, Refusal};
use self::services::Attempt;
use super::Caller;

pub(crate) use self::identity::derived_uid;

/// The services in the order in which a token contains them, and in which they are checked.
pub(crate) const SERVICES: [&str; 10] =
    ["rtc", "rtm", "chat", "streaming", "fcdn", "apaas", "fpa", "convoai", "stt", "videosdk"];

/// The decision on a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Granted {
        /// The App ID or API key of the project.
        id: String,
        ttl: u64,
        services: BTreeMap<String, Service>,
    },
    Denied {
        part: String,
        field: String,
        /// The rules that apply to the caller and name the service, with the closest rule first.
        rules: Vec<String>,
    },
    /// A response with status 400. If several fields are invalid, the response names one of these fields.
    Invalid { fields: BTreeSet<String> },
}

/// A service of a granted token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) fields: Map<String, Value>,
    pub(crate) decided_by: String,
}

/// The parts of a token request that every rule and service needs.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) project: &'a str,
    /// The App ID of an Agora project. Empty for VideoSDK.
    pub(crate) app_id: &'a str,
    /// `true` if a secret key determines derived uids.
    pub(crate) has_uid_key: bool,
    /// The requested Agora format.
    pub(crate) version: &'a str,
    pub(crate) has_policy: bool,
    /// The formats that a rule without `version` grants.
    pub(crate) default_versions: &'a [&'a str],
}

/// Decides on a token request. Also returns how many rules applied to a granted service without granting the service.
pub(crate) fn decide(document: &Value, caller: &Caller, request: &Value) -> (Outcome, usize) {
    let entries = document["deny"].as_array().into_iter().flatten();
    let mut denying = entries.enumerate().filter(|(_, who)| callers::denies(who, caller));
    if let Some((index, _)) = denying.next() {
        let rules = vec![format!("deny[{index}]")];
        return (Outcome::Denied { part: "caller".to_owned(), field: String::new(), rules }, 0);
    }
    let request = request::without_nulls(request);
    let fields = request::invalid_fields(document, &request);
    let project = request::project(document, &request);
    let (Some((project, settings)), true) = (project, fields.is_empty()) else {
        return (Outcome::Invalid { fields }, 0);
    };
    let context = Context {
        caller,
        project,
        app_id: settings["app_id"].as_str().unwrap_or_default(),
        has_uid_key: document["identity"].get("uid_secret").is_some(),
        version: request["version"].as_str().unwrap_or("007"),
        has_policy: document.get("policy").is_some(),
        default_versions: default_versions(document),
    };
    let id = settings["app_id"].as_str().or(settings["api_key"].as_str()).unwrap_or_default();
    decide_services(document, context, &request, id).unwrap_or_else(|outcome| (outcome, 0))
}

/// Returns the formats that a rule without `version` grants.
fn default_versions(document: &Value) -> &'static [&'static str] {
    let open = &document["auth"]["open"];
    let is_open = *open == true || open.is_object();
    let is_open_without_policy = is_open && document.get("policy").is_none();
    if is_open_without_policy || document["compat"]["version"] == "006" { &["007", "006"] } else { &["007"] }
}

/// Returns the denial or the invalid field as an error.
fn decide_services(
    document: &Value,
    context: Context<'_>,
    request: &Value,
    id: &str,
) -> Result<(Outcome, usize), Outcome> {
    let policy = document["policy"].as_array().map(Cow::Borrowed);
    let rules = policy.unwrap_or_else(|| Cow::Owned(default_policy::rules(document)));
    let mut failed_rules = 0;
    let mut services = BTreeMap::new();
    let mut ttl = ttl::requested(document, request);
    for name in SERVICES {
        let Some(requested) = request.get(name) else { continue };
        let grant = first_grant(&rules, context, name, requested)?;
        failed_rules += grant.failed_rules;
        ttl = ttl.min(ttl::maximum(grant.rule, name));
        services.insert(name.to_owned(), Service { fields: grant.fields, decided_by: grant.rule_name });
    }
    if !request::is_supported(request) {
        return Err(Outcome::Invalid { fields: BTreeSet::from(["version".to_owned()]) });
    }
    for (name, service) in &mut services {
        ttl::add_privileges(name, &request[name], ttl, &mut service.fields);
    }
    Ok((Outcome::Granted { id: id.to_owned(), ttl, services }, failed_rules))
}

/// The grant of a service by the first rule that grants the service.
struct Grant<'r> {
    rule: &'r Value,
    rule_name: String,
    fields: Map<String, Value>,
    /// The number of rules that applied without granting the service.
    failed_rules: usize,
}

fn first_grant<'r>(
    rules: &'r [Value],
    context: Context<'_>,
    name: &str,
    requested: &Value,
) -> Result<Grant<'r>, Outcome> {
    let applies = |rule: &Value| {
        callers::applies(&rule["who"], context.caller)
            && is_one_of(&rule["project"], context.project)
            && rule.get(name).is_some()
    };
    let candidates = rules.iter().enumerate().filter(|(_, rule)| applies(rule));
    let mut failed = Vec::new();
    let mut closest = None;
    for (index, rule) in candidates {
        let rule_name = if context.has_policy { format!("policy[{index}]") } else { "no policy".to_owned() };
        match Attempt::evaluate(context, rule, name, requested) {
            Ok(fields) => return Ok(Grant { rule, rule_name, fields, failed_rules: failed.len() }),
            Err(refusal) => closest = closest.or(Some(refusal)),
        }
        failed.push(rule_name);
    }
    let refusal = closest.unwrap_or_else(|| Refusal { part: Part::Service, field: name.to_owned() });
    Err(refusal.into_outcome(failed))
}

/// Returns whether a condition, which is a name or a list of alternatives, is absent or contains the name.
fn is_one_of(condition: &Value, name: &str) -> bool {
    condition.is_null() || alternatives(condition).iter().any(|known| known == name)
}

/// Returns the items of a list, or the only value.
fn alternatives(value: &Value) -> &[Value] {
    value.as_array().map_or(slice::from_ref(value), Vec::as_slice)
}
