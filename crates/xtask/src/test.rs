//! The command `cargo xtask test`, which runs every check and test.
//!
//! Lanes run in parallel, because linking and many tests use only one processor. Cargo locks a target folder separately
//! for each profile, so lanes with different profiles do not wait for each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;

use anyhow::{Result, bail};

use crate::build::Profile;
use crate::prerequisites::{Prerequisite, check};
use crate::process::{command, root, run, run_quietly};
use crate::size::bundle;
use crate::steps::{concurrently, print_table, skip, skipped, step};
use crate::terminal::print_line;
use crate::{browser, build, dev, fuzz, sam_local, schemathesis, tools};

/// The maximum size of the Worker's module in bytes: the size in docs/performance.md plus 10%.
const MODULE_LIMIT: u64 = 485_000;

/// The maximum size of the Worker's module and JavaScript together, in bytes after gzip.
const GZIPPED_LIMIT: u64 = 225_000;

/// Major versions of Node.js that are tested in addition to the installed version. tests/node/package-lock.json pins the
/// versions.
const NODE_VERSIONS: [&str; 2] = ["22", "24"];

/// Substrings of the names of tests that start a server or need a built deployment.
const NEEDS_SERVERS: [&str; 4] = ["on_lambda", "on_moto", "on_worker", "rotation::"];

/// The optimized deployments that the suites run.
struct Deployments {
    /// The folder of the Worker, as wrangler uploads it.
    bundle: PathBuf,
    /// The path of the Lambda function for this machine.
    bootstrap: PathBuf,
}

/// Runs every check and test.
///
/// # Errors
/// Returns an error if a check or test fails.
pub(crate) fn all() -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Node, Prerequisite::Python])?;
    let _lock = lock()?;
    let result = format().and_then(|()| run_lanes()).and_then(|()| wrangler_dev());
    print_table();
    result
}

/// Runs `cargo xtask test --quick`: the checks and tests that need neither a server nor a built deployment.
///
/// # Errors
/// Returns an error if a check or test fails.
pub(crate) fn quick() -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Node])?;
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
            browser::prepare()
        }),
        Box::new(move || {
            build::worker(Profile::Release)?;
            let bundle = build::worker_bundle()?;
            check_size(&bundle)?;
            build::lambda()?;
            let bootstrap = root().join("target/release/bootstrap");
            let _ = optimized.send(Deployments { bundle: bundle.clone(), bootstrap });
            schemathesis::run_quietly(&bundle)?;
            templates(&tools::python()?)?;
            fuzz::run_all_quietly()
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

/// Locks the clone, so that two test runs do not replace each other's files.
fn lock() -> Result<fs::File> {
    fs::create_dir_all(root().join("target"))?;
    let lock = fs::File::create(root().join("target/test.lock"))?;
    if lock.try_lock().is_err() {
        print_line("waiting for another test run in this clone to finish");
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

/// Returns a command that runs the tests of every package that has tests.
fn cargo_test() -> Command {
    let mut test = command("cargo");
    test.args(["test", "--workspace", "--exclude", "worker-bindings", "--features", "xtask/config"]);
    test.args(["--locked", "--quiet"]);
    test
}

fn suites(python: &Path, Deployments { bundle, bootstrap }: Deployments) -> Result<()> {
    step("running every test, including those on Lambda and on the Worker", || {
        let mut test = cargo_test();
        test.args(["--", "--include-ignored", "--show-output"]);
        let mut paths = vec![
            ("HALLPASS_BOOTSTRAP", bootstrap),
            ("HALLPASS_PYTHON", python.join("bin/python")),
            ("HALLPASS_WORKERD", tools::workerd()?),
            ("HALLPASS_WORKER_DIR", bundle),
        ];
        if cfg!(target_os = "linux") {
            paths.push(("HALLPASS_RIE", tools::lambda_emulator()?));
        } else {
            skip("the tests on Lambda, because AWS's emulator runs only on Linux");
            test.args(["--skip", "on_lambda"]);
        }
        browser::add_suite(&mut test, &mut paths)?;
        // To run one of these tests with `cargo test`, a developer sets the same variables: see tests/README.md.
        for (name, path) in &paths {
            print_line(format_args!("    export {name}={}", path.display()));
        }
        sam_local::add_suite(&mut test, python)?;
        run(test.envs(paths))
    })
}

/// Runs the tests of the token core in WebAssembly. Tests that start another program are excluded, because WASI cannot
/// start programs.
fn token_core_in_wasm() -> Result<()> {
    step("running the tests of the token core in WebAssembly", || {
        let core = ["--package", "hallpass-token", "--package", "hallpass-token-tests"];
        run(command("cargo").args(["test", "--locked", "--quiet", "--target", tools::WASI_TARGET]).args(core))
    })
}

/// Serves the built Worker with `wrangler dev` under each tested version of Node.js except the installed version.
fn node_versions() -> Result<()> {
    NODE_VERSIONS.into_iter().try_for_each(|version| {
        let Some(node) = tools::node(version)? else {
            skip(format!(
                "serving the Worker under Node {version}, because npm has no such package for this machine"
            ));
            return Ok(());
        };
        step(&format!("serving the Worker under Node {version}"), || {
            dev::try_worker(&build::bundle_config(), Some(&node))
        })
    })
}

/// Builds and serves the Worker with wrangler, according to wrangler.toml. wrangler starts cargo, so no other cargo
/// process may run at the same time.
fn wrangler_dev() -> Result<()> {
    step("building and serving the Worker with wrangler dev", || {
        dev::try_worker(&root().join("wrangler.toml"), None)
    })
}

fn check_size(bundle: &Path) -> Result<()> {
    let size = bundle::measure(bundle)?;
    let (module, gzipped) = (size.module.raw, size.total().gzipped);
    let sizes = format!(
        "the Worker's module has {module} bytes (limit: {MODULE_LIMIT}), and the whole Worker has {gzipped} bytes after gzip (limit: {GZIPPED_LIMIT})"
    );
    if module > MODULE_LIMIT || gzipped > GZIPPED_LIMIT {
        bail!(
            "the Worker is too large: {sizes}. `cargo xtask size` lists the differences by crate and module"
        );
    }
    print_line(format_args!("    {sizes}"));
    Ok(())
}

fn templates(python: &Path) -> Result<()> {
    let sam = |arguments: &[&str]| {
        // sam finds cargo-lambda in PATH, and cargo-lambda finds zig in PATH.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths([python.join("bin")].into_iter().chain(std::env::split_paths(&path)))?;
        run_quietly(
            command(python.join("bin/sam"))
                .args(arguments)
                .env("PATH", path)
                .env("SAM_CLI_TELEMETRY", "0")
                .env("AWS_DEFAULT_REGION", "us-east-1")
                // Without link-time optimization, this build takes a fraction of the time. The build only checks that the
                // function can be built for another processor architecture. The suites test the optimized function.
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
