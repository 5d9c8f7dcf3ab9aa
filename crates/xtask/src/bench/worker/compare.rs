//! Comparison of several Workers under the same load.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::cpu;
use super::load::{Load, Sample};
use super::subject::Started;
use crate::bench::{paired_ratio, spread};
use crate::steps::step;
use crate::terminal::print_line;

const ROUNDS: usize = 9;

/// The samples of one Worker, with one value per round.
#[derive(Default)]
struct Samples {
    rate: Vec<f64>,
    cpu: Vec<f64>,
}

/// Samples by the name of the Worker.
type Row = BTreeMap<&'static str, Samples>;

/// Measures all loads, and reports the results. Each round measures every Worker, and starts with a different Worker, so
/// that variations of the machine's speed affect all Workers equally. The first round is a warm-up, and is not counted.
///
/// # Errors
/// Returns an error if a Worker does not respond.
pub(super) fn compare(folder: &Path, workers: &[Started], loads: &[Load]) -> Result<()> {
    let tick_micros = cpu::tick_micros()?;
    let mut rows: Vec<Row> = loads.iter().map(|_| Row::new()).collect();
    step(&format!("{ROUNDS} rounds of 1 s for each Worker and request, after a warm-up round"), || {
        for round in 0..=ROUNDS {
            for (load, row) in loads.iter().zip(&mut rows) {
                for worker in rotated(&workers_of(load, workers), round) {
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

/// Returns the Workers that receive a load.
fn workers_of<'a>(load: &Load, workers: &'a [Started]) -> Vec<&'a Started> {
    let receives =
        |name| name == load.measured || load.baselines.iter().any(|baseline| baseline.name == name);
    workers.iter().filter(|worker| receives(worker.name)).collect()
}

/// Returns all values in order, starting at index `first` modulo the number of values.
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
    print_line(format_args!("\n{}", load.name));
    let Some(measured) = row.get(load.measured) else { return };
    for baseline in load.baselines {
        let Some(samples) = row.get(baseline.name) else { continue };
        let rate = paired_ratio(&measured.rate, &samples.rate);
        let cpu = paired_ratio(&samples.cpu, &measured.cpu);
        print_line(format_args!(
            "{}  ratio of {}: {rate:.2} by rate{}, {cpu:.2} by CPU{}",
            samples.describe(baseline.name),
            load.measured,
            format_budget(baseline.rate),
            format_budget(baseline.cpu)
        ));
    }
    print_line(measured.describe(load.measured));
}

fn format_budget(budget: Option<f64>) -> String {
    budget.map(|minimum| format!(" (minimum: {minimum:.2})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_starts_with_a_different_worker() {
        let order = |first| rotated(&["a", "b", "c"], first).copied().collect::<String>();
        assert_eq!([order(0), order(1), order(5)], ["abc", "bca", "cab"]);
        assert_eq!(rotated::<u8>(&[], 1).count(), 0);
    }
}
