//! Policy decisions: the test cases in `policy/`.
//!
//! Each case starts with a configuration that accepts every kind of caller. `policy` sets the rules, either inline or
//! by the name of a policy in the same file. A field in `config` replaces a field of the configuration, or removes this
//! field if the value is null. The default caller is a user with the subject `alice`.
//!
//! All fields of a granted service are compared. `privileges` defaults to the privileges of the role, with the token's
//! TTL. `ttl` defaults to 3600 s. `by` is the rule that granted the request, or an array with one rule per service. For a
//! denial, `by` is an array of all rules that apply to the caller and name the service. `by` defaults to the first rule.

// The attribute makes Clippy accept `unwrap` and `panic` in the helpers of these modules.
#[cfg(test)]
mod comparison;
#[cfg(test)]
mod generator;
#[cfg(test)]
mod random;
#[cfg(test)]
mod second_evaluator;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, ensure};
use hallpass_service::check::InputError;
use hallpass_service::check::dry_run::{CallerSpec, Decision, DryRun};
use hallpass_tests::root;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "comment")]
    _comment: String,
    #[serde(default)]
    policies: BTreeMap<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(default, rename = "comment")]
    _comment: String,
    /// The rules, or the name of a policy in the same file.
    policy: Option<Value>,
    #[serde(default)]
    config: Map<String, Value>,
    /// The whole configuration as text, for documents that a JSON value cannot represent.
    document: Option<String>,
    #[serde(default)]
    caller: Caller,
    #[serde(default)]
    request: Value,
    expect: Expect,
}

/// The caller of a request. Users and gateway callers have claims, and a service key has a name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Caller {
    User(Value),
    Gateway(Value),
    Service(String),
    Anonymous,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", untagged)]
enum Expect {
    Granted {
        granted: Map<String, Value>,
        #[serde(default = "default_ttl")]
        ttl: u32,
        by: Option<DecidedBy>,
    },
    Denied {
        denied: String,
        field: String,
        by: Option<DecidedBy>,
    },
    /// The path of the invalid value in the configuration or the request. The string is empty if the error has no path.
    Invalid {
        invalid: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum DecidedBy {
    One(String),
    Each(Vec<String>),
}

#[test]
fn decides_every_case_as_expected() -> anyhow::Result<()> {
    let mut ids = BTreeSet::new();
    let mut failures = Vec::new();
    for file in files()? {
        for case in &file.cases {
            ensure!(ids.insert(case.id.clone()), "duplicate id {}", case.id);
            let (expected, actual) = (case.expected(), case.actual(&file.policies)?);
            if expected != actual {
                failures.push(format!("{}\n  expected {expected}\n  actual   {actual}", case.id));
            }
        }
    }
    println!("{} policy cases", ids.len());
    ensure!(ids.len() >= 650, "only {} cases were found", ids.len());
    ensure!(failures.is_empty(), "{} of {}:\n{}", failures.len(), ids.len(), failures.join("\n"));
    Ok(())
}

/// Returns the configuration of every case.
pub(crate) fn documents() -> anyhow::Result<Vec<String>> {
    let mut documents = Vec::new();
    for file in files()? {
        for case in &file.cases {
            documents.push(case.document(&file.policies)?);
        }
    }
    Ok(documents)
}

fn files() -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join("tests/policy"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path)?;
            files.push(serde_json::from_str(&text).with_context(|| path.display().to_string())?);
        }
    }
    Ok(files)
}

impl Default for Caller {
    fn default() -> Self {
        Self::User(json!({ "sub": "alice" }))
    }
}

impl Caller {
    /// Evaluates a request of the caller with the service's evaluator.
    fn evaluate(&self, configuration: &DryRun, request: &str) -> Result<Decision, InputError> {
        let claims = match self {
            Self::User(claims) | Self::Gateway(claims) => claims.to_string(),
            Self::Service(_) | Self::Anonymous => String::new(),
        };
        let caller = match self {
            Self::User(_) => CallerSpec::User(&claims),
            Self::Gateway(_) => CallerSpec::Gateway(&claims),
            Self::Service(name) => CallerSpec::Service(name),
            Self::Anonymous => CallerSpec::Anonymous,
        };
        configuration.evaluate(caller, request)
    }
}

