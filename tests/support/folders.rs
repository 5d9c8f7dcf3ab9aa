//! The repository's folder, and temporary folders for logs and files. Paths are determined at run time, so that a clone
//! can be moved together with its target folder.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

use anyhow::Context as _;

/// Returns the root of the repository. When Cargo runs a test, it sets `CARGO_MANIFEST_DIR`.
#[must_use]
pub fn root() -> PathBuf {
    let tests = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    tests.as_deref().and_then(Path::parent).unwrap_or(Path::new("..")).to_owned()
}

/// Creates an empty folder in `target/tmp` for the logs and files of one test. Two test runs never share a folder.
///
/// # Errors
/// Returns an error if the folder cannot be created.
pub fn scratch(name: &str) -> anyhow::Result<PathBuf> {
    static CLEANED: Once = Once::new();
    let runs = target()?.join("tmp");
    CLEANED.call_once(|| remove_ended_runs(&runs));
    let folder = runs.join(std::process::id().to_string()).join(name);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(&folder)?,
    }
    Ok(folder)
}

/// Returns Cargo's target folder. In this folder, the path of a test program is `debug/deps/NAME`.
fn target() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.ancestors().nth(3).context("the test is not in a target folder")?.to_owned())
}

/// Removes the folders of runs that have ended. A folder's name is the process ID of its run.
fn remove_ended_runs(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        let is_ended = entry.file_name().to_str().is_some_and(|name| {
            name.parse::<u32>().is_ok_and(|process| process == std::process::id() || !is_running(process))
        });
        if is_ended {
            // Errors are ignored, because another run may remove the same folder.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_running(process: u32) -> bool {
    let mut kill = Command::new("kill");
    kill.args(["-0", &process.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    kill.status().is_ok_and(|status| status.success())
}
