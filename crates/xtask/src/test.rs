//! Every check and test, in the order in which they fail fastest.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::prerequisites::{Needs, check};
use crate::process::{command, output, root, run, run_quietly, say, step};
use crate::{build, fuzz, schemathesis, tools};

/// The most bytes that the Worker may have, gzipped: code and glue together.
const WORKER_GZIP_LIMIT: usize = 400 * 1024;

/// `cargo xtask test`.
///
/// # Errors
/// At the first thing that fails.
pub(crate) fn all() -> Result<()> {
    check(&[Needs::Rustup, Needs::Node, Needs::Python])?;
    step("checking the format", || run(command("cargo").args(["fmt", "--all", "--check"])))?;
    tools::node_modules()?;
    let python = tools::python()?;
    tools::rust_target(tools::WORKER_TARGET)?;
    tools::rust_target(tools::WASI_TARGET)?;
    lint()?;
    token_core_in_wasm()?;
    build::worker()?;
    build::lambda()?;
    let bundle = build::worker_bundle()?;
    check_size(&bundle)?;
    step("running every test; those on Lambda and on the Worker start AWS's emulator and workerd", || {
        let mut test = command("cargo");
        test.args(["test", "--workspace", "--locked", "--quiet", "--", "--include-ignored", "--show-output"])
            .env("HALLPASS_BOOTSTRAP", root().join("target/release/bootstrap"))
            .env("HALLPASS_PYTHON", python.join("bin/python"))
            .env("HALLPASS_WORKERD", tools::workerd()?)
            .env("HALLPASS_WORKER_DIR", &bundle);
        if cfg!(target_os = "linux") {
            test.env("HALLPASS_RIE", tools::lambda_emulator()?);
        } else {
            say("    AWS's emulator runs on Linux only: leaving out the tests that need it");
            test.args(["--skip", "on_lambda"]);
        }
        run(&mut test)
    })?;
    schemathesis::short(&bundle)?;
    fuzz::short()?;
    template(&python)
}

fn lint() -> Result<()> {
    let clippy = |arguments: &[&str]| {
        run(command("cargo")
            .args(["clippy", "--locked", "--quiet"])
            .args(arguments)
            .args(["--", "--deny", "warnings"]))
    };
    step("linting", || {
        clippy(&["--workspace", "--all-targets"])?;
        clippy(&["--package", "hallpass-token", "--all-targets", "--no-default-features"])?;
        clippy(&["--package", "hallpass-worker", "--target", tools::WORKER_TARGET])
    })?;
    step("building the documentation", || {
        run(command("cargo")
            .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
            .env("RUSTDOCFLAGS", "--deny warnings"))
    })
}

/// Not those that start another program: WASI has none.
fn token_core_in_wasm() -> Result<()> {
    step("running the tests of the token core in WebAssembly", || {
        let core = ["--package", "hallpass-token", "--package", "hallpass-token-tests"];
        run(command("cargo").args(["test", "--locked", "--quiet", "--target", tools::WASI_TARGET]).args(core))
    })
}

fn check_size(bundle: &Path) -> Result<()> {
    let mut raw = 0;
    let mut gzipped = 0;
    for file in fs::read_dir(bundle)? {
        let path = file?.path();
        let shipped = path.extension().is_some_and(|extension| extension == "js" || extension == "wasm");
        if shipped {
            raw += fs::metadata(&path)?.len();
            let count = "process.stdout.write(String(require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]),{level:9}).length))";
            let size =
                output(command("node").args(["-e", count]).arg(&path)).context("node cannot compress")?;
            gzipped += size.parse::<usize>()?;
        }
    }
    say(format_args!("    the Worker has {raw} bytes, {gzipped} gzipped; {WORKER_GZIP_LIMIT} are allowed"));
    if raw == 0 || gzipped > WORKER_GZIP_LIMIT {
        bail!("the Worker has {gzipped} bytes gzipped, and {WORKER_GZIP_LIMIT} are allowed");
    }
    Ok(())
}

fn template(python: &Path) -> Result<()> {
    let sam = |arguments: &[&str]| {
        // sam finds cargo-lambda, and that finds zig, in the search path.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths([python.join("bin")].into_iter().chain(std::env::split_paths(&path)))?;
        run_quietly(
            command(python.join("bin/sam"))
                .args(arguments)
                .env("PATH", path)
                .env("SAM_CLI_TELEMETRY", "0")
                .env("AWS_DEFAULT_REGION", "us-east-1"),
        )
    };
    step("checking the templates with sam validate --lint", || {
        sam(&["validate", "--lint"])?;
        sam(&["validate", "--lint", "--template", "infra/sam-local.yaml"])
    })?;
    step("building the deployable Lambda function with sam build (a few minutes when cold)", || {
        sam(&["build"])
    })
}
