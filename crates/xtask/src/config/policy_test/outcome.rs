//! The outcome of a request, and its comparison with the expected outcome.

use hallpass_service::check::InputError;
use hallpass_service::check::dry_run::Decision;
use serde_json::{Map, Value, json};

use crate::policy::format_decision;

pub(super) const GRANTED: &str = "granted";
pub(super) const DENIED: &str = "denied";
pub(super) const INVALID: &str = "invalid";

/// An outcome with its fields. In an expected outcome, each field is optional.
pub(super) struct Outcome {
    /// [`GRANTED`], [`DENIED`] or [`INVALID`].
    pub(super) kind: &'static str,
    /// For a grant: `ttl`, `rule` and the services. For a denial: `part`, `field`, `rule` and `reason`. For an invalid
    /// request: `field` and `reason`.
    pub(super) fields: Map<String, Value>,
    /// The decision, as `cargo xtask policy` prints it. Empty for an expected outcome.
    pub(super) text: String,
}

impl Outcome {
    pub(super) fn expected(kind: &'static str, fields: Map<String, Value>) -> Self {
        Self { kind, fields, text: String::new() }
    }

    /// Returns a difference for each field of this expected outcome that the actual outcome does not have.
    pub(super) fn mismatches(&self, actual: &Self) -> Vec<String> {
        if self.kind == actual.kind {
            let mut mismatches = Vec::new();
            compare("", &self.fields, &actual.fields, &mut mismatches);
            return mismatches;
        }
        let fields: String =
            self.fields.iter().map(|(name, value)| format!(", with `{name}` {value}")).collect();
        vec![format!("`{}`{fields}, but the request is `{}`", self.kind, actual.kind)]
    }
}

impl From<Result<Decision, InputError>> for Outcome {
    fn from(result: Result<Decision, InputError>) -> Self {
        let decision = match result {
            Ok(decision) => decision,
            Err(error) => {
                let field = error.field.as_deref().unwrap_or_default();
                let text = format!("invalid: {field}\n  {error}\n");
                return Self {
                    kind: INVALID,
                    fields: fields(json!({ "field": field, "reason": error.message })),
                    text,
                };
            }
        };
        let text = format_decision(&decision);
        match decision {
            Decision::Granted { ttl, services, .. } => {
                let mut rules: Vec<_> = services.iter().map(|service| service.decided_by.clone()).collect();
                rules.dedup();
                let mut fields = fields(json!({ "ttl": ttl, "rule": rules.join(", ") }));
                for mut service in services {
                    service.granted.insert("rule".to_owned(), service.decided_by.into());
                    fields.insert(service.name.to_owned(), service.granted.into());
                }
                Self { kind: GRANTED, fields, text }
            }
            Decision::Denied { part, field, reason, rules, .. } => {
                let rule = rules.first().map_or("none", String::as_str);
                let fields = fields(json!({ "part": part, "field": field, "rule": rule, "reason": reason }));
                Self { kind: DENIED, fields, text }
            }
        }
    }
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

/// Compares each expected field. Additional fields of the actual outcome are not compared.
fn compare(
    path: &str,
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
    mismatches: &mut Vec<String>,
) {
    for (name, expected) in expected {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (expected, actual.get(name)) {
            (Value::Object(expected), Some(Value::Object(actual))) => {
                compare(&path, expected, actual, mismatches);
            }
            (expected, Some(actual)) if expected == actual => {}
            (expected, Some(actual)) => mismatches.push(format!("`{path}` {expected}, but got {actual}")),
            (expected, None) => {
                mismatches.push(format!("`{path}` {expected}, but the outcome has no such field"))
            }
        }
    }
}
