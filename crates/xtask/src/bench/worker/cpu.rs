//! CPU time of a process on Linux.

use std::fs;

use anyhow::{Context as _, Result};

use crate::process::{command, output};

/// Returns the user and system time of a process and its threads, in clock ticks.
///
/// # Errors
/// Returns an error if the process does not exist, or the system has no `/proc`.
pub(super) fn ticks(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&path)
        .with_context(|| format!("cannot read the CPU time from {path}; this works only on Linux"))?;
    user_and_system(&stat).with_context(|| format!("{path} contains no CPU time: {stat:?}"))
}

/// Returns the length of a clock tick in microseconds.
///
/// # Errors
/// Returns an error if `getconf` fails.
pub(super) fn tick_micros() -> Result<f64> {
    let per_second: f64 = output(command("getconf").arg("CLK_TCK")).context("getconf failed")?.parse()?;
    Ok(1e6 / per_second)
}

/// Adds fields 14 and 15 of a `stat` file: the user time and the system time. Field 2 is the program's name in
/// parentheses, and can contain spaces and parentheses.
fn user_and_system(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_fields_in_the_name_of_the_program() {
        let stat = "7 (a) S 1 (b) R 1 7 7 0 -1 4194304 100 0 0 0 250 17 0 0 20 0 9 0 1000 1 1";
        assert_eq!(user_and_system(stat), Some(267));
        assert_eq!(user_and_system("7 (a) R 1 7"), None);
    }
}
