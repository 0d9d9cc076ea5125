//! A scale on which every power of ten is as long as the next.

/// An axis of a drawing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// The logarithms of the numbers at both ends.
    from: f64,
    to: f64,
    /// Where the ends are in the picture.
    start: f64,
    end: f64,
}

impl Axis {
    /// An axis that holds all these numbers, and a little more on both sides; a power of ten is among them.
    pub(crate) fn around(numbers: impl Iterator<Item = f64>, (start, end): (f64, f64)) -> Axis {
        const ROOM: f64 = 0.05;
        let (least, most) = extremes(numbers);
        let room = ROOM.max((1.0 - (most - least)) / 2.0);
        Axis { from: least - room, to: most + room, start, end }
    }

    /// An axis from a power of ten to another that holds all these numbers.
    pub(crate) fn between_powers(numbers: impl Iterator<Item = f64>, (start, end): (f64, f64)) -> Axis {
        let (least, most) = extremes(numbers);
        let from = least.floor();
        Axis { from, to: most.ceil().max(from + 1.0), start, end }
    }

    /// Where a number is in the picture.
    pub(crate) fn place(&self, number: f64) -> f64 {
        self.start + (self.end - self.start) * (logarithm(number) - self.from) / (self.to - self.from)
    }

    /// The number at the beginning of it.
    pub(crate) fn least(&self) -> f64 {
        10_f64.powf(self.from)
    }

    /// The powers of ten on it.
    pub(crate) fn powers(&self) -> impl Iterator<Item = i32> + use<> {
        self.from.ceil() as i32..=self.to.floor() as i32
    }

    /// Its beginning and its end in the picture.
    pub(crate) fn ends(&self) -> (f64, f64) {
        (self.start, self.end)
    }
}

/// Of no number the logarithms of one.
fn extremes(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let of = |extremes: Option<(f64, f64)>, number: f64| match extremes {
        Some((least, most)) => Some((least.min(number), most.max(number))),
        None => Some((number, number)),
    };
    numbers.map(logarithm).fold(None, of).unwrap_or_default()
}

/// Nothing that is measured is nothing: a clock may be too coarse.
fn logarithm(number: f64) -> f64 {
    const LEAST: f64 = 1e-9;
    number.max(LEAST).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_as_much_is_as_far_everywhere() {
        let axis = Axis::around([11e6, 11e9].into_iter(), (100.0, 500.0));
        let steps = [11e6, 11e7, 11e8, 11e9].map(|number| axis.place(number));
        let lengths: Vec<f64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            lengths.iter().all(|length| (length - lengths[0]).abs() < 1e-9 && *length > 100.0),
            "{steps:?}"
        );
        assert!(steps[0] > 100.0 && steps[3] < 500.0);
        assert_eq!(axis.powers().collect::<Vec<_>>(), [7, 8, 9, 10]);
    }

    #[test]
    fn an_axis_between_powers_begins_and_ends_with_one() {
        let axis = Axis::between_powers([0.004, 12.0].into_iter(), (300.0, 0.0));
        assert_eq!(axis.powers().collect::<Vec<_>>(), [-3, -2, -1, 0, 1, 2]);
        assert_eq!((axis.place(0.001), axis.place(100.0)), axis.ends());
        let single = Axis::between_powers([1e6].into_iter(), (0.0, 10.0));
        assert_eq!(single.powers().collect::<Vec<_>>(), [6, 7]);
    }

    #[test]
    fn numbers_that_are_all_the_same_and_none_have_an_axis_with_a_power_on_it() {
        for numbers in [vec![], vec![0.0], vec![35.0, 35.0]] {
            let axis = Axis::around(numbers.iter().copied(), (0.0, 10.0));
            assert!(axis.powers().count() > 0 && axis.place(1.0).is_finite(), "{numbers:?}");
        }
    }
}
