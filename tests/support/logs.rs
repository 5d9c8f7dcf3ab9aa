//! What a deployment wrote to its log: no secret and no token.

use std::fs;
use std::path::Path;

use anyhow::ensure;

use crate::run::Run;
use crate::setup::APP_CERTIFICATE;

/// Adds a failure to the run for each log in the folder that holds what it must not.
///
/// # Errors
/// Where there is no log, or the log of an open deployment lacks the line that it begins with: then what was
/// read is not the log.
pub fn check(run: &mut Run, folder: &Path) -> anyhow::Result<usize> {
    let mut logs = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        logs += 1;
        let name = path.display();
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        if path.file_stem().is_some_and(|stem| stem == "open") {
            ensure!(text.contains("auth_open"), "{name} does not say that the service is open");
        }
        if text.contains(APP_CERTIFICATE) {
            run.failures.push(format!("{name} holds the certificate"));
        }
        for token in run.tokens.iter().filter(|token| text.contains(&token.token)) {
            run.failures.push(format!("{name} holds the token of {}", token.id));
        }
    }
    ensure!(logs > 0, "there is no log in {}", folder.display());
    Ok(logs)
}
