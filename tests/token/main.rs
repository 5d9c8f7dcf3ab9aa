//! The suites of the token core: the same natively and in WebAssembly, but for those that start another program.

#[cfg(not(target_family = "wasm"))]
mod sdks;
mod service;
mod vectors;
