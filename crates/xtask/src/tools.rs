//! Installation of tools to `target/tools` and `node_modules`.
//!
//! If the machine already has the required version of a tool, xtask uses this installation. Otherwise, xtask installs the
//! tool from its registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};

use crate::process::{command, output, root, run, run_quietly};
use crate::steps::step;
use crate::terminal::print_line;

/// Installs the npm packages of package.json, unless the packages are already installed.
///
/// # Errors
/// Returns an error if npm fails.
pub(crate) fn node_modules() -> Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_lane_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let lock_file = fs::read(root().join("package-lock.json"))?;
    let stamp = root().join("node_modules/.hallpass-lock");
    if fs::read(&stamp).ok().as_ref() == Some(&lock_file) {
        return Ok(());
    }
    step("installing wrangler and other npm packages to node_modules (once)", || {
        run_quietly(command("npm").args(["ci", "--include=dev", "--no-audit", "--no-fund"]))?;
        Ok(fs::write(&stamp, &lock_file)?)
    })
}

/// Returns the path of a program in `node_modules`.
pub(crate) fn node_program(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// The Rust target of the Worker.
pub(crate) const WORKER_TARGET: &str = "wasm32-unknown-unknown";

/// The Rust target for tests of the token core in WebAssembly. Unlike the Worker's target, this target supports programs
/// with a `main`.
pub(crate) const WASI_TARGET: &str = "wasm32-wasip1";

/// Installs a Rust target, unless the target is already installed.
///
/// # Errors
/// Returns an error if rustup fails.
pub(crate) fn rust_target(target: &str) -> Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_lane_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let installed = output(command("rustup").args(["target", "list", "--installed"])).unwrap_or_default();
    if installed.lines().any(|line| line == target) {
        return Ok(());
    }
    step(&format!("installing the Rust target {target} (once)"), || {
        run_quietly(command("rustup").args(["target", "add", target]))
    })
}

/// A program that writes the JavaScript bindings of a compiled Worker.
pub(crate) enum BindingsWriter {
    /// The installed command `wasm-bindgen`, in the same version as the library.
    Installed,
    /// The path of the program built from `crates/worker-bindings`.
    Built(PathBuf),
}

/// Finds `wasm-bindgen` in the same version as the library, or builds `crates/worker-bindings`.
///
/// # Errors
/// Returns an error if cargo fails.
pub(crate) fn bindings_writer() -> Result<BindingsWriter> {
    let required = format!("wasm-bindgen {}", locked_version("wasm-bindgen")?);
    if output(command("wasm-bindgen").arg("--version")).is_some_and(|version| version == required) {
        return Ok(BindingsWriter::Installed);
    }
    // With a separate target folder, cargo can compile the Worker at the same time.
    let folder = root().join("target/tools/bindings");
    step("compiling worker-bindings, which writes the Worker's JavaScript bindings", || {
        run_quietly(
            command("cargo")
                .args(["build", "--quiet", "--locked", "--package", "worker-bindings"])
                .args(["--bin", "worker-bindings", "--target-dir"])
                .arg(&folder),
        )
    })?;
    Ok(BindingsWriter::Built(folder.join("debug/worker-bindings")))
}

/// Lists the functions of a WebAssembly module: see `crates/worker-bindings/src/bin/function-sizes.rs`.
///
/// # Errors
/// Returns an error if cargo fails, or the file is not a module.
pub(crate) fn function_sizes(module: &Path) -> Result<String> {
    let mut list = command("cargo");
    list.args(["run", "--quiet", "--locked", "--package", "worker-bindings", "--bin", "function-sizes"])
        .args(["--target-dir", "target/tools/bindings", "--"])
        .arg(module);
    output(&mut list).with_context(|| format!("cannot list the functions of {}", module.display()))
}

/// Finds `cargo-fuzz` in the required version, or compiles `cargo-fuzz`.
///
/// # Errors
/// Returns an error if cargo fails.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    const VERSION: &str = "0.13.2";
    let has_version = |path: &PathBuf| {
        output(command(path).arg("--version")).is_some_and(|line| line == format!("cargo-fuzz {VERSION}"))
    };
    let built = root().join("target/tools/bin/cargo-fuzz");
    if let Some(path) = [PathBuf::from("cargo-fuzz"), built.clone()].into_iter().find(has_version) {
        return Ok(path);
    }
    step(&format!("compiling cargo-fuzz {VERSION} (once)"), || {
        // Compiling without optimization is three times faster, and the resulting program is fast enough.
        run_quietly(
            command("cargo")
                .args(["install", "--locked", "--debug", "--root", "target/tools"])
                .args(["--target-dir", "target/tools/build", "cargo-fuzz", "--version"])
                .arg(format!("={VERSION}"))
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        )
    })?;
    Ok(built)
}

