//! What several runs say together.

use serde::{Deserialize, Serialize};

/// The smallest, the middle and the largest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of no numbers. The median of an even number of them is the mean of the two in the middle.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get(sorted.len().saturating_sub(1) / 2)?;
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Spread { min, median: f64::midpoint(lower, upper), max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_two_in_the_middle() {
        let spread = |numbers: &[f64]| Spread::of(numbers.iter().copied()).unwrap();
        assert_eq!(spread(&[7.0]), Spread { min: 7.0, median: 7.0, max: 7.0 });
        assert_eq!(spread(&[3.0, 1.0]), Spread { min: 1.0, median: 2.0, max: 3.0 });
        assert_eq!(spread(&[5.0, 1.0, 3.0]), Spread { min: 1.0, median: 3.0, max: 5.0 });
        assert_eq!(spread(&[100.0, 4.0, 2.0, 1.0]), Spread { min: 1.0, median: 3.0, max: 100.0 });
        assert_eq!(Spread::of([]), None);
    }
}
