//! Tests of calls to the providers' REST APIs: requests, responses, authorization, failures, and the log.

#![expect(clippy::indexing_slicing, reason = "a missing field of a JSON object is null")]

mod agora;
mod callers;
mod faults;
mod harness;
mod kick;
mod rooms;

use std::thread;

use anyhow::Context as _;
use hallpass_tests::provider::cross_check::check;
use hallpass_tests::target::{EventKind, Lambda, Memory, Target, Worker};
use hallpass_tests::{Deployment, TimeLimits};

use self::harness::Tally;
use crate::scratch;

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn in_memory() -> anyhow::Result<()> {
    // The in-memory target does not test slow providers, because Lambda and the Worker do.
    report(&without_waiting(|deployment| Ok(Memory::start(deployment)))?)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let folder = scratch("providers-lambda")?;
    // Lambda uses the clock of the machine, so time limits take as long as in production.
    run_all(TimeLimits::Production, |deployment| Lambda::start(EventKind::HttpApi, deployment, &folder))
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("providers-worker")?;
    run_all(TimeLimits::Extended, |deployment| Worker::start(deployment, &folder))
}

fn run_all<T: Target>(
    unresponsive_limits: TimeLimits,
    start: impl Fn(Deployment) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<()> {
    let start_unresponsive =
        |deployment| start(Deployment { time_limits: unresponsive_limits, ..deployment });
    thread::scope(|scope| {
        // The test of unresponsive providers runs in parallel, because this test mostly waits.
        let unresponsive = scope.spawn(|| faults::unresponsive(start_unresponsive));
        let mut tally = without_waiting(&start)?;
        tally.add(
            unresponsive
                .join()
                .ok()
                .context("a test of unresponsive providers failed")?
                .context("unresponsive providers")?,
        );
        report(&tally)
    })
}

fn without_waiting<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let mut tally = agora::all_calls(&start).context("Agora")?;
    tally.add(agora::without_account(&start).context("Agora without an account")?);
    tally.add(agora::agents_by_policy(&start).context("agents by policy")?);
    tally.add(agora::forms_by_policy(&start).context("forms by policy")?);
    tally.add(kick::all(&start).context("kick")?);
    tally.add(rooms::all(&start).context("rooms")?);
    tally.add(callers::all(&start).context("callers")?);
    tally.add(faults::all(&start).context("faults")?);
    Ok(tally)
}

#[expect(clippy::print_stdout, reason = "reports the number of requests")]
fn report(tally: &Tally) -> anyhow::Result<()> {
    let checked = check(&tally.credentials)?;
    println!("{} requests, {checked} provider credentials verified by the npm packages", tally.requests);
    Ok(())
}
