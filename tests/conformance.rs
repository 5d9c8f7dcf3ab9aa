//! Runs the HTTP cases in `cases/` on every target.
//!
//! Each test except `in_memory_tokens` checks the logs. Each test except `in_memory` verifies its tokens with Agora's
//! npm packages. The tests of Lambda and of the Worker also check that random values are unique.

use hallpass_tests::randomness::Compared;
use hallpass_tests::run::{Run, run};
use hallpass_tests::target::{EventKind, Lambda, Memory, Worker};
use hallpass_tests::{interop, logs, randomness};

use crate::scratch;

#[test]
fn in_memory() -> anyhow::Result<()> {
    let mut run = run(|kind| Ok(Memory::start(kind)))?;
    let decisions = logs::check(&mut run);
    println!("{} cases in memory, {decisions} decisions in the logs", run.ran);
    run.result()
}

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn in_memory_tokens() -> anyhow::Result<()> {
    let mut run = run(|kind| Ok(Memory::start(kind)))?;
    let verified = interop::check(&mut run)?;
    println!("{verified} tokens of {} cases verified", run.ran);
    run.result()
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_http_api() -> anyhow::Result<()> {
    let folder = scratch("lambda-http-api")?;
    let run = run(|kind| Lambda::start(EventKind::HttpApi, kind, &folder))?;
    finish(run)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_function_url() -> anyhow::Result<()> {
    let folder = scratch("lambda-function-url")?;
    let run = run(|kind| Lambda::start(EventKind::FunctionUrl, kind, &folder))?;
    finish(run)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_sam_local() -> anyhow::Result<()> {
    let folder = scratch("lambda-sam-local")?;
    let run = run(|kind| Lambda::start(EventKind::SamLocal, kind, &folder))?;
    finish(run)
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("worker")?;
    let run = run(|kind| Worker::start(kind, &folder))?;
    finish(run)
}

/// Checks the tokens, logs and random values of a run, prints the counts, and returns the result.
#[expect(clippy::print_stdout, reason = "a successful run prints how much it checked")]
fn finish(mut run: Run) -> anyhow::Result<()> {
    let verified = interop::check(&mut run)?;
    let decisions = logs::check(&mut run);
    let Compared { request_ids, tokens, uids } = randomness::check(&mut run)?;
    let Run { ran, unreachable, .. } = run;
    println!(
        "{ran} cases, {verified} tokens verified, {decisions} decisions in the logs; {unreachable} cases cannot reach this target"
    );
    println!("{request_ids} request IDs, {tokens} tokens and {uids} chosen uids compared");
    run.result()
}
