//! Benchmarks, which compare variants within one run on this machine. Benchmarks are not tests, and enforce no limits.

pub(crate) mod core;
pub(crate) mod lambda;
mod store;
pub(crate) mod worker;

/// Returns the median, or NaN if there are no values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the minimum, or infinity if there are no values.
fn minimum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Returns the maximum, or negative infinity if there are no values.
fn maximum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Returns the median of the rounds' ratios. Each ratio divides two values of the same round, because the machine's speed
/// varies between rounds.
fn paired_ratio(numerators: &[f64], denominators: &[f64]) -> f64 {
    median(
        numerators.iter().zip(denominators).map(|(numerator, denominator)| numerator / denominator).collect(),
    )
}

/// Formats the median, followed by the minimum and maximum in parentheses.
fn spread(values: &[f64], decimals: usize) -> String {
    let (minimum, maximum) = (minimum(values), maximum(values));
    format!("{:.decimals$} ({minimum:.decimals$} to {maximum:.decimals$})", median(values.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_median_minimum_and_maximum() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], 1), "2.0 (1.0 to 3.0)");
    }

    #[test]
    fn compares_values_of_the_same_round() {
        assert!((paired_ratio(&[1.0, 10.0, 100.0], &[2.0, 20.0, 100.0]) - 0.5).abs() < f64::EPSILON);
    }
}
