//! Checks of a configuration before it is deployed: what it does, and what it decides on a request.
//!
//! **Invariants**: a configuration is read and evaluated by the code that serves requests. No secret is needed, and none is
//! repeated.

pub mod dry_run;
mod error;
pub mod summary;

pub use self::error::InputError;
