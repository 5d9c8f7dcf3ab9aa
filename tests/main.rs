//! The test suites. Tests that need npm packages, a server, or a built function or Worker are ignored by default.
//! `cargo xtask test` prepares these dependencies and runs every test.

mod attacks;
mod browser;
mod certificate;
mod conformance;
mod docs;
mod issuers;
mod language;
mod limits;
mod policy;
mod providers;
mod recorded;
mod rotation;
mod routes;
mod sam_local;
mod schema;
mod secrets;
mod secrets_on_lambda;
mod secrets_on_moto;
mod secrets_store;
mod summary;
mod targets;
mod transport;

use hallpass_tests::scratch;
