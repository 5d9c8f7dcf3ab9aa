//! The token service: converts an HTTP request into an HTTP response, independently of the platform.
//!
//! This crate contains the routes, authentication, policy evaluation, limits and error responses. It does not contain
//! the functions that a platform provides, such as secret storage and network access.
//!
//! **Invariants**: this crate reads no clock, environment or random source, opens no socket, and uses no async runtime.
//! A platform adapter supplies the time and random bytes in [`RequestContext`], the settings to [`Service`], and all
//! other functions through [`Platform`]. No input makes the crate panic.
//!
//! The modules are layers. From bottom to top: `web`, `settings`, `platform`, `auth`, `policy`, `providers`, `state`,
//! `problem`, `token`, `routes`, `check`, `service`. A module imports only from lower layers; `tests/layers.rs`
//! enforces the order.

mod auth;
#[cfg(feature = "check")]
pub mod check;
mod platform;
mod policy;
mod problem;
mod providers;
mod routes;
mod service;
mod settings;
mod state;
mod token;
mod web;

pub use auth::exact_integer;
pub use platform::{
    BoxFuture, Curve, KeyMaterial, Platform, PublicKey, SLEEP_MILLISECONDS, STORE_MILLISECONDS,
    SignatureAlgorithm,
};
pub use providers::is_optional_secret;
pub use service::{Outcome, Service};
pub use settings::{Secrets, StoreError};
pub use web::headers::Headers;
pub use web::log::{Level, LogLine};
pub use web::outbound::{CAPTURED_HEADERS, OutboundRequest, OutboundResponse, SendError};
pub use web::request::{Body, MAX_BODY_BYTES, Request, RequestContext};
pub use web::response::{COMMON_HEADERS, Response, with_common_headers};
