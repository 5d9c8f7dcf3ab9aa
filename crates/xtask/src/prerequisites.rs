//! Programs that the user must install: rustup, Node.js, and Python for the Lambda function and some tests.

use anyhow::{Result, bail};

use crate::process::{command, output};

/// A program that a command needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prerequisite {
    Rustup,
    Node,
    Python,
}

/// Checks that programs are installed.
///
/// # Errors
/// Returns an error if a program is missing or too old. The error lists all such programs.
pub(crate) fn check(prerequisites: &[Prerequisite]) -> Result<()> {
    let missing: Vec<&str> = prerequisites.iter().filter_map(|prerequisite| missing(*prerequisite)).collect();
    if !missing.is_empty() {
        bail!("this command needs programs that are not installed:\n  - {}", missing.join("\n  - "));
    }
    Ok(())
}

/// Returns a description of the program to install, or `None` if the prerequisite is installed.
fn missing(prerequisite: Prerequisite) -> Option<&'static str> {
    let version = |program: &str| output(command(program).arg("--version"));
    let program = match prerequisite {
        Prerequisite::Rustup if version("rustup").is_none() => {
            "rustup, to install Rust with its WebAssembly target: https://rustup.rs"
        }
        Prerequisite::Node if version("node").is_none_or(|version| !is_recent_node(&version)) => {
            "Node 20.18 or later (tested with 20, 22 and 24), to run wrangler: https://nodejs.org"
        }
        Prerequisite::Node if version("npm").is_none() => {
            "npm, which most packages of Node include: https://nodejs.org"
        }
        Prerequisite::Python if output(command("python3").args(["-c", PYTHON_CHECK])).is_none() => {
            "Python 3.11 or later with venv, to run cargo-lambda and the SAM CLI (Debian: apt install python3-venv)"
        }
        Prerequisite::Rustup | Prerequisite::Node | Prerequisite::Python => return None,
    };
    Some(program)
}

/// A Python program that fails if Python is too old for the SAM CLI, or if pip or venv is missing.
const PYTHON_CHECK: &str = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))";

/// Returns whether a version of Node.js, such as `v20.20.2`, is 20.18 or later. The packages in package-lock.json require
/// 20.18.
fn is_recent_node(version: &str) -> bool {
    let mut numbers =
        version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(20), Some(18))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_node_20_18_and_later() {
        assert!(is_recent_node("v20.18.1") && is_recent_node("v24.0.0"));
        assert!(!is_recent_node("v20.9.0") && !is_recent_node("v18.20.0") && !is_recent_node("?"));
    }
}
