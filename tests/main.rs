//! The suites. Those that need a built function or Worker are ignored; `cargo xtask test` builds what they need
//! and runs them.

mod attacks;
mod conformance;
mod issuers;
mod limits;
mod outline;
mod policy;
mod providers;
mod readme;
mod recorded;
mod rotation;
mod routes;
mod sam_local;
mod schema;
mod secrets;
mod secrets_manager;
mod secrets_on_lambda;
mod secrets_store;
mod transport;

use std::fs;
use std::path::PathBuf;

/// An empty folder for the logs and files of one run.
fn scratch(name: &str) -> anyhow::Result<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
