//! Writes the JavaScript bindings of a compiled Worker, like the command `wasm-bindgen` of the same version.
//!
//! `wasm-bindgen-cli` is not used, because it has many more dependencies, and its lock file contains a version that was
//! yanked from crates.io. The dependencies of this package are pinned in the workspace's Cargo.lock.
//!
//! The arguments are the path of the module, the name of the output files, and the output folder.

use anyhow::{Result, bail};
use wasm_bindgen_cli_support::{Bindgen, Output};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, name, folder] = arguments.as_slice() else {
        bail!("expected three arguments: MODULE NAME FOLDER");
    };
    let mut output = Bindgen::new()
        .input_path(module)
        .out_name(name)
        .module(true)?
        .typescript(false)
        // With these two settings, the next request can replace a module that panicked.
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate_output()?;
    number_functions(&mut output);
    output.emit(folder)
}

/// Puts a number and `|` in front of the functions' names, so that wasm-opt can order functions by type and size.
///
/// Functions of the same type and a similar size have similar code. gzip compresses adjacent similar code better: this
/// order makes the compressed Worker 2 KB smaller than an order by name.
fn number_functions(output: &mut Output) {
    let functions = &mut output.wasm_mut().funcs;
    let mut order: Vec<_> =
        functions.iter_local().map(|(id, function)| (function.ty(), function.size(), id)).collect();
    order.sort_unstable();
    for (number, (_, _, id)) in order.into_iter().enumerate() {
        let name = &mut functions.get_mut(id).name;
        *name = Some(format!("{number:05}|{}", name.as_deref().unwrap_or_default()));
    }
}
