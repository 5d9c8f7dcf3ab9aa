//! Fuzz targets. Each target is one function that panics if the function finds a defect.
//!
//! Random bytes rarely pass a checksum or a signature check. Therefore, each target uses an input either as a complete
//! token or as the content of a correctly encoded and signed token.

#![expect(clippy::expect_used, reason = "a target reports a defect by a panic")]

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
