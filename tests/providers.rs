//! Calls to the providers' REST APIs: what is sent and what comes of it, who may have it sent, what fails, and what the
//! log tells of it.

#![expect(clippy::indexing_slicing, reason = "a member of JSON that is not there is null")]

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
    // What waits for a provider here is what does on Lambda.
    report(&at_once(|deployment| Ok(Memory::start(deployment)))?)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let folder = scratch("providers-lambda")?;
    // Its clock is the machine's: what waits for a provider waits as long as in production.
    everything(TimeLimits::Production, |deployment| Lambda::start(EventKind::HttpApi, deployment, &folder))
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("providers-worker")?;
    everything(TimeLimits::Extended, |deployment| Worker::start(deployment, &folder))
}

fn everything<T: Target>(
    of_silence: TimeLimits,
    start: impl Fn(Deployment) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<()> {
    let start_in_silence = |deployment| start(Deployment { time_limits: of_silence, ..deployment });
    thread::scope(|scope| {
        // Most of its time it waits.
        let silence = scope.spawn(|| faults::silence(start_in_silence));
        let mut tally = at_once(&start)?;
        tally.add(silence.join().ok().context("a test of silence failed")?.context("silence")?);
        report(&tally)
    })
}

fn at_once<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let mut tally = agora::all_calls(&start).context("Agora")?;
    tally.add(agora::bare(&start).context("Agora without an account")?);
    tally.add(kick::all(&start).context("kick")?);
    tally.add(rooms::all(&start).context("rooms")?);
    tally.add(callers::all(&start).context("callers")?);
    tally.add(faults::all(&start).context("faults")?);
    Ok(tally)
}

#[expect(clippy::print_stdout, reason = "a green run says how much it asked")]
fn report(tally: &Tally) -> anyhow::Result<()> {
    let checked = check(&tally.credentials)?;
    println!("{} requests, {checked} credentials of the providers checked by the packages", tally.requests);
    Ok(())
}
