//! The suites. Those that need a built function or Worker are ignored; `cargo xtask test` builds what they need
//! and runs them.

mod conformance;
mod vectors;
