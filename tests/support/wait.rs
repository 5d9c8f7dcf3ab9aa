//! Waiting for something to happen, for as long as any machine may take.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// The end of every wait. No machine takes as long: the deadline only ends a test that hangs.
pub const DEADLINE: Duration = Duration::from_secs(120);
/// The time between two looks at a condition.
const POLL: Duration = Duration::from_millis(10);

/// Waits until a condition holds.
///
/// # Errors
/// If the condition cannot be checked, or does not hold before the deadline. The error contains this description.
pub fn until(
    mut holds: impl FnMut() -> anyhow::Result<bool>,
    description: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let started = Instant::now();
    while !holds()? {
        if started.elapsed() > DEADLINE {
            bail!("still not so after {DEADLINE:?}: {}", description());
        }
        thread::sleep(POLL);
    }
    Ok(())
}
