//! The list of HTTP cases in `cases/`, run against everything that answers them.
//!
//! Each run with real processes also checks its tokens with Agora's npm packages, that nothing random came twice, and
//! what the deployments logged.

use hallpass_tests::randomness::Compared;
use hallpass_tests::run::{Run, run};
use hallpass_tests::target::{EventKind, Lambda, Memory, Worker};
use hallpass_tests::{interop, logs, randomness};

use crate::scratch;

#[test]
fn in_memory() -> anyhow::Result<()> {
    let mut run = run(|setup| Ok(Memory::start(setup)))?;
    let decisions = logs::check(&mut run);
    println!("{} cases in memory, {decisions} decisions in the logs", run.ran);
    run.result()
}

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn in_memory_tokens() -> anyhow::Result<()> {
    let mut run = run(|setup| Ok(Memory::start(setup)))?;
    let verified = interop::check(&mut run)?;
    println!("{verified} tokens of {} cases verified", run.ran);
    run.result()
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_http_api() -> anyhow::Result<()> {
    let folder = scratch("lambda-http-api")?;
    let run = run(|setup| Lambda::start(EventKind::HttpApi, setup, &folder))?;
    finish(run)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_function_url() -> anyhow::Result<()> {
    let folder = scratch("lambda-function-url")?;
    let run = run(|setup| Lambda::start(EventKind::FunctionUrl, setup, &folder))?;
    finish(run)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_sam_local() -> anyhow::Result<()> {
    let folder = scratch("lambda-sam-local")?;
    let run = run(|setup| Lambda::start(EventKind::SamLocal, setup, &folder))?;
    finish(run)
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("worker")?;
    let run = run(|setup| Worker::start(setup, &folder))?;
    finish(run)
}

/// What only a run with real processes can show, and then how it went.
#[expect(clippy::print_stdout, reason = "a green run says how much it ran")]
fn finish(mut run: Run) -> anyhow::Result<()> {
    let verified = interop::check(&mut run)?;
    let decisions = logs::check(&mut run);
    let Compared { request_ids, tokens, uids } = randomness::check(&mut run)?;
    let Run { ran, unreachable, .. } = run;
    println!(
        "{ran} cases, {verified} tokens verified, {decisions} decisions in the logs; {unreachable} cases cannot arrive here"
    );
    println!("{request_ids} request IDs, {tokens} tokens and {uids} chosen uids compared");
    run.result()
}
