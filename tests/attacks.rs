//! Runs the cases in `attacks/` on every target. The cases contain valid and invalid credentials, and requests that a
//! policy grants or denies.

use hallpass_tests::attacks::run;
use hallpass_tests::run::Run;
use hallpass_tests::target::{EventKind, Lambda, Memory, Worker};
use hallpass_tests::{interop, logs};

use crate::scratch;

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn in_memory() -> anyhow::Result<()> {
    finish(run(|deployment| Ok(Memory::start(deployment)))?)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let folder = scratch("attacks-lambda")?;
    finish(run(|deployment| Lambda::start(EventKind::HttpApi, deployment, &folder))?)
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("attacks-worker")?;
    finish(run(|deployment| Worker::start(deployment, &folder))?)
}

#[expect(clippy::print_stdout, reason = "a successful run prints how much it checked")]
fn finish(mut run: Run) -> anyhow::Result<()> {
    let verified = interop::check(&mut run)?;
    let decisions = logs::check(&mut run);
    let Run { ran, unreachable, .. } = run;
    println!(
        "{ran} cases, {verified} tokens verified, {decisions} decisions in the logs; {unreachable} cases cannot reach this target"
    );
    run.result()
}
