//! The token service: an HTTP request in, an HTTP response out.
//!
//! In scope: routes, who is calling, policy, limits, errors.
//! Out of scope: everything that a platform gives. **Invariants**: this crate reads no clock, no environment and no
//! random source, opens no socket and knows no async runtime; an adapter hands all of that in as [`Inputs`] and
//! settings. It panics on no input.

mod answer;
mod ask;
mod audit;
mod auth;
mod cache;
mod caller;
mod claims;
mod config;
mod cors;
mod input;
mod json;
mod log;
mod mint;
mod outbound;
pub mod outline;
mod platform;
mod policy;
mod problem;
mod projects;
mod providers;
mod quote;
pub mod rehearsal;
mod routes;
mod secrets;
mod service;
mod setup;
mod setup_error;
mod url;
mod version;

pub use answer::{Answer, COMMON_HEADERS};
pub use auth::PublicKey;
pub use input::{Body, Inputs, MAX_BODY_BYTES, Request};
pub use log::{Level, LogLine};
pub use outbound::{HEADERS_TAKEN, Incoming, Outgoing, SendError};
pub use platform::{PAUSE_MILLISECONDS, Platform, STORE_MILLISECONDS, StoreError};
pub use secrets::Secrets;
pub use service::Service;
