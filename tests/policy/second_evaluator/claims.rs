//! Claims: their names, conditions on their values, and their use as identities.

use std::collections::BTreeSet;

use serde_json::{Number, Value};

use super::alternatives;

/// Returns the claim with this name.
pub(super) fn find<'c>(claims: &'c Value, name: &str) -> Option<&'c Value> {
    if name.starts_with('/') {
        return claims.pointer(name);
    }
    let by_dots = || name.split('.').try_fold(claims, |object, field| object.as_object()?.get(field));
    claims.get(name).or_else(by_dots)
}

/// Returns every claim that the name can describe. A dot is a part of a name, or selects a field.
pub(super) fn find_all<'c>(claims: &'c Value, name: &str) -> Vec<&'c Value> {
    let mut found: Vec<_> = claims.get(name).into_iter().chain(find(claims, name)).collect();
    for (position, _) in name.match_indices('.') {
        if let Some(object) = claims.get(&name[..position]) {
            found.extend(find_all(object, &name[position + 1..]));
        }
    }
    found
}

/// Returns whether a claim is a set of words.
pub(super) fn is_scope(name: &str) -> bool {
    ["scope", "scp"].contains(&name.strip_prefix('/').unwrap_or(name))
}

/// Returns whether a claim has an accepted value. `accepted` is a value or a list of alternatives.
pub(super) fn matches(name: &str, claim: &Value, accepted: &Value) -> bool {
    alternatives(accepted).iter().any(|accepted| match accepted.as_str() {
        Some(words) if is_scope(name) => has_words(claim, words),
        _ => alternatives(claim).iter().any(|claim| equals(claim, accepted)),
    })
}

/// Returns the value of a claim as a string if the value can identify a user.
pub(super) fn identity(claim: &Value) -> Option<String> {
    text(claim).filter(|text| !text.is_empty() && !text.contains(['*', '{', '}']))
}

fn equals(claim: &Value, accepted: &Value) -> bool {
    if let Some(names) = accepted.get("has_member") {
        let mut names = alternatives(names).iter().filter_map(Value::as_str);
        return claim.is_object()
            && names.any(|name| !matches!(claim.get(name), None | Some(Value::Null | Value::Bool(false))));
    }
    match text(accepted) {
        Some(accepted) => text(claim) == Some(accepted),
        None => claim.is_boolean() && claim == accepted,
    }
}

/// Returns whether a scope contains all words. A string without words matches no scope.
fn has_words(scope: &Value, words: &str) -> bool {
    let scope: BTreeSet<_> =
        alternatives(scope).iter().filter_map(Value::as_str).flat_map(words_of).collect();
    let mut words = words_of(words).peekable();
    words.peek().is_some() && words.all(|word| scope.contains(word))
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// Returns a string, or the decimal digits of an exact integer.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => digits(number),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn digits(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    let number = number.as_f64()?;
    (number.fract() == 0.0 && number.abs() < 1e15).then(|| format!("{:.0}", number + 0.0))
}
