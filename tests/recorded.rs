//! Comparison of the service's responses with the recorded responses of the imitated servers, on every target.

use hallpass_tests::contract::{Replay, replay};
use hallpass_tests::target::{EventKind, Lambda, Memory, Worker};

use crate::scratch;

#[test]
fn in_memory() -> anyhow::Result<()> {
    finish(replay(|setup| Ok(Memory::start(setup)))?)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_http_api() -> anyhow::Result<()> {
    let folder = scratch("recorded-lambda-http-api")?;
    finish(replay(|setup| Lambda::start(EventKind::HttpApi, setup, &folder))?)
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("recorded-worker")?;
    finish(replay(|setup| Worker::start(setup, &folder))?)
}

#[expect(clippy::print_stdout, reason = "reports the number of comparisons")]
fn finish(replay: Replay) -> anyhow::Result<()> {
    println!("{} responses as recorded, {} with listed differences", replay.same, replay.listed);
    replay.result()
}
