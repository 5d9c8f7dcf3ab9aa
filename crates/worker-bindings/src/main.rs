//! Writes the JavaScript bindings of a compiled Worker, like the command `wasm-bindgen` of the same version.
//!
//! `wasm-bindgen-cli` is not used, because it has many more dependencies, and its lock file contains a version that was
//! yanked from crates.io. The dependencies of this package are pinned in the workspace's Cargo.lock.
//!
//! The arguments are the path of the module, the name of the output files, and the output folder.

use anyhow::{Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, name, folder] = arguments.as_slice() else {
        bail!("expected three arguments: MODULE NAME FOLDER");
    };
    Bindgen::new()
        .input_path(module)
        .out_name(name)
        .module(true)?
        .typescript(false)
        // With these two settings, the next request can replace a module that panicked.
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(folder)
}
