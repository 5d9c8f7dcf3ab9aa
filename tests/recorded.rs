//! Compares recorded responses of the servers that apps use today with the responses of every target.

use hallpass_tests::contract::{Replay, replay};
use hallpass_tests::target::{EventKind, Lambda, Memory, Worker};

use crate::scratch;

#[test]
fn in_memory() -> anyhow::Result<()> {
    finish(replay(|kind| Ok(Memory::start(kind)))?)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_http_api() -> anyhow::Result<()> {
    let folder = scratch("recorded-lambda-http-api")?;
    finish(replay(|kind| Lambda::start(EventKind::HttpApi, kind, &folder))?)
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("recorded-worker")?;
    finish(replay(|kind| Worker::start(kind, &folder))?)
}

#[expect(clippy::print_stdout, reason = "a successful run prints how much it compared")]
fn finish(replay: Replay) -> anyhow::Result<()> {
    println!("{} responses equal the recorded ones, {} have listed differences", replay.same, replay.listed);
    replay.result()
}
