//! The two deployments.
//!
//! The Worker is put together here, and not by worker-build: its glue makes a `WorkerEntrypoint` for each request,
//! which costs a fifth of it, and compiling it takes longer than everything else that a first start needs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process::{command, root, run, run_quietly, step};
use crate::tools;

/// WebAssembly features that the module may use; all of them are in every Worker runtime.
const WASM_FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-exception-handling",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Builds the Worker: `target/worker/entry.js` and what it imports.
///
/// # Errors
/// If a tool fails.
pub(crate) fn worker() -> Result<()> {
    tools::wasm_opt()?;
    tools::rust_target(tools::WORKER_TARGET)?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    step("building the Worker", || {
        run(command("cargo")
            .args(["build", "--release", "--locked", "--package", "hallpass-worker"])
            .args(["--target", tools::WORKER_TARGET]))?;
        let compiled = root().join("target/wasm32-unknown-unknown/release/hallpass_worker.wasm");
        let entry = root().join("crates/hallpass-worker/src/entry.js");
        let folder = root().join("target/worker");
        let stamp = folder.join("stamp");
        let input = [fs::read(&compiled)?, fs::read(&entry)?].concat();
        if fs::read(&stamp).is_ok_and(|made_of| made_of == input) {
            return Ok(());
        }
        bind(&wasm_bindgen, &compiled, &folder)?;
        fs::copy(entry, folder.join("entry.js"))?;
        Ok(fs::write(stamp, input)?)
    })
}

/// Builds the Lambda function for this machine: `target/release/bootstrap`.
///
/// # Errors
/// If cargo fails.
pub(crate) fn lambda() -> Result<()> {
    step("building the Lambda function for this machine", || {
        run(command("cargo").args(["build", "--release", "--locked", "--package", "hallpass-lambda"]))
    })
}

/// Bundles the Worker as `wrangler deploy` would upload it.
///
/// # Errors
/// If wrangler fails.
pub(crate) fn worker_bundle() -> Result<PathBuf> {
    let folder = root().join("target/worker-bundle");
    step("bundling the Worker with wrangler deploy --dry-run", || {
        bundle(Path::new("wrangler.toml"), &folder)
    })?;
    Ok(folder)
}

/// Bundles what a wrangler.toml describes.
///
/// # Errors
/// If wrangler fails.
pub(crate) fn bundle(config: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    run_quietly(
        command(tools::node_program("wrangler"))
            .args(["deploy", "--dry-run", "--config"])
            .arg(config)
            .arg("--outdir")
            .arg(folder)
            .env("WRANGLER_SEND_METRICS", "false"),
    )
}

/// Writes the JavaScript around the module, and makes the module smaller and faster.
fn bind(wasm_bindgen: &Path, compiled: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    // The last two let a module that has panicked be replaced by a fresh one with the next request.
    run_quietly(
        command(wasm_bindgen)
            .arg(compiled)
            .args(["--target", "module", "--no-typescript", "--out-name", "hallpass", "--out-dir"])
            .arg(folder)
            .args(["--experimental-reset-state-function", "--force-enable-abort-handler"]),
    )?;

    // wasm-bindgen asks for the module by a proposal ("source phase import") that the runtime knows without the word.
    let glue = folder.join("hallpass.js");
    let text = fs::read_to_string(&glue)?.replacen("import source ", "import ", 1);
    fs::write(&glue, text)?;

    let module = folder.join("hallpass_bg.wasm");
    let optimized = folder.join("optimized.wasm");
    run_quietly(
        command(tools::wasm_opt()?).args(["-O3"]).args(WASM_FEATURES).arg(&module).arg("-o").arg(&optimized),
    )?;
    fs::rename(optimized, module).context("wasm-opt wrote nothing")
}
