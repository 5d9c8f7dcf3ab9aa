//! Rounds in which several Workers get the same requests in turn, and the report.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::cpu;
use super::load::{Load, Sample};
use super::subject::Started;
use crate::bench::{paired_ratio, spread};
use crate::steps::step;
use crate::terminal::say;

const ROUNDS: usize = 9;

/// Values of one Worker, one for each round.
#[derive(Default)]
struct Samples {
    rate: Vec<f64>,
    cpu: Vec<f64>,
}

/// Samples by the name of the Worker.
type Row = BTreeMap<&'static str, Samples>;

/// Measures and reports all loads. Each round starts with another Worker, and a slow moment of the machine affects all of
/// them. The first round warms up and does not count.
///
/// # Errors
/// If a Worker does not respond.
pub(super) fn compare(folder: &Path, workers: &[Started], loads: &[Load]) -> Result<()> {
    let tick_micros = cpu::tick_micros()?;
    let mut rows: Vec<Row> = loads.iter().map(|_| Row::new()).collect();
    step(&format!("{ROUNDS} rounds of 1 s for each Worker and request, after one to warm up"), || {
        for round in 0..=ROUNDS {
            for (load, row) in loads.iter().zip(&mut rows) {
                for worker in rotated(&takers(load, workers), round) {
                    let sample = load.measure(folder, worker, tick_micros)?;
                    if round > 0 {
                        row.entry(worker.name).or_default().push(&sample);
                    }
                }
            }
        }
        Ok(())
    })?;
    for (load, row) in loads.iter().zip(&rows) {
        report(load, row);
    }
    Ok(())
}

/// Returns the Workers that get a load.
fn takers<'a>(load: &Load, workers: &'a [Started]) -> Vec<&'a Started> {
    let takes = |name| name == load.measured || load.rivals.iter().any(|rival| rival.name == name);
    workers.iter().filter(|worker| takes(worker.name)).collect()
}

/// Returns all values, and starts with the one at `first`, modulo their number.
pub(super) fn rotated<T>(values: &[T], first: usize) -> impl Iterator<Item = &T> {
    let start = first.checked_rem(values.len()).unwrap_or_default();
    values.iter().cycle().skip(start).take(values.len())
}

impl Samples {
    fn push(&mut self, sample: &Sample) {
        self.rate.push(sample.rate);
        self.cpu.push(sample.cpu);
    }

    fn describe(&self, name: &str) -> String {
        format!(
            "  {name:<26} {:>25} requests/s  {:>18} us of CPU per request",
            spread(&self.rate, 0),
            spread(&self.cpu, 0)
        )
    }
}

fn report(load: &Load, row: &Row) {
    say(format_args!("\n{}", load.name));
    let Some(own) = row.get(load.measured) else { return };
    for rival in load.rivals {
        let Some(other) = row.get(rival.name) else { continue };
        let rate = paired_ratio(&own.rate, &other.rate);
        let cpu = paired_ratio(&other.cpu, &own.cpu);
        say(format_args!(
            "{}  {} is at {rate:.2} by rate{}, {cpu:.2} by CPU{}",
            other.describe(rival.name),
            load.measured,
            allowed(rival.rate),
            allowed(rival.cpu)
        ));
    }
    say(own.describe(load.measured));
}

fn allowed(budget: Option<f64>) -> String {
    budget.map(|least| format!(" (at least {least:.2} is allowed)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_starts_with_another_worker() {
        let order = |first| rotated(&["a", "b", "c"], first).copied().collect::<String>();
        assert_eq!([order(0), order(1), order(5)], ["abc", "bca", "cab"]);
        assert_eq!(rotated::<u8>(&[], 1).count(), 0);
    }
}
