//! Interleaved measurement of several operations, so that a slow phase of the machine affects all operations equally.

use std::time::{Duration, Instant};

use crate::allocations;

const ROUNDS: usize = 201;

/// The duration of one turn of an operation. A turn is shorter than a scheduler time slice, so that most turns are not
/// interrupted.
const SLICE: Duration = Duration::from_micros(200);

/// The duration of the warm-up, in which the processor and the WebAssembly engine reach full speed.
const WARM_UP: Duration = Duration::from_millis(50);

/// A measured operation and its baseline. The baseline computes only the token's HMACs.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) token: Box<dyn FnMut()>,
    pub(crate) baseline: Box<dyn FnMut()>,
}

/// The measured figures of a [`Subject`].
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) nanoseconds: f64,
    pub(crate) ratio: f64,
    pub(crate) allocations: u64,
}

pub(crate) fn all(subjects: &mut [Subject]) -> Vec<Figure> {
    let counts: Vec<_> = subjects
        .iter_mut()
        .map(|subject| (calibrate(&mut subject.token), calibrate(&mut subject.baseline)))
        .collect();
    let mut rounds = vec![Vec::new(); subjects.len()];
    for _ in 0..ROUNDS {
        for ((subject, (token, baseline)), times) in subjects.iter_mut().zip(&counts).zip(&mut rounds) {
            times.push((run(&mut subject.token, *token), run(&mut subject.baseline, *baseline)));
        }
    }
    subjects
        .iter_mut()
        .zip(rounds)
        .map(|(subject, times)| Figure {
            name: subject.name,
            nanoseconds: median(times.iter().map(|(token, _)| *token)),
            ratio: median(times.iter().map(|(token, baseline)| token / baseline)),
            allocations: allocations::count_in(&mut subject.token),
        })
        .collect()
}

/// Warms up the processor, and returns the number of iterations of `work` that take one [`SLICE`].
fn calibrate(work: &mut dyn FnMut()) -> u32 {
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        run(work, 100);
    }
    let slice = SLICE.as_secs_f64() * 1e9;
    let nanoseconds = median((0..20).map(|_| run(work, 10)));
    ((slice / nanoseconds) as u32).max(1)
}

/// Runs `work` `count` times, and returns the nanoseconds per iteration.
fn run(work: &mut dyn FnMut(), count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        work();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
