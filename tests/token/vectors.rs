//! Test vectors that were recorded from the official SDKs. The crate must produce the same tokens, and must parse the
//! tokens of the SDKs.

mod agora;
mod run;
mod videosdk;

use std::env;
use std::path::PathBuf;

use anyhow::Context as _;

use self::run::Run;

/// The environment variable with the path of a folder that contains additional vectors in `*.json` files. A relative
/// path starts at the workspace root.
const EXTRA_VECTORS: &str = "HALLPASS_VECTORS";

#[test]
fn recorded_vectors_pass() -> anyhow::Result<()> {
    let run = recorded();
    println!("{run}");
    run.finish()
}

#[test]
fn vectors_of_another_folder_pass() -> anyhow::Result<()> {
    let Some(folder) = env::var_os(EXTRA_VECTORS) else {
        println!("{EXTRA_VECTORS} is not set");
        return Ok(());
    };
    let mut run = Run::default();
    run.folder(&package()?.join("../..").join(folder))?;
    println!("{run}");
    run.finish()
}

/// Returns the folder of this package. The tests do not use relative paths, because WebAssembly programs have no
/// working directory.
fn package() -> anyhow::Result<PathBuf> {
    Ok(env::var_os("CARGO_MANIFEST_DIR").context("this test must be run by Cargo")?.into())
}

#[test]
fn every_builder_uses_the_typed_api() {
    /// The builders for which `Mint` reproduces no vector. The vectors of these builders expire before the issue time,
    /// or contain values that the types of the crate reject.
    const UNTYPED: [&str; 4] = ["raw006", "raw007", "rtc006_account", "rtc_account_priv"];
    let run = recorded();
    for builder in agora::BUILDERS {
        let counts = run.counts(&format!("build {builder}"));
        assert!(counts.ran > 0, "no vector of {builder} ran");
        assert_eq!(counts.typed == 0, UNTYPED.contains(&builder), "{builder}: {counts:?}");
    }
    assert_eq!(run.counts("videosdk").typed, run.counts("videosdk").ran);
}

fn recorded() -> Run {
    let mut run = Run::default();
    run.file("agora.json", include_str!("vectors/agora.json"));
    run.file("videosdk.json", include_str!("vectors/videosdk.json"));
    run
}
