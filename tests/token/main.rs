//! Tests of `hallpass-token`. All tests run natively and in WebAssembly, except the tests that start another program.

#[cfg(not(target_family = "wasm"))]
mod sdks;
mod service;
mod vectors;
