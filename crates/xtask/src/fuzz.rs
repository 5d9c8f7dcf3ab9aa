//! Fuzzing of the token core with cargo-fuzz. No sanitizer is used, because sanitizers find errors of `unsafe` code, and
//! the token core contains no `unsafe` code. A sanitizer would also require the nightly compiler.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{self, command, output, root, run_quietly};
use crate::steps::step;
use crate::terminal::print_line;
use crate::tools;

const TARGETS: [&str; 4] = ["parse_006", "parse_007", "parse_jwt", "explain"];

/// The default duration for each target.
const DEFAULT_SECONDS: u32 = 10;

const FOLDER: &str = "crates/hallpass-token/fuzz";

/// Runs `cargo xtask fuzz`, which fuzzes one target or all targets, for this number of seconds each. Keeps new inputs in
/// `target/fuzz`, so that the next run can use them.
///
/// # Errors
/// Returns an error if a target fails, or cannot be built.
pub(crate) fn run(target: Option<&str>, seconds: Option<u32>) -> Result<()> {
    let targets = match target {
        None => TARGETS.as_slice(),
        Some(name) => match TARGETS.iter().find(|target| **target == name) {
            Some(target) => std::slice::from_ref(target),
            None => bail!("unknown fuzz target {name:?}. The targets are {}", TARGETS.join(", ")),
        },
    };
    fuzz(targets, seconds.unwrap_or(DEFAULT_SECONDS), process::run)
}

/// Fuzzes every target for the default duration, without output unless a target fails.
///
/// # Errors
/// Returns an error if a target fails, or cannot be built.
pub(crate) fn run_all_quietly() -> Result<()> {
    fuzz(&TARGETS, DEFAULT_SECONDS, run_quietly)
}

fn fuzz(targets: &[&str], seconds: u32, run: fn(&mut Command) -> Result<()>) -> Result<()> {
    if !has_cpp_compiler() {
        print_line("    skipped: fuzzing, because libFuzzer needs a C++ compiler and none is installed");
        return Ok(());
    }
    let program = tools::cargo_fuzz()?;
    let cargo_fuzz = |task: &str| {
        let mut command = command(&program);
        command.args([task, "--fuzz-dir", FOLDER, "--sanitizer", "none", "--features", "libfuzzer"]);
        // Link-time optimization would take most of the build time, and fuzzing does not need this optimization.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off");
        command
    };
    step("building the fuzz targets", || run_quietly(&mut cargo_fuzz("build")))?;
    for target in targets {
        let corpus = root().join("target/fuzz").join(target);
        fs::create_dir_all(&corpus)?;
        step(&format!("fuzzing {target} for {seconds} s"), || {
            run(cargo_fuzz("run").arg(target).arg(corpus).arg(format!("{FOLDER}/seeds/{target}")).args([
                "--",
                "-timeout=60",
                &format!("-max_total_time={seconds}"),
            ]))
        })?;
    }
    Ok(())
}

/// Returns whether a C++ compiler is installed. Like the crate `cc`, uses the environment variable `CXX` or the command
/// `c++`.
fn has_cpp_compiler() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    output(command(compiler).arg("--version")).is_some()
}
