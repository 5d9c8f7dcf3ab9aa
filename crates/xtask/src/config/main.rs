//! The commands of `cargo xtask` that evaluate a configuration document: `policy` and `check-config`.
//!
//! A binary of its own, because these commands need the service, and `cargo xtask dev` in a fresh clone must not wait
//! until the service is compiled for this machine.

mod check_config;
mod policy;
#[cfg(test)]
mod readme;
#[path = "../terminal.rs"]
mod terminal;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["policy", options @ ..] => policy::by_hand(options),
        ["check-config", path] => check_config::by_hand(path),
        _ => {
            terminal::say("usage: see cargo xtask help");
            ExitCode::FAILURE
        }
    }
}

/// Returns the content of a file; `-` is standard input.
///
/// # Errors
/// If the file cannot be read.
fn read(path: &str) -> Result<String> {
    let text =
        if path == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    text.with_context(|| format!("cannot read {path}"))
}
