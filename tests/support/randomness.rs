//! What a deployment draws for each request: over one run, nothing may come twice.

use std::collections::BTreeSet;

use anyhow::ensure;

use crate::run::{Run, is_selection};

/// How many values of each kind were compared.
pub struct Compared {
    /// Headers `x-request-id`.
    pub request_ids: usize,
    /// Tokens of Agora, which differ by salt where they ask for the same; those of VideoSDK have nothing random.
    pub tokens: usize,
    /// Users that the service chose.
    pub uids: usize,
}

/// Adds a failure to the run for each value that came twice.
///
/// # Errors
/// Where there are fewer than two values of a kind, so that nothing was compared.
pub fn check(run: &mut Run) -> anyhow::Result<Compared> {
    let request_ids: Vec<_> = run.request_ids.iter().map(String::as_str).collect();
    let salted = run.tokens.iter().filter(|token| token.expect.format != "jwt");
    let tokens: Vec<_> = salted.map(|token| token.token.as_str()).collect();
    let chosen = run.tokens.iter().filter(|token| token.uid_was_chosen);
    let uids: Vec<_> = chosen.filter_map(|token| token.expect.uid()).collect();
    let mut failures = Vec::new();
    for (kind, values) in [("request ID", &request_ids), ("token", &tokens), ("chosen uid", &uids)] {
        ensure!(values.len() >= 2 || is_selection(), "{} {kind}s are too few to compare", values.len());
        let mut seen = BTreeSet::new();
        let twice = values.iter().filter(|value| !seen.insert(**value));
        failures.extend(twice.map(|value| format!("the {kind} {value:?} came before in the same run")));
    }
    let compared = Compared { request_ids: request_ids.len(), tokens: tokens.len(), uids: uids.len() };
    run.failures.extend(failures);
    Ok(compared)
}
