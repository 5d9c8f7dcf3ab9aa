//! Running other programs, and saying so.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The top folder of the project.
pub(crate) fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).unwrap_or(crate_folder).to_path_buf()
}

/// Tells the person at the terminal what goes on. Standard output stays for results.
#[expect(clippy::print_stderr, reason = "xtask talks to a person")]
pub(crate) fn say(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// The text of a file; `-` is standard input.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn read(path: &str) -> Result<String> {
    let text =
        if path == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    text.with_context(|| format!("cannot read {path}"))
}

/// A command that runs in the top folder.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    // What is built is looked for below `target`, whatever the machine's own settings say.
    command.current_dir(root()).env("CARGO_TARGET_DIR", root().join("target"));
    command
}

/// Runs a command to its end.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} failed: {status}");
    }
    Ok(())
}

/// Runs a command and shows what it printed only if it fails.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        say(String::from_utf8_lossy(&output.stdout));
        say(String::from_utf8_lossy(&output.stderr));
        bail!("{shown} failed: {}", output.status);
    }
    Ok(())
}

/// What a command prints, trimmed; `None` if it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Says what is done, does it, and says how long it took.
///
/// # Errors
/// Those of `work`.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    say(format_args!("==> {what}"));
    let start = Instant::now();
    let result = work();
    say(format_args!(
        "    {} ({:.1} s)",
        if result.is_ok() { "done" } else { "failed" },
        start.elapsed().as_secs_f64()
    ));
    result
}

/// A process that ends with this value.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until `ready` says so, as long as `child` runs.
///
/// # Errors
/// If the child ends first, or the time is over.
pub(crate) fn wait_until(child: &mut Child, limit: Duration, ready: impl Fn() -> bool) -> Result<()> {
    let start = Instant::now();
    while !ready() {
        if let Some(status) = child.try_wait()? {
            bail!("the server ended before it was ready: {status}");
        }
        if start.elapsed() > limit {
            bail!("the server was not ready after {} s", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    command.get_args().fold(program, |line, argument| line + " " + &argument.to_string_lossy())
}
