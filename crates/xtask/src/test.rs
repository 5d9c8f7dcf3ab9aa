//! Every check and test.
//!
//! Lanes run at the same time, because cargo locks a target folder for one profile at a time, and because linking
//! and many tests leave a processor idle.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;

use anyhow::{Result, bail};

use crate::build::Profile;
use crate::prerequisites::{Needs, check};
use crate::process::{command, root, run, run_quietly};
use crate::size::shipped;
use crate::steps::{concurrently, print_table, skipped, step};
use crate::terminal::say;
use crate::{build, dev, fuzz, sam_local, schemathesis, tools};

/// The maximum size of the Worker's module in bytes: a tenth more than docs/performance.md says.
const MODULE_LIMIT: u64 = 485_000;

/// The maximum size of the Worker in bytes, gzipped: module and JavaScript together.
const GZIPPED_LIMIT: u64 = 225_000;

/// Versions of Node that are tested in addition to the installed one.
const NODE_VERSIONS: [&str; 2] = ["22.23.3", "24.9.0"];

/// Names of tests that start a server, or need one of the built deployments.
const NEEDS_SERVERS: [&str; 4] = ["on_lambda", "on_moto", "on_worker", "rotation::"];

/// The deployments that the suites run, both optimized.
struct Deployments {
    /// The folder of the Worker, as wrangler uploads it.
    bundle: PathBuf,
    /// The Lambda function for this machine.
    bootstrap: PathBuf,
}

/// `cargo xtask test`: everything.
///
/// # Errors
/// If anything fails.
pub(crate) fn all() -> Result<()> {
    check(&[Needs::Rustup, Needs::Node, Needs::Python])?;
    let _lock = lock()?;
    let result = format().and_then(|()| run_lanes()).and_then(|()| wrangler_dev());
    print_table();
    result
}

/// `cargo xtask test --quick`: what needs neither a server nor a built deployment.
///
/// # Errors
/// If anything fails.
pub(crate) fn quick() -> Result<()> {
    check(&[Needs::Rustup, Needs::Node])?;
    let tests = || {
        format()?;
        tools::node_modules()?;
        lint()?;
        step("running unit tests and every suite in memory", || {
            let skipped = NEEDS_SERVERS.into_iter().flat_map(|name| ["--skip", name]);
            run(cargo_test().args(["--", "--include-ignored"]).args(skipped))
        })
    };
    let result = tests();
    print_table();
    result
}

fn run_lanes() -> Result<()> {
    let (python_installed, python) = channel::<PathBuf>();
    let (optimized, deployments) = channel::<Deployments>();
    concurrently([
        Box::new(move || {
            tools::node_modules()?;
            let _ = python_installed.send(tools::python()?);
            Ok(())
        }),
        Box::new(move || {
            build::worker(Profile::Release)?;
            let bundle = build::worker_bundle()?;
            check_size(&bundle)?;
            build::lambda()?;
            let bootstrap = root().join("target/release/bootstrap");
            let _ = optimized.send(Deployments { bundle: bundle.clone(), bootstrap });
            schemathesis::short(&bundle)?;
            templates(&tools::python()?)?;
            fuzz::short()
        }),
        Box::new(move || {
            tools::rust_target(tools::WORKER_TARGET)?;
            tools::rust_target(tools::WASI_TARGET)?;
            lint()?;
            step("compiling the tests", || run(cargo_test().arg("--no-run")))?;
            document()?;
            let (Ok(python), Ok(deployments)) = (python.recv(), deployments.recv()) else {
                return Err(skipped());
            };
            suites(&python, deployments)?;
            token_core_in_wasm()?;
            node_versions()
        }),
    ])
}

/// Keeps two test runs in the same clone from replacing each other's files.
fn lock() -> Result<fs::File> {
    fs::create_dir_all(root().join("target"))?;
    let lock = fs::File::create(root().join("target/test.lock"))?;
    if lock.try_lock().is_err() {
        say("waiting for another test run in this clone");
        lock.lock()?;
    }
    Ok(lock)
}

fn format() -> Result<()> {
    step("checking the format", || run(command("cargo").args(["fmt", "--all", "--check"])))
}

