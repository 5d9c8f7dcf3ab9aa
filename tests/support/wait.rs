//! Waiting for a condition, with a deadline that is long enough for any machine.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// The deadline of every wait. No machine takes this long, so the deadline affects only a test that hangs.
pub const DEADLINE: Duration = Duration::from_secs(120);
/// The time between two checks of a condition.
const POLL: Duration = Duration::from_millis(10);

/// Waits until a condition holds.
///
/// # Errors
/// Returns an error if the condition cannot be checked, or does not hold before the deadline. The error contains
/// `description`.
pub fn until(
    mut holds: impl FnMut() -> anyhow::Result<bool>,
    description: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let started = Instant::now();
    while !holds()? {
        if started.elapsed() > DEADLINE {
            bail!("timed out after {DEADLINE:?}, waiting until {}", description());
        }
        thread::sleep(POLL);
    }
    Ok(())
}
