//! The test suite that runs web clients in Chromium.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{command, output};
use crate::steps::skip;
use crate::tools;

/// The name of the suite, for the filter of `cargo test`.
const SUITE: &str = "browser::";
/// Environment variables with the path of Chromium.
const VARIABLES: [&str; 2] = ["HALLPASS_CHROMIUM", "CHROME_PATH"];
/// The programs to try, if no variable is set.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Configures a `cargo test` command to run the suite. Without Chromium, configures the command to skip the suite.
///
/// # Errors
/// Returns an error if a variable does not contain the path of Chromium, or the clients cannot be installed.
pub(crate) fn add_suite(test: &mut Command, paths: &mut Vec<(&str, PathBuf)>) -> Result<()> {
    if let Some(chromium) = chromium()? {
        paths.push(("HALLPASS_CHROMIUM", chromium));
        paths.push(("HALLPASS_BROWSER_PACKAGES", tools::browser_packages()?));
    } else {
        skip(
            "the tests of web clients, because Chromium is not installed (Debian: apt install chromium). \
             HALLPASS_CHROMIUM can contain the path of another Chromium or Chrome",
        );
        test.args(["--skip", SUITE]);
    }
    Ok(())
}

/// Installs the clients, if the machine has Chromium.
///
/// # Errors
/// Returns an error if a variable does not contain the path of Chromium, or the clients cannot be installed.
pub(crate) fn prepare() -> Result<()> {
    if chromium()?.is_some() {
        tools::browser_packages()?;
    }
    Ok(())
}

/// Returns the path of Chromium, or `None` if Chromium is not installed.
fn chromium() -> Result<Option<PathBuf>> {
    for variable in VARIABLES {
        if let Ok(program) = std::env::var(variable) {
            let path = installed(&program);
            return Ok(Some(path.with_context(|| {
                format!("{variable} is set to {program}, which is not the path of Chromium")
            })?));
        }
    }
    Ok(PROGRAMS.into_iter().find_map(installed))
}

/// Returns the path of a program that prints its version, or `None` if the program is not installed.
fn installed(program: &str) -> Option<PathBuf> {
    let path = output(command("sh").args(["-c", "command -v \"$1\"", "sh", program]))?;
    output(command(&path).arg("--version"))?;
    Some(path.into())
}
