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
    let advice = match need {
        Needs::Rustup if version("rustup").is_none() => {
            "rustup, which installs Rust with its WebAssembly target: https://rustup.rs"
        }
        Needs::Node if version("node").is_none_or(|version| !is_recent_node(&version)) => {
            "Node 20.18 or later (tested with 20, 22 and 24), which runs wrangler: https://nodejs.org"
        }
        Needs::Node if version("npm").is_none() => {
            "npm, which comes with most packages of Node: https://nodejs.org"
        }
        Needs::Python if output(command("python3").args(["-c", PYTHON_CHECK])).is_none() => {
            "Python 3.11 or later with venv, which runs cargo-lambda and the SAM CLI (Debian: apt install python3-venv)"
        }
        Needs::Rustup | Needs::Node | Needs::Python => return None,
    };
    Some(advice.to_owned())
}

/// Fails where the SAM CLI could not be installed.
const PYTHON_CHECK: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))";

/// Whether `v20.20.2` is 20.18 or later, which the packages in package-lock.json need.
fn is_recent_node(version: &str) -> bool {
    let mut numbers =
        version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(20), Some(18))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_is_recent_from_20_18_on() {
        assert!(is_recent_node("v20.18.1") && is_recent_node("v24.0.0"));
        assert!(!is_recent_node("v20.9.0") && !is_recent_node("v18.20.0") && !is_recent_node("?"));
    }
}
