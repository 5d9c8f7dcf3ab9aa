//! Measurements. None of them is a test: they compare variants of one run, on whatever machine this is.

pub(crate) mod core;
pub(crate) mod lambda;
mod store;
pub(crate) mod worker;

/// The value in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The smallest value.
fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
