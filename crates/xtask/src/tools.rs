//! The tools that the project installs for itself, below `target/tools` and `node_modules`.
//!
//! What is on the machine in the right version is used; the rest comes from the registries.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};

use crate::process::{command, output, root, run, run_quietly};
use crate::steps::step;
use crate::terminal::say;

/// Installs the npm packages of package.json, if they are not installed.
///
/// # Errors
/// If npm fails.
pub(crate) fn node_modules() -> Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_lane_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = fs::read(root().join("package-lock.json"))?;
    let stamp = root().join("node_modules/.hallpass-lock");
    if fs::read(&stamp).ok().as_ref() == Some(&wanted) {
        return Ok(());
    }
    step("installing wrangler and other npm packages to node_modules (once)", || {
        run_quietly(command("npm").args(["ci", "--include=dev", "--no-audit", "--no-fund"]))?;
        Ok(fs::write(&stamp, &wanted)?)
    })
}

/// A program out of `node_modules`.
pub(crate) fn node_program(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// The Rust target of the Worker.
pub(crate) const WORKER_TARGET: &str = "wasm32-unknown-unknown";

/// The Rust target in which the tests of the token core run: WebAssembly like the Worker, but with a `main`.
pub(crate) const WASI_TARGET: &str = "wasm32-wasip1";

/// Installs a Rust target, if it is not installed.
///
/// # Errors
/// If rustup fails.
pub(crate) fn rust_target(target: &str) -> Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_lane_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let installed = output(command("rustup").args(["target", "list", "--installed"])).unwrap_or_default();
    if installed.lines().any(|line| line == target) {
        return Ok(());
    }
    step(&format!("installing Rust's target {target} (once)"), || {
        run_quietly(command("rustup").args(["target", "add", target]))
    })
}

/// A program that writes the JavaScript bindings of a compiled Worker.
pub(crate) enum BindingsWriter {
    /// The command `wasm-bindgen`, which the user has installed in the version of the library.
    Installed,
    /// The workspace's own.
    Built(PathBuf),
}

/// Finds `wasm-bindgen` in the version of the library, or builds `crates/worker-bindings`.
///
/// # Errors
/// If cargo fails.
pub(crate) fn bindings_writer() -> Result<BindingsWriter> {
    let wanted = format!("wasm-bindgen {}", locked_version("wasm-bindgen")?);
    if output(command("wasm-bindgen").arg("--version")).is_some_and(|found| found == wanted) {
        return Ok(BindingsWriter::Installed);
    }
    // A target folder of its own, so that cargo can compile the Worker at the same time.
    let folder = root().join("target/tools/bindings");
    step("compiling the writer of the Worker's JavaScript bindings", || {
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
/// If cargo fails, or the file is not a module.
pub(crate) fn function_sizes(module: &Path) -> Result<String> {
    let mut list = command("cargo");
    list.args(["run", "--quiet", "--locked", "--package", "worker-bindings", "--bin", "function-sizes"])
        .args(["--target-dir", "target/tools/bindings", "--"])
        .arg(module);
    output(&mut list).with_context(|| format!("cannot list the functions of {}", module.display()))
}

/// Finds `cargo-fuzz` in the wanted version, or compiles it.
///
/// # Errors
/// If cargo fails.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    const VERSION: &str = "0.13.2";
    let is_wanted = |path: &PathBuf| {
        output(command(path).arg("--version")).is_some_and(|line| line == format!("cargo-fuzz {VERSION}"))
    };
    let own = root().join("target/tools/bin/cargo-fuzz");
    if let Some(found) = [PathBuf::from("cargo-fuzz"), own.clone()].into_iter().find(is_wanted) {
        return Ok(found);
    }
    step(&format!("compiling cargo-fuzz {VERSION} (once)"), || {
        // Without optimization it is compiled three times faster, and fast enough.
        run_quietly(
            command("cargo")
                .args(["install", "--locked", "--debug", "--root", "target/tools"])
                .args(["--target-dir", "target/tools/build", "cargo-fuzz", "--version"])
                .arg(format!("={VERSION}"))
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        )
    })?;
    Ok(own)
}

/// Installs Python packages into a virtual environment, if they are not installed, and returns its folder. Its programs
/// are those of infra/requirements.in: `aws`, `cargo-lambda`, `moto_server`, `sam`, `schemathesis`.
///
/// # Errors
/// If Python fails.
pub(crate) fn python() -> Result<PathBuf> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_lane_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = root().join("target/tools/python");
    // The scripts of a virtual environment contain its path.
    let wanted =
        [fs::read(root().join("infra/requirements.txt"))?, folder.as_os_str().as_encoded_bytes().to_vec()]
            .concat();
    let stamp = folder.join(".hallpass-requirements");
    if fs::read(&stamp).ok().as_ref() != Some(&wanted) {
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
                Ok(fs::write(&stamp, &wanted)?)
            },
        )?;
    }
    Ok(folder)
}

/// AWS's Runtime Interface Emulator, which lies inside the SAM CLI.
///
/// # Errors
/// On another system than Linux, or if it is not where it was.
pub(crate) fn lambda_emulator() -> Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        bail!("AWS's emulator runs on Linux only");
    }
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let find = "import samcli.local.rapid as rapid; print(rapid.__path__[0])";
    let folder = output(command(python()?.join("bin/python")).args(["-c", find]))
        .context("the SAM CLI has no samcli.local.rapid, where the emulator was")?;
    Ok(PathBuf::from(folder).join(format!("aws-lambda-rie-{machine}")))
}

/// Installs a version of Node below `target/tools`, and returns the folder of its program.
///
/// # Errors
/// If npm has no such package for this machine.
pub(crate) fn node(version: &str) -> Result<PathBuf> {
    // The package `node` would choose one of these in an install script, which npm does not run unasked.
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let package = format!("node-{system}-{machine}");
    let folder = root().join("target/tools").join(format!("node-{version}"));
    let programs = folder.join("node_modules").join(&package).join("bin");
    if !programs.join("node").exists() {
        step(&format!("installing Node {version} to target/tools (once)"), || {
            fs::create_dir_all(&folder)?;
            run_quietly(
                command("npm")
                    .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
                    .arg(&folder)
                    .arg(format!("{package}@{version}")),
            )
        })?;
    }
    Ok(programs)
}

/// The runtime of Cloudflare's Workers, out of the npm package.
///
/// # Errors
/// If the package does not say where it is.
pub(crate) fn workerd() -> Result<PathBuf> {
    let find = "process.stdout.write(require('workerd').default)";
    let path = output(command("node").args(["-e", find])).context("the npm package workerd is missing")?;
    Ok(PathBuf::from(path))
}

/// wrk, which sends the load of a benchmark.
///
/// # Errors
/// If it is missing and cannot be installed.
pub(crate) fn wrk() -> Result<()> {
    if output(command("sh").args(["-c", "command -v wrk"])).is_some() {
        return Ok(());
    }
    say("wrk is missing; trying to install Debian's package");
    run(command("apt-get").args(["install", "--yes", "--quiet", "wrk"]))
        .context("install wrk by hand (Debian: apt install wrk, macOS: brew install wrk)")
}

/// The version of a package in Cargo.lock.
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
    fn a_version_is_found_by_the_whole_name() {
        let lock = "[[package]]\nname = \"ab\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(version_in(lock, "a").as_deref(), Some("2.0.0"));
        assert_eq!(version_in(lock, "b"), None);
    }
}