impl Case {
    fn document(&self, policies: &BTreeMap<String, Value>) -> anyhow::Result<String> {
        if let Some(document) = &self.document {
            return Ok(document.clone());
        }
        let mut document = accept_all_callers();
        if let Some(policy) = &self.policy {
            let named = policy.as_str().map(|name| policies.get(name).with_context(|| name.to_owned()));
            document.insert("policy".into(), named.transpose()?.unwrap_or(policy).clone());
        }
        document.extend(self.config.clone());
        document.retain(|_, value| !value.is_null());
        Ok(Value::Object(document).to_string())
    }

    fn expected(&self) -> Value {
        let only_rule = || if self.policy.is_some() { "policy[0]" } else { "no policy" }.to_owned();
        match &self.expect {
            Expect::Granted { granted, ttl, by } => {
                let services: Map<_, _> = granted
                    .iter()
                    .map(|(name, service)| (name.clone(), with_privileges(name, service, *ttl)))
                    .collect();
                let by = match by {
                    None => vec![only_rule(); services.len()],
                    Some(DecidedBy::One(rule)) => vec![rule.clone(); services.len()],
                    Some(DecidedBy::Each(rules)) => rules.clone(),
                };
                json!({ "granted": services, "ttl": ttl, "by": by })
            }
            Expect::Denied { denied, field, by } => {
                let by = match by {
                    None if denied == "service" => Vec::new(),
                    None => vec![only_rule()],
                    Some(DecidedBy::One(rule)) => vec![rule.clone()],
                    Some(DecidedBy::Each(rules)) => rules.clone(),
                };
                json!({ "denied": denied, "field": field, "by": by })
            }
            Expect::Invalid { invalid } => json!({ "invalid": invalid }),
        }
    }

    fn actual(&self, policies: &BTreeMap<String, Value>) -> anyhow::Result<Value> {
        let decision = load(&self.document(policies)?)
            .and_then(|configuration| self.caller.evaluate(&configuration, &self.request.to_string()));
        Ok(match decision {
            Ok(Decision::Granted { ttl, services, .. }) => {
                let by: Vec<_> = services.iter().map(|service| service.decided_by.clone()).collect();
                let granted: Map<_, _> = services
                    .into_iter()
                    .map(|service| (service.name.to_owned(), Value::Object(service.granted)))
                    .collect();
                json!({ "granted": granted, "ttl": ttl, "by": by })
            }
            Ok(Decision::Denied { part, field, rules, .. }) => {
                json!({ "denied": part, "field": field, "by": rules })
            }
            Err(error) => json!({ "invalid": error.field.unwrap_or_default() }),
        })
    }
}

/// Reads a configuration document.
fn load(document: &str) -> Result<DryRun, InputError> {
    DryRun::load(&|name| (name == "HALLPASS_CONFIG").then(|| document.to_owned()))
}

fn accept_all_callers() -> Map<String, Value> {
    let document = json!({
        "projects": {
            "default": {
                "provider": "agora",
                "app_id": "970CA35de60c44645bbae8a215061b33",
                "certificates": ["AGORA_APP_CERTIFICATE"]
            },
            "second": {
                "provider": "agora",
                "app_id": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
                "certificates": ["SECOND_CERTIFICATE"]
            },
            "meet": { "provider": "videosdk", "api_key": "key", "secrets": ["VIDEOSDK_SECRET_KEY"] }
        },
        "auth": {
            "jwt": [{ "issuer": "https://id.example.com", "audience": "hallpass" }],
            "keys": [
                { "name": "backend", "secret": "KEY_BACKEND" },
                { "name": "billing", "secret": "KEY_BILLING" }
            ],
            "gateway": true,
            "open": true
        }
    });
    if let Value::Object(document) = document { document } else { Map::new() }
}

fn with_privileges(name: &str, service: &Value, ttl: u32) -> Value {
    let mut service = service.clone();
    if let (Value::Object(fields), "rtc") = (&mut service, name)
        && !fields.contains_key("privileges")
    {
        let privileges = match fields.get("role").and_then(Value::as_str) {
            Some("publisher") => {
                json!({ "join": ttl, "publish_audio": ttl, "publish_video": ttl, "publish_data": ttl })
            }
            _ => json!({ "join": ttl }),
        };
        fields.insert("privileges".into(), privileges);
    }
    service
}

fn default_ttl() -> u32 {
    3600
}
