//! Fuzzing of the token core with cargo-fuzz, on the stable compiler: without a sanitizer, which has nothing to find
//! in a crate without `unsafe`.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{command, output, root, run, run_quietly};
use crate::steps::step;
use crate::terminal::say;
use crate::tools;

const TARGETS: [&str; 4] = ["parse_006", "parse_007", "parse_jwt", "explain"];

/// What the checks run, and what a run by hand takes if nothing else is said.
const SHORT_SECONDS: u32 = 10;

const FOLDER: &str = "crates/hallpass-token/fuzz";

/// `cargo xtask fuzz`: one target or all, for this many seconds each. What it finds worth keeping stays in
/// `target/fuzz`, from where the next run goes on.
///
/// # Errors
/// If a target fails, or cannot be built.
pub(crate) fn by_hand(target: Option<&str>, seconds: Option<u32>) -> Result<()> {
    let targets = match target {
        None => TARGETS.as_slice(),
        Some(name) => match TARGETS.iter().find(|target| **target == name) {
            Some(target) => std::slice::from_ref(target),
            None => bail!("no such target; there are {}", TARGETS.join(", ")),
        },
    };
    fuzz(targets, seconds.unwrap_or(SHORT_SECONDS), run)
}

/// Every target for a short time.
///
/// # Errors
/// If a target fails, or cannot be built.
pub(crate) fn short() -> Result<()> {
    fuzz(&TARGETS, SHORT_SECONDS, run_quietly)
}

fn fuzz(targets: &[&str], seconds: u32, run: fn(&mut Command) -> Result<()>) -> Result<()> {
    if !has_cpp_compiler() {
        say("no C++ compiler is on this machine, and libFuzzer needs one: leaving out the fuzzing");
        return Ok(());
    }
    let program = tools::cargo_fuzz()?;
    let cargo_fuzz = |task: &str| {
        let mut command = command(&program);
        command.args([task, "--fuzz-dir", FOLDER, "--sanitizer", "none", "--features", "libfuzzer"]);
        // To link is most of the time that a build takes, and speed is not what is looked for here.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off");
        command
    };
    step("building the fuzz targets", || run_quietly(&mut cargo_fuzz("build")))?;
    for target in targets {
        let found = root().join("target/fuzz").join(target);
        fs::create_dir_all(&found)?;
        step(&format!("fuzzing {target} for {seconds} s"), || {
            run(cargo_fuzz("run").arg(target).arg(found).arg(format!("{FOLDER}/seeds/{target}")).args([
                "--",
                "-timeout=60",
                &format!("-max_total_time={seconds}"),
            ]))
        })?;
    }
    Ok(())
}

/// Looks where the `cc` crate looks.
fn has_cpp_compiler() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    output(command(compiler).arg("--version")).is_some()
}
