//! Tests of the Worker against its OpenAPI document, with schemathesis.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::dev::sample_settings;
use crate::prerequisites::{Prerequisite, check};
use crate::process::{self, ReservedPort, command, root};
use crate::steps::step;
use crate::workerd::{self, Worker};
use crate::{build, tools};

/// The default number of generated requests for each route, in addition to the requests for the boundary values of every
/// schema.
const DEFAULT_EXAMPLES: u32 = 30;

/// Runs `cargo xtask schemathesis`.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or a response does not match the document.
pub(crate) fn run(examples: Option<u32>) -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Node, Prerequisite::Python])?;
    tools::node_modules()?;
    build::worker(build::Profile::Release)?;
    let bundle = build::worker_bundle()?;
    check_document(&bundle, examples.unwrap_or(DEFAULT_EXAMPLES), true)
}

/// Tests a built bundle with the default number of requests, without output unless a response does not match.
///
/// # Errors
/// Returns an error if a response does not match the document.
pub(crate) fn run_quietly(bundle: &Path) -> Result<()> {
    check_document(bundle, DEFAULT_EXAMPLES, false)
}

fn check_document(bundle: &Path, examples: u32, is_verbose: bool) -> Result<()> {
    let program = tools::python()?.join("bin/schemathesis");
    let folder = root().join("target/schemathesis");
    fs::create_dir_all(&folder)?;
    // The configuration grants every valid request. Requests to VideoSDK go to a port on which no server listens, so the
    // provider is not called.
    let mut settings = sample_settings()?;
    for (_, document) in settings.iter_mut().filter(|(name, _)| name == "HALLPASS_CONFIG") {
        r#"{"auth":{"open":{"wildcard":true}},"rest":{"videosdk":{"url":"http://127.0.0.1:9"}}}"#
            .clone_into(document);
    }
    let files = workerd::files(bundle)?;
    let port = ReservedPort::new()?;
    let _worker =
        Worker { files: &files, settings: &settings, port: port.number(), v8_flags: &[] }.start(&folder)?;
    step("testing the Worker against its OpenAPI document with schemathesis", || {
        let files = root().join("tests/schemathesis");
        let mut schemathesis = command(program);
        schemathesis
            .current_dir(&folder)
            .env("PYTHONPATH", &files)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .arg("--config-file")
            .arg(files.join("config.toml"))
            .args(["run", "--phases", "examples,coverage,fuzzing", "--max-examples", &examples.to_string()])
            .arg(format!("http://127.0.0.1:{}/openapi.json", port.number()));
        if is_verbose {
            return process::run(&mut schemathesis);
        }
        // Every run sends the same requests, so that only a change of the code can cause a new failure.
        process::run_quietly(schemathesis.arg("--generation-deterministic"))
    })
}
