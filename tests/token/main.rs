//! Tests of the token crate. All run natively and in WebAssembly, except those that start another program.

#[cfg(not(target_family = "wasm"))]
mod sdks;
mod service;
mod vectors;
