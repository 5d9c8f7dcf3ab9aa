//! Measurements. None of them is a test: they compare variants of one run, on whatever machine this is.

pub(crate) mod core;
pub(crate) mod lambda;
mod store;
pub(crate) mod worker;

/// Returns the value in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the smallest value.
fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Returns the largest value.
fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Returns the median of the ratios of each round: those of one moment of the machine.
fn paired_ratio(numerators: &[f64], denominators: &[f64]) -> f64 {
    median(
        numerators.iter().zip(denominators).map(|(numerator, denominator)| numerator / denominator).collect(),
    )
}

/// Returns the median, and the minimum and maximum in parentheses.
fn spread(values: &[f64], decimals: usize) -> String {
    let (least, greatest) = (least(values), greatest(values));
    format!("{:.decimals$} ({least:.decimals$} to {greatest:.decimals$})", median(values.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_median_minimum_and_maximum() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], 1), "2.0 (1.0 to 3.0)");
    }

    #[test]
    fn a_ratio_compares_values_of_the_same_round() {
        assert!((paired_ratio(&[1.0, 10.0, 100.0], &[2.0, 20.0, 100.0]) - 0.5).abs() < f64::EPSILON);
    }
}
