//! Writes the JavaScript bindings of a compiled Worker, like the command `wasm-bindgen` of the same version.
//!
//! A package of this workspace, because `wasm-bindgen-cli` has many more dependencies and a lock file that names a
//! version that crates.io has withdrawn: here Cargo.lock pins everything.
//!
//! Arguments: the module, the name of the files, and the folder to write them to.

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
        // The two let the next request replace a module that has panicked.
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(folder)
}
