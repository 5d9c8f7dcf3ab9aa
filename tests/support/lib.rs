//! Support for the test suites: sends a list of HTTP cases to a deployment, and checks the responses.
//!
//! This crate reads the cases, sends their requests, compares the responses, and checks tokens, logs and randomness.
//! The crate also contains local servers: an identity provider that signs users' JWTs, Secrets Manager, and the REST
//! APIs of Agora and VideoSDK. The suites in `tests` select the deployments.

pub mod attacks;
pub mod browser;
pub mod cases;
mod check;
pub mod contract;
mod deployment;
mod folders;
pub mod fork_server;
mod http_client;
pub mod interop;
pub mod issuer;
mod json_match;
pub mod jwts;
pub mod logs;
pub mod moto;
pub mod process;
pub mod provider;
pub mod randomness;
pub mod run;
mod server;
pub mod signer;
pub mod target;
pub mod unresponsive;
pub mod wait;

pub use deployment::{Deployment, DeploymentKind, TimeLimits};
pub use folders::{root, scratch};
pub use json_match::tokens_in;
