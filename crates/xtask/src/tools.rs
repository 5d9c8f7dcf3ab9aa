//! The tools that the project installs for itself, below `target/tools` and `node_modules`.
//!
//! What is on the machine in the right version is used; the rest comes from the registries.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::process::{command, output, root, run, run_quietly, say, step};

/// The npm packages of package.json.
///
/// # Errors
/// If npm fails.
pub(crate) fn node_modules() -> Result<()> {
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

/// The one npm package that a build needs. Under a running wrangler the others must stay as they are.
///
/// # Errors
/// If npm fails.
pub(crate) fn wasm_opt() -> Result<PathBuf> {
    let program = node_program("wasm-opt");
    if !program.exists() {
        node_modules()?;
    }
    Ok(program)
}

/// A program out of `node_modules`.
pub(crate) fn node_program(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// The Rust target of the Worker.
pub(crate) const WORKER_TARGET: &str = "wasm32-unknown-unknown";

/// The Rust target in which the tests of the token core run: WebAssembly like the Worker, but with a `main`.
pub(crate) const WASI_TARGET: &str = "wasm32-wasip1";

/// A Rust target besides that of this machine.
///
/// # Errors
/// If rustup fails.
pub(crate) fn rust_target(target: &str) -> Result<()> {
    let installed = output(command("rustup").args(["target", "list", "--installed"])).unwrap_or_default();
    if installed.lines().any(|line| line == target) {
        return Ok(());
    }
    step(&format!("installing Rust's target {target} (once)"), || {
        run_quietly(command("rustup").args(["target", "add", target]))
    })
}

/// The `wasm-bindgen` command, in the version of the library: the two speak a private format.
///
/// # Errors
/// If cargo fails.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    let version = locked_version("wasm-bindgen")?;
    compiled("wasm-bindgen", &version, &["wasm-bindgen-cli", "--no-default-features"])
}

/// The `cargo-fuzz` command.
///
/// # Errors
/// If cargo fails.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    compiled("cargo-fuzz", "0.13.2", &["cargo-fuzz"])
}

/// A program in this version, from the package that these arguments of `cargo install` name.
fn compiled(program: &str, version: &str, package: &[&str]) -> Result<PathBuf> {
    let is_wanted = |path: &PathBuf| {
        output(command(path).arg("--version")).is_some_and(|line| line == format!("{program} {version}"))
    };
    let own = root().join("target/tools/bin").join(program);
    if let Some(found) = [PathBuf::from(program), own.clone()].into_iter().find(is_wanted) {
        return Ok(found);
    }
    step(&format!("compiling {program} {version} (about a minute, once)"), || {
        // Without optimization it is compiled three times faster, and fast enough. Not --locked: the lock file of
        // wasm-bindgen asks for a prerelease that the registry no longer gives.
        run_quietly(
            command("cargo")
                .args(["install", "--debug", "--root", "target/tools", "--target-dir", "target/tools/build"])
                .args(package)
                .args(["--version", &format!("={version}")])
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        )
    })?;
    Ok(own)
}

/// A folder with Python and the programs of infra/requirements.txt: `aws`, `cargo-lambda`, `moto_server`,
/// `sam`, `schemathesis`.
///
/// # Errors
/// If Python fails.
pub(crate) fn python() -> Result<PathBuf> {
    let folder = root().join("target/tools/python");
    let wanted = fs::read(root().join("infra/requirements.txt"))?;
    let stamp = folder.join(".hallpass-requirements");
    if fs::read(&stamp).ok().as_ref() != Some(&wanted) {
        step(
            "installing cargo-lambda, moto, the AWS CLI, the SAM CLI and schemathesis to target/tools/python (about a minute, once)",
            || {
                run_quietly(command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
                run_quietly(
                    command(folder.join("bin/pip"))
                        .args(["install", "--quiet", "--disable-pip-version-check"])
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
