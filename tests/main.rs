//! The suites. Those that need a built function or Worker are ignored; `cargo xtask test` builds what they need
//! and runs them.

mod attacks;
mod conformance;
mod issuers;
mod limits;
mod policy;
mod providers;
mod readme;
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
mod transport;

use hallpass_tests::scratch;