/// Installs the packages of infra/requirements.in to a virtual environment, unless they are installed. Returns the folder
/// of the environment. The environment contains the programs `aws`, `cargo-lambda`, `moto_server`, `sam` and
/// `schemathesis`.
///
/// # Errors
/// Returns an error if Python fails.
pub(crate) fn python() -> Result<PathBuf> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_lane_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = root().join("target/tools/python");
    // The path is part of the stamp, because the scripts of a virtual environment contain the path.
    let requirements =
        [fs::read(root().join("infra/requirements.txt"))?, folder.as_os_str().as_encoded_bytes().to_vec()]
            .concat();
    let stamp = folder.join(".hallpass-requirements");
    if fs::read(&stamp).ok().as_ref() != Some(&requirements) {
        step(
            "installing cargo-lambda, moto, the AWS CLI, the SAM CLI and schemathesis to target/tools/python (once)",
            || {
                run_quietly(command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
                run_quietly(
                    command(folder.join("bin/pip"))
                        .args(["install", "--quiet", "--disable-pip-version-check", "--no-deps"])
                        .args(["--require-hashes", "--only-binary", ":all:"])
                        .args(["--requirement", "infra/requirements.txt"]),
                )?;
                Ok(fs::write(&stamp, &requirements)?)
            },
        )?;
    }
    Ok(folder)
}

/// Returns the path of AWS's Runtime Interface Emulator, which the SAM CLI contains.
///
/// # Errors
/// Returns an error if this machine does not run Linux, or the SAM CLI does not contain the emulator.
pub(crate) fn lambda_emulator() -> Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        bail!("AWS's emulator runs only on Linux");
    }
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let find = "import samcli.local.rapid as rapid; print(rapid.__path__[0])";
    let folder = output(command(python()?.join("bin/python")).args(["-c", find])).context(
        "the SAM CLI has no Python package samcli.local.rapid, which should contain AWS's emulator",
    )?;
    Ok(PathBuf::from(folder).join(format!("aws-lambda-rie-{machine}")))
}

/// Installs the versions of Node.js of tests/node/package.json to `target/tools`, unless they are installed. Returns the
/// folder of the binary of a major version, or `None` if no npm package contains this version for this machine.
///
/// # Errors
/// Returns an error if npm fails.
pub(crate) fn node(major_version: &str) -> Result<Option<PathBuf>> {
    // The npm package `node` is not used, because its install script selects one of these packages, and npm does not run
    // install scripts by default.
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let folder = locked_packages("tests/node", "node", "the tested versions of Node.js")?;
    let programs = folder.join(format!("node_modules/node-{major_version}-{system}-{machine}/bin"));
    Ok(programs.join("node").exists().then_some(programs))
}

/// Installs the npm packages of tests/browser/package.json to `target/tools`, unless they are installed. Returns the folder
/// of the installation.
///
/// # Errors
/// Returns an error if npm fails.
pub(crate) fn browser_packages() -> Result<PathBuf> {
    locked_packages("tests/browser", "browser", "Agora's web clients and puppeteer-core")
}

/// Installs the npm packages of a package-lock.json to a folder in `target/tools`, unless they are installed. Returns the
/// folder of the installation.
fn locked_packages(source: &str, name: &str, packages: &str) -> Result<PathBuf> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_lane_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let source = root().join(source);
    let folder = root().join("target/tools").join(name);
    let lock_file = fs::read(source.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.hallpass-lock");
    if fs::read(&stamp).ok().as_ref() != Some(&lock_file) {
        step(&format!("installing {packages} to target/tools/{name} (once)"), || {
            fs::create_dir_all(folder.join("node_modules"))?;
            for name in ["package.json", "package-lock.json"] {
                fs::copy(source.join(name), folder.join(name))?;
            }
            run_quietly(command("npm").current_dir(&folder).args([
                "ci",
                "--include=dev",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ]))?;
            Ok(fs::write(&stamp, &lock_file)?)
        })?;
    }
    Ok(folder)
}

/// Returns the path of workerd, the runtime of Cloudflare Workers, from the npm package.
///
/// # Errors
/// Returns an error if the npm package is not installed.
pub(crate) fn workerd() -> Result<PathBuf> {
    let find = "process.stdout.write(require('workerd').default)";
    let path =
        output(command("node").args(["-e", find])).context("the npm package workerd is not installed")?;
    Ok(PathBuf::from(path))
}

/// Installs the load generator wrk, unless wrk is already installed.
///
/// # Errors
/// Returns an error if wrk cannot be installed.
pub(crate) fn wrk() -> Result<()> {
    if output(command("sh").args(["-c", "command -v wrk"])).is_some() {
        return Ok(());
    }
    print_line("wrk is not installed. Installing Debian's package");
    run(command("apt-get").args(["install", "--yes", "--quiet", "wrk"]))
        .context("cannot install wrk. Install it yourself (Debian: apt install wrk, macOS: brew install wrk)")
}

/// Returns the version of a package in Cargo.lock.
fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock"))?;
    version_in(&lock, package).with_context(|| format!("{package} is not in Cargo.lock"))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_version_by_the_exact_name() {
        let lock = "[[package]]\nname = \"ab\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(version_in(lock, "a").as_deref(), Some("2.0.0"));
        assert_eq!(version_in(lock, "b"), None);
    }
}
