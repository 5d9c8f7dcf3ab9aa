//! Steps of a command: progress output, lanes that run in parallel, and the duration of each step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::terminal::print_line;

/// A series of steps that runs in parallel with other lanes.
pub(crate) type Lane<'a> = Box<dyn FnOnce() -> Result<()> + Send + 'a>;

/// The error of a step that was not started because a step of another lane has failed.
#[derive(Debug)]
struct Skipped;

struct Finished {
    name: String,
    started: Duration,
    took: Duration,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
static FINISHED: Mutex<Vec<Finished>> = Mutex::new(Vec::new());
static SKIPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Runs a step. Prints the step's name before the step, and the duration after the step.
///
/// # Errors
/// Returns the error of `work`, or an error if a step of another lane has already failed.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if HAS_FAILED.load(Ordering::Relaxed) {
        return Err(skipped());
    }
    let started = START.elapsed();
    print_line(format_args!("==> {name}"));
    let result = work();
    let took = START.elapsed().saturating_sub(started);
    let outcome = if result.is_ok() { "done" } else { "FAILED" };
    print_line(format_args!("    {outcome}: {name} ({:.1} s)", took.as_secs_f64()));
    HAS_FAILED.fetch_or(result.is_err(), Ordering::Relaxed);
    FINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(Finished {
        name: name.to_owned(),
        started,
        took,
    });
    result
}

/// Runs lanes in parallel, each in its own thread.
///
/// # Errors
/// Returns the error of a step that failed, in preference to the error of a step that was skipped.
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

/// Returns the error of a step that is skipped because another step has failed.
pub(crate) fn skipped() -> anyhow::Error {
    Skipped.into()
}

/// Prints that tests are skipped. The summary repeats the line.
pub(crate) fn skip(tests_and_reason: impl Into<String>) {
    let tests_and_reason = tests_and_reason.into();
    print_line(format_args!("    skipped: {tests_and_reason}"));
    SKIPPED.lock().unwrap_or_else(PoisonError::into_inner).push(tests_and_reason);
}

/// Prints the start and duration of each step, in seconds, and the skipped tests.
pub(crate) fn print_table() {
    let mut steps = std::mem::take(&mut *FINISHED.lock().unwrap_or_else(PoisonError::into_inner));
    steps.sort_by_key(|step| step.started);
    print_line("\n  start  seconds  step");
    for Finished { name, started, took } in steps {
        print_line(format_args!("{:>7.1}  {:>7.1}  {name}", started.as_secs_f64(), took.as_secs_f64()));
    }
    print_line(format_args!("{:>7}  {:>7.1}  total", "", START.elapsed().as_secs_f64()));
    for tests_and_reason in std::mem::take(&mut *SKIPPED.lock().unwrap_or_else(PoisonError::into_inner)) {
        print_line(format_args!("skipped: {tests_and_reason}"));
    }
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("skipped: another step has failed")
    }
}

impl std::error::Error for Skipped {}