fn lint() -> Result<()> {
    let clippy = |arguments: &[&str]| {
        run(command("cargo")
            .args(["clippy", "--locked", "--quiet"])
            .args(arguments)
            .args(["--", "--deny", "warnings"]))
    };
    step("linting", || {
        clippy(&["--workspace", "--all-targets", "--features", "xtask/config"])?;
        clippy(&["--package", "hallpass-token", "--all-targets", "--no-default-features"])?;
        clippy(&["--package", "hallpass-worker", "--target", tools::WORKER_TARGET])
    })
}

fn document() -> Result<()> {
    step("building the documentation", || {
        run(command("cargo")
            .args(["doc", "--workspace", "--exclude", "worker-bindings", "--no-deps", "--locked", "--quiet"])
            .env("RUSTDOCFLAGS", "--deny warnings"))
    })
}

/// Returns a command that runs the tests of all packages that have any.
fn cargo_test() -> Command {
    let mut test = command("cargo");
    test.args(["test", "--workspace", "--exclude", "worker-bindings", "--features", "xtask/config"]);
    test.args(["--locked", "--quiet"]);
    test
}

fn suites(python: &Path, Deployments { bundle, bootstrap }: Deployments) -> Result<()> {
    step("running every test, on Lambda and on the Worker too", || {
        let mut test = cargo_test();
        test.args(["--", "--include-ignored", "--show-output"]);
        let mut built = vec![
            ("HALLPASS_BOOTSTRAP", bootstrap),
            ("HALLPASS_PYTHON", python.join("bin/python")),
            ("HALLPASS_WORKERD", tools::workerd()?),
            ("HALLPASS_WORKER_DIR", bundle),
        ];
        if cfg!(target_os = "linux") {
            built.push(("HALLPASS_RIE", tools::lambda_emulator()?));
        } else {
            say("    skipped: the tests on Lambda, because AWS's emulator runs on Linux only");
            test.args(["--skip", "on_lambda"]);
        }
        // A developer who runs one of these tests with `cargo test` sets the same variables: see tests/README.md.
        for (name, path) in &built {
            say(format_args!("    export {name}={}", path.display()));
        }
        sam_local::add_suite(&mut test, python)?;
        run(test.envs(built))
    })
}

/// Leaves out the tests that start another program: WASI has none.
fn token_core_in_wasm() -> Result<()> {
    step("running the tests of the token core in WebAssembly", || {
        let core = ["--package", "hallpass-token", "--package", "hallpass-token-tests"];
        run(command("cargo").args(["test", "--locked", "--quiet", "--target", tools::WASI_TARGET]).args(core))
    })
}

/// Serves the built Worker with `wrangler dev` under each Node that is supported and not installed.
fn node_versions() -> Result<()> {
    NODE_VERSIONS.into_iter().try_for_each(|version| {
        let node = tools::node(version)?;
        step(&format!("serving the Worker under Node {version}"), || {
            dev::try_worker(&build::bundle_config(), Some(&node))
        })
    })
}

/// Lets wrangler build and serve the Worker as wrangler.toml says. It runs cargo, so no other cargo may be running.
fn wrangler_dev() -> Result<()> {
    step("building and serving the Worker with wrangler dev", || {
        dev::try_worker(&root().join("wrangler.toml"), None)
    })
}

fn check_size(bundle: &Path) -> Result<()> {
    let shipped = shipped::measure(bundle)?;
    let (module, gzipped) = (shipped.module.raw, shipped.total().gzipped);
    let sizes = format!(
        "the Worker's module has {module} bytes ({MODULE_LIMIT} are allowed), everything gzipped {gzipped} ({GZIPPED_LIMIT} are allowed)"
    );
    if module > MODULE_LIMIT || gzipped > GZIPPED_LIMIT {
        bail!("{sizes}. `cargo xtask size` lists what has grown");
    }
    say(format_args!("    {sizes}"));
    Ok(())
}

fn templates(python: &Path) -> Result<()> {
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
                .env("AWS_DEFAULT_REGION", "us-east-1")
                // The suites run the function as it is optimized for a deployment. Here the build for another
                // processor is checked, which takes a fraction of the time without link-time optimization.
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        )
    };
    step("checking the templates with sam validate --lint", || {
        sam(&["validate", "--lint"])?;
        sam(&["validate", "--lint", "--template", "infra/sam-local.yaml"])
    })?;
    step("building the deployable Lambda function with sam build", || sam(&["build"]))
}
