//! Every combination of choices, or a part of them where there are too many.

/// Up to so many combinations are all visited.
const ALL: usize = 1024;

/// So many pairs of deviations are visited at most.
const PAIRS: usize = 200;

/// So many combinations are drawn where not all are visited.
const DRAWN: usize = 100;

/// Repeatable random numbers: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Random numbers of their own, the same on every run.
    pub(crate) fn fork(&mut self) -> Random {
        Random(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let high = usize::try_from(self.next() >> 33).unwrap();
        high % bound
    }
}

type Visit<'a> = dyn FnMut(&[usize]) + 'a;

/// Visits choices of one number below each radix. The last number of a radix stands for "arrived", 0 for "lost".
///
/// Where there are too many, those are visited that differ from all arrived or all lost in at most two places, and
/// some that are drawn.
pub(crate) fn each_choice(radices: &[usize], random: &mut Random, visit: &mut Visit<'_>) {
    let count = radices.iter().try_fold(1_usize, |count, radix| count.checked_mul(*radix));
    if count.is_some_and(|count| count <= ALL) {
        return each(radices, visit);
    }
    let arrived: Vec<usize> = radices.iter().map(|radix| radix - 1).collect();
    let lost = vec![0; radices.len()];
    for base in [arrived, lost] {
        deviations(&base, radices, random, visit);
    }
    for _ in 0..DRAWN {
        let drawn: Vec<usize> = radices.iter().map(|radix| random.below(*radix)).collect();
        visit(&drawn);
    }
}

fn each(radices: &[usize], visit: &mut Visit<'_>) {
    let mut choice = vec![0; radices.len()];
    loop {
        visit(&choice);
        let Some(place) = (0..radices.len()).find(|&place| choice[place] + 1 < radices[place]) else {
            return;
        };
        choice[place] += 1;
        choice[..place].fill(0);
    }
}

/// The base, every deviation in one place, and deviations in two: all, or as many as are visited at most.
fn deviations(base: &[usize], radices: &[usize], random: &mut Random, visit: &mut Visit<'_>) {
    let places: Vec<(usize, usize)> = (0..radices.len())
        .flat_map(|place| (0..radices[place]).map(move |value| (place, value)))
        .filter(|&(place, value)| value != base[place])
        .collect();
    visit(base);
    for &place in &places {
        visit(&deviation(base, [place, place]));
    }
    let count = places.len() * places.len();
    for pair in 0..count.min(PAIRS) {
        let pair = if count <= PAIRS { pair } else { random.below(count) };
        visit(&deviation(base, [places[pair / places.len()], places[pair % places.len()]]));
    }
}

fn deviation(base: &[usize], places: [(usize, usize); 2]) -> Vec<usize> {
    let mut choice = base.to_vec();
    places.into_iter().for_each(|(place, value)| choice[place] = value);
    choice
}
