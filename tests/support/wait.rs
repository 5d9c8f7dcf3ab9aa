//! Waiting in tests: for a condition, never for a time.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

/// Ends a test that hangs. No condition takes this long on a machine that works at all.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Waits until a condition holds.
///
/// # Errors
/// If the condition cannot be checked, or does not hold by the [`DEADLINE`].
pub fn wait_until(what: &str, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    const POLL: Duration = Duration::from_millis(20);
    let started = Instant::now();
    while !holds()? {
        ensure!(started.elapsed() < DEADLINE, "after {DEADLINE:?} this does not hold: {what}");
        thread::sleep(POLL);
    }
    Ok(())
}

/// Returns how long test servers wait before they start or respond: `HALLPASS_TEST_DELAY_MS`, by default 0.
///
/// A run with a delay shows that no test depends on the speed of the machine.
#[must_use]
pub fn deliberate_delay() -> Duration {
    let milliseconds = std::env::var("HALLPASS_TEST_DELAY_MS").ok().and_then(|value| value.parse().ok());
    Duration::from_millis(milliseconds.unwrap_or(0))
}
