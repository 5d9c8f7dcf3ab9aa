//! The served OpenAPI document, held against the Worker by schemathesis.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::dev::sample_settings;
use crate::prerequisites::{Needs, check};
use crate::process::{ReservedPort, command, root, run, run_quietly};
use crate::steps::step;
use crate::workerd::{self, Worker};
use crate::{build, tools};

/// Generated requests for each route, beside those at the borders of every schema.
const FEW: u32 = 30;

/// `cargo xtask schemathesis`.
///
/// # Errors
/// If something is missing, or an answer is not as the document says.
pub(crate) fn by_hand(examples: Option<u32>) -> Result<()> {
    check(&[Needs::Rustup, Needs::Node, Needs::Python])?;
    tools::node_modules()?;
    build::worker(build::Profile::Release)?;
    let bundle = build::worker_bundle()?;
    hold(&bundle, examples.unwrap_or(FEW), true)
}

/// The same on a bundle that is there, for some seconds, in the series of all tests.
///
/// # Errors
/// If an answer is not as the document says.
pub(crate) fn short(bundle: &Path) -> Result<()> {
    hold(bundle, FEW, false)
}

fn hold(bundle: &Path, examples: u32, is_shown: bool) -> Result<()> {
    let program = tools::python()?.join("bin/schemathesis");
    let folder = root().join("target/schemathesis");
    fs::create_dir_all(&folder)?;
    // Open as far as it goes: what is valid shall be granted. Nobody stands in for VideoSDK, and it is not called.
    let mut settings = sample_settings()?;
    for (_, document) in settings.iter_mut().filter(|(name, _)| name == "HALLPASS_CONFIG") {
        r#"{"auth":{"open":{"wildcard":true}},"rest":{"videosdk":{"url":"http://127.0.0.1:9"}}}"#
            .clone_into(document);
    }
    let files = workerd::files(bundle)?;
    let port = ReservedPort::new()?;
    let _worker =
        Worker { files: &files, settings: &settings, port: port.number(), v8_flags: &[] }.start(&folder)?;
    step("holding the served OpenAPI document against the Worker with schemathesis", || {
        let ours = root().join("tests/schemathesis");
        let mut schemathesis = command(program);
        schemathesis
            .current_dir(&folder)
            .env("PYTHONPATH", &ours)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .arg("--config-file")
            .arg(ours.join("config.toml"))
            .args(["run", "--phases", "examples,coverage,fuzzing", "--max-examples", &examples.to_string()])
            .arg(format!("http://127.0.0.1:{}/openapi.json", port.number()));
        if is_shown {
            return run(&mut schemathesis);
        }
        // The same requests in every run: what fails, fails for the change that caused it.
        run_quietly(schemathesis.arg("--generation-deterministic"))
    })
}
