//! The Worker's linker: Rust's own linker, without unused exports.
//!
//! rustc exports every function that a crate marks for JavaScript, and the linker keeps all code that an export uses. The
//! classes of the worker crate would therefore keep streams and an executor of futures, which add 17 KB.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{output, run};

/// The environment variable that makes this program act as the linker, with the arguments of rust-lld.
pub(crate) const IS_LINKER: &str = "HALLPASS_IS_LINKER";

/// Substrings of the names of unused exports. These exports come from the worker crate and its dependencies.
const UNUSED: [&str; 5] = ["containerstartupoptions", "intounderlying", "jspi", "minifyconfig", "r2range"];

/// Runs rust-lld with the arguments from rustc.
///
/// # Errors
/// Returns an error if rust-lld is missing or fails.
pub(crate) fn link(arguments: &[&str]) -> Result<()> {
    run(Command::new(rust_lld()?).args(without_unused_exports(arguments)))
}

/// Returns the path of the linker that comes with the compiler.
fn rust_lld() -> Result<PathBuf> {
    let libraries = output(Command::new("rustc").args(["--print", "target-libdir"]));
    let libraries = libraries.context("`rustc --print target-libdir` failed")?;
    Ok(Path::new(&libraries).with_file_name("bin").join("rust-lld"))
}

fn without_unused_exports<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut kept = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let export = if *argument == "--export" { rest.next() } else { None };
        if !export.is_some_and(|name| UNUSED.iter().any(|unused| name.contains(unused))) {
            kept.extend([argument].into_iter().chain(export));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omits_unused_exports() {
        let arguments = ["-flavor", "wasm", "--export", "handle_1", "--export", "r2range_free_2", "a.o"];
        assert_eq!(without_unused_exports(&arguments), ["-flavor", "wasm", "--export", "handle_1", "a.o"]);
    }
}
