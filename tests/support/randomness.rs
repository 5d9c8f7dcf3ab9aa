//! Checks that random values do not repeat within a run.

use std::collections::BTreeSet;

use anyhow::ensure;

use crate::run::{Run, is_selection};

/// The number of compared values of each kind.
pub struct Compared {
    /// The number of headers `x-request-id`.
    pub request_ids: usize,
    /// The number of Agora tokens. Tokens for the same request differ by their salt. VideoSDK tokens contain no random values.
    pub tokens: usize,
    /// The number of uids that the service chose.
    pub uids: usize,
}

/// Adds a failure to the run for each repeated value.
///
/// # Errors
/// Returns an error if there are fewer than two values of a kind to compare.
pub fn check(run: &mut Run) -> anyhow::Result<Compared> {
    let request_ids: Vec<_> = run.request_ids.iter().map(String::as_str).collect();
    let salted = run.tokens.iter().filter(|token| token.expect.format != "jwt");
    let tokens: Vec<_> = salted.map(|token| token.token.as_str()).collect();
    let chosen = run.tokens.iter().filter(|token| token.uid_was_chosen);
    let uids: Vec<_> = chosen.filter_map(|token| token.expect.uid()).collect();
    let mut failures = Vec::new();
    for (kind, values) in [("request ID", &request_ids), ("token", &tokens), ("chosen uid", &uids)] {
        ensure!(values.len() >= 2 || is_selection(), "expected at least two {kind}s, got {}", values.len());
        let mut seen = BTreeSet::new();
        let repeated = values.iter().filter(|value| !seen.insert(**value));
        failures.extend(repeated.map(|value| format!("the {kind} {value:?} is repeated in the same run")));
    }
    let compared = Compared { request_ids: request_ids.len(), tokens: tokens.len(), uids: uids.len() };
    run.failures.extend(failures);
    Ok(compared)
}
