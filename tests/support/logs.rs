//! What a deployment wrote to its log: what the person on call needs, no secret and no token.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::run::Run;
use crate::setup::SECRETS;

/// Adds a failure to the run for each log in the folder that lacks what it must say, or holds what it must not.
///
/// # Errors
/// Where a deployment of the run left no log.
pub fn check(run: &mut Run, folder: &Path) -> anyhow::Result<usize> {
    for setup in &run.setups {
        let path = folder.join(format!("{}.log", setup.name()));
        let name = path.display();
        let text = String::from_utf8_lossy(&fs::read(&path).with_context(|| name.to_string())?).into_owned();
        if !text.contains(setup.logged()) {
            run.failures.push(format!("{name} does not say {}", setup.logged()));
        }
        if SECRETS.iter().any(|secret| text.contains(secret)) {
            run.failures.push(format!("{name} holds a secret"));
        }
        for token in run.tokens.iter().filter(|token| text.contains(&token.token)) {
            run.failures.push(format!("{name} holds the token of {}", token.id));
        }
    }
    Ok(run.setups.len())
}
