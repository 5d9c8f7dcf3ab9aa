//! What is fuzzed: one function for each target, which panics where something is wrong.
//!
//! Bytes that a fuzzer makes up hardly ever get past a checksum or a signature. So each target takes them in two
//! ways: as the text of a token, and as the content of one that is wrapped, and signed, as it should be.

#![expect(clippy::expect_used, reason = "a target tells by a panic")]

mod explain;
mod parse_006;
mod parse_007;
mod parse_jwt;
mod project;
mod wrap;

pub use explain::explain;
pub use parse_006::parse_006;
pub use parse_007::parse_007;
pub use parse_jwt::parse_jwt;
