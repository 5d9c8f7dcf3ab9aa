//! Optimization of the Worker's module, with the tools of the npm package binaryen.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::generated_js::reachability_graph;
use crate::process::{command, run_quietly};
use crate::tools;

/// WebAssembly features that the module may use. The Workers runtime supports all of these features.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-exception-handling",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// The options of wasm-opt.
///
/// - The passes run until none of them makes the module smaller.
/// - wasm-opt inlines no function, because the compiler has inlined every function whose inlining makes the module smaller.
///   wasm-opt would also inline each function with a single caller. The runtime must compile a whole function before it
///   executes the function's first instruction.
/// - Variables for common subexpressions make the module larger after gzip, because gzip compresses repeated expressions
///   well.
/// - wasm-opt may assume that low memory is unused, because low memory contains only Rust's stack. Therefore no pointer
///   is less than an offset.
/// - Functions are ordered by name, because the names start with numbers in an order that gzip compresses well. See
///   `crates/worker-bindings`.
/// - The custom sections `producers` and `target_features` have no function in the runtime.
const OPTIMIZATION: [&str; 8] = [
    "-Oz",
    "--converge",
    "--skip-pass=inlining-optimizing",
    "--skip-pass=local-cse",
    "--low-memory-unused",
    "--reorder-functions-by-name",
    "--strip-producers",
    "--strip-target-features",
];

/// Returns the path of wasm-opt.
pub(crate) fn wasm_opt() -> PathBuf {
    tools::node_program("wasm-opt")
}

/// Removes the functions that the JavaScript in the same folder does not use, and optimizes the remaining functions.
///
/// # Errors
/// Returns an error if a tool fails.
pub(crate) fn optimize(folder: &Path, keeps_names: bool) -> Result<()> {
    let module = folder.join("hallpass_bg.wasm");
    let (exports, used, optimized) =
        (folder.join("exports.json"), folder.join("used.wasm"), folder.join("optimized.wasm"));
    let names = keeps_names.then_some("-g");
    fs::write(&exports, reachability_graph(&fs::read_to_string(folder.join("hallpass.js"))?))?;
    let mut remove_unused = command(tools::node_program("wasm-metadce"));
    remove_unused.arg("-g").args(FEATURES).arg(&module).arg("--graph-file").arg(&exports);
    run_quietly(remove_unused.arg("-o").arg(&used))?;
    let mut optimize = command(wasm_opt());
    run_quietly(optimize.args(OPTIMIZATION).args(names).args(FEATURES).arg(&used).arg("-o").arg(&optimized))?;
    fs::remove_file(exports)?;
    fs::remove_file(used)?;
    fs::rename(optimized, module).context("wasm-opt wrote no module")
}
