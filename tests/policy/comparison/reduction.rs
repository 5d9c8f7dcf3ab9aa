//! Reduction of a trial to the parts that cause a different decision.

use std::{fmt, mem};

use serde_json::Value;

use super::compare;
use crate::policy::Caller;
use crate::policy::generator::Trial;

/// Removes fields and list items until each removal makes the decisions equal.
pub(super) fn reduce(mut trial: Trial) -> Trial {
    let kind = mem::discriminant(&compare(&trial));
    let is_same = |trial: &Trial| mem::discriminant(&compare(trial)) == kind;
    while let Some(smaller) = removals(&trial).into_iter().find(is_same) {
        trial = smaller;
    }
    trial
}

/// Returns all trials with one field or item less. Projects and accepted callers stay unchanged.
fn removals(trial: &Trial) -> Vec<Trial> {
    let mut smaller = Vec::new();
    for document in without_one_part(&trial.document) {
        if ["projects", "auth"].iter().all(|name| document[name] == trial.document[name]) {
            smaller.push(Trial { document, ..trial.clone() });
        }
    }
    for request in without_one_part(&trial.request) {
        smaller.push(Trial { request, ..trial.clone() });
    }
    if let Caller::User(claims) | Caller::Gateway(claims) = &trial.caller {
        for claims in without_one_part(claims) {
            let mut trial = trial.clone();
            if let Caller::User(reduced) | Caller::Gateway(reduced) = &mut trial.caller {
                *reduced = claims;
            }
            smaller.push(trial);
        }
    }
    smaller
}

fn without_one_part(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let mut rest = fields.clone();
                rest.remove(name);
                found.push(rest.into());
                found.extend(without_one_part(field).into_iter().map(|field| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), field);
                    fields.into()
                }));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut rest = items.clone();
                rest.remove(index);
                found.push(rest.into());
                found.extend(without_one_part(item).into_iter().map(|item| {
                    let mut items = items.clone();
                    items[index] = item;
                    items.into()
                }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "document: {}", self.document)?;
        match &self.caller {
            Caller::User(claims) => writeln!(f, "user: {claims}")?,
            Caller::Gateway(claims) => writeln!(f, "gateway: {claims}")?,
            Caller::Service(name) => writeln!(f, "service key: {name}")?,
            Caller::Anonymous => writeln!(f, "anonymous")?,
        }
        write!(f, "request: {}", self.request)
    }
}

/// Numbers, strings, and removed items are never reduced further.
#[test]
fn removes_each_part_of_a_value() {
    let parts = without_one_part(&serde_json::json!({ "a": [1, { "b": 2 }] }));
    let texts: Vec<_> = parts.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["{}", r#"{"a":[{"b":2}]}"#, r#"{"a":[1]}"#, r#"{"a":[1,{}]}"#]);
}
