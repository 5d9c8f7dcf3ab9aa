//! What must be on the machine before anything else: rustup, Node 20 or later, Python 3 for the Lambda side.

use anyhow::{Result, bail};

use crate::process::{command, output};

/// What a task needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Rustup,
    Node,
    Python,
}

/// Checks all of them, and names each that is missing.
///
/// # Errors
/// If any is missing.
pub(crate) fn check(needs: &[Needs]) -> Result<()> {
    let missing: Vec<String> = needs.iter().filter_map(|need| missing(*need)).collect();
    if !missing.is_empty() {
        bail!("something is missing on this machine:\n  - {}", missing.join("\n  - "));
    }
    Ok(())
}

fn missing(need: Needs) -> Option<String> {
    let version = |program: &str| output(command(program).arg("--version"));
    match need {
        Needs::Rustup => version("rustup").is_none().then(|| {
            "rustup, which installs Rust with its WebAssembly target: https://rustup.rs".to_owned()
        }),
        Needs::Node => match version("node").as_deref().map(node_major) {
            Some(Some(major)) if major >= 20 => match version("npm") {
                Some(_) => None,
                None => Some("npm, which comes with most packages of Node: https://nodejs.org".to_owned()),
            },
            Some(_) => Some("Node 20 or later; the one here is older: https://nodejs.org".to_owned()),
            None => Some("Node 20 or later, which runs wrangler: https://nodejs.org".to_owned()),
        },
        Needs::Python => match output(command("python3").args(["-c", "import ensurepip, venv"])) {
            Some(_) => None,
            None => Some(
                "Python 3 with venv, which runs cargo-lambda and the SAM CLI (Debian: apt install python3-venv)"
                    .to_owned(),
            ),
        },
    }
}

/// 20 out of `v20.20.2`.
fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(node_major("v20.20.2"), Some(20));
        assert_eq!(node_major("20"), None);
    }
}
