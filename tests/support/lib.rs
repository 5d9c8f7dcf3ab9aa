//! Runs one list of HTTP cases against whatever answers them, and checks what comes back.
//!
//! In scope: reading the list, sending its requests, comparing answers, checking tokens, logs and randomness; an
//! identity provider, and the JWTs of its users; a Secrets Manager; the REST APIs of Agora and VideoSDK.
//! Out of scope: which target is run when; that is for the suites beside this folder.

pub mod attacks;
pub mod cases;
mod check;
pub mod contract;
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
mod setup;
pub mod signer;
pub mod target;
pub mod unresponsive;
pub mod wait;

pub use folders::{root, scratch};
pub use json_match::tokens_in;
pub use setup::{Deployment, Setup, TimeLimits};
