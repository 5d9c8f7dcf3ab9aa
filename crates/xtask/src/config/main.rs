//! The commands of `cargo xtask` that evaluate a configuration document: `policy` and `check-config`.
//!
//! This binary is separate from xtask, because these commands depend on the service. `cargo xtask dev` in a fresh clone must
//! not wait for a native build of the service.

mod check_config;
#[cfg(test)]
mod docs;
mod policy;
mod policy_test;
mod settings;
#[path = "../terminal.rs"]
mod terminal;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["policy", "test", arguments @ ..] => policy_test::run(arguments),
        ["policy", options @ ..] => policy::run(options),
        ["check-config", path] => check_config::run(path, None),
        ["check-config", path, "--env", environment] => check_config::run(path, Some(environment)),
        _ => {
            terminal::print_line("invalid arguments. `cargo xtask help` lists the commands and options");
            ExitCode::FAILURE
        }
    }
}

/// Returns the content of a file, or of standard input for `-`.
///
/// # Errors
/// Returns an error if the file cannot be read.
fn read(path: &str) -> Result<String> {
    let text =
        if path == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    text.with_context(|| format!("cannot read {path}"))
}
