//! Steps of a command: progress on the terminal, lanes that run at the same time, and how long each step took.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::terminal::say;

/// A series of steps that runs beside others.
pub(crate) type Lane<'a> = Box<dyn FnOnce() -> Result<()> + Send + 'a>;

/// The error of a step that did not start, because a step of another lane has failed.
#[derive(Debug)]
struct Skipped;

struct Finished {
    name: String,
    started: Duration,
    took: Duration,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
static FINISHED: Mutex<Vec<Finished>> = Mutex::new(Vec::new());
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Prints the name of a step, runs the step, and prints how long it took.
///
/// # Errors
/// Returns the error of `work`, or an error if a step of another lane has failed before.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if HAS_FAILED.load(Ordering::Relaxed) {
        return Err(skipped());
    }
    let started = START.elapsed();
    say(format_args!("==> {name}"));
    let result = work();
    let took = START.elapsed().saturating_sub(started);
    let outcome = if result.is_ok() { "done" } else { "FAILED" };
    say(format_args!("    {outcome}: {name} ({:.1} s)", took.as_secs_f64()));
    HAS_FAILED.fetch_or(result.is_err(), Ordering::Relaxed);
    FINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(Finished {
        name: name.to_owned(),
        started,
        took,
    });
    result
}

/// Runs lanes at the same time, each on a thread.
///
/// # Errors
/// Returns the error of the step that failed first.
pub(crate) fn concurrently<const N: usize>(lanes: [Lane<'_>; N]) -> Result<()> {
    let results: Vec<Result<()>> = thread::scope(|scope| {
        let running = lanes.map(|lane| scope.spawn(lane));
        let panicked = |_| Err(anyhow!("a lane panicked"));
        running.into_iter().map(|lane| lane.join().unwrap_or_else(panicked)).collect()
    });
    let mut errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    errors.sort_by_key(|error| error.is::<Skipped>());
    errors.into_iter().next().map_or(Ok(()), Err)
}

/// Returns the error of a step that cannot start, because what it waits for has failed.
pub(crate) fn skipped() -> anyhow::Error {
    Skipped.into()
}

/// Prints when each step started and how long it took, in seconds.
pub(crate) fn print_table() {
    let mut steps = std::mem::take(&mut *FINISHED.lock().unwrap_or_else(PoisonError::into_inner));
    steps.sort_by_key(|step| step.started);
    say("\n  start  seconds  step");
    for Finished { name, started, took } in steps {
        say(format_args!("{:>7.1}  {:>7.1}  {name}", started.as_secs_f64(), took.as_secs_f64()));
    }
    say(format_args!("{:>7}  {:>7.1}  total", "", START.elapsed().as_secs_f64()));
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("skipped: another step has failed")
    }
}

impl std::error::Error for Skipped {}
