//! How much of a store no bytes of the log stand behind.

use super::conflict::Refusal;

/// Rows and values that a store takes without bytes of the log behind them.
///
/// A few bytes can ask for any number of rows: `insert_vector` holds a count alone, and a record id may skip 2^60
/// others. Counted are the rows of every `insert_vector`, the record ids that an insertion skips, and the values of
/// a field that are filled with its default because one of a later record is set.
///
/// Each takes at most 16 bytes, and as much again may be reserved where a column grows. What bytes do stand behind takes
/// at most 32 bytes of memory for each byte of the log, and mostly about one. So with the limit of [`Limits::for_log`] a
/// store never takes more than 512 MiB and 288 bytes for each byte of the log, whatever is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many rows and values without bytes behind them are taken.
    pub rows: u64,
}

/// What a log of any size may ask for: a small one that prepares a large table.
const FLOOR: u64 = 1 << 24;

/// What each byte of the log adds: a table of many fields of which few are set.
const FOR_EACH_BYTE: u64 = 8;

impl Limits {
    /// Whatever the log asks for.
    pub const NONE: Limits = Limits { rows: u64::MAX };

    /// For a log of so many bytes: 16,777,216, and 8 for each byte.
    #[must_use]
    pub const fn for_log(bytes: u64) -> Limits {
        Limits { rows: bytes.saturating_mul(FOR_EACH_BYTE).saturating_add(FLOOR) }
    }
}

impl Default for Limits {
    /// For a log of unknown size: 16,777,216.
    fn default() -> Limits {
        Limits::for_log(0)
    }
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    limit: u64,
    taken: u64,
}

impl Allowance {
    pub(super) const fn new(limits: Limits) -> Allowance {
        Allowance { limit: limits.rows, taken: 0 }
    }

    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    /// Makes values up to `length`, with the default of their type.
    #[inline]
    pub(super) fn reach<T: Copy + Default>(
        &mut self,
        values: &mut Vec<T>,
        length: usize,
    ) -> Result<(), Refusal> {
        if length > values.len() { self.fill(values, length) } else { Ok(()) }
    }

    #[cold]
    fn fill<T: Copy + Default>(&mut self, values: &mut Vec<T>, length: usize) -> Result<(), Refusal> {
        let missing = length.saturating_sub(values.len());
        self.take(missing as u64)?;
        values.try_reserve(missing).map_err(|_| Refusal::NoMemory)?;
        values.resize(length, T::default());
        Ok(())
    }

    /// Takes so many rows or values.
    pub(super) fn take(&mut self, rows: u64) -> Result<(), Refusal> {
        let asked = self.taken.saturating_add(rows);
        if asked > self.limit {
            return Err(Refusal::TooMany { asked });
        }
        self.taken = asked;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_all_that_was_taken() {
        let mut allowance = Allowance::new(Limits { rows: 10 });
        assert_eq!(allowance.take(6), Ok(()));
        assert_eq!(allowance.take(5), Err(Refusal::TooMany { asked: 11 }));
        assert_eq!(allowance.take(4), Ok(()));
        assert_eq!(allowance.take(u64::MAX), Err(Refusal::TooMany { asked: u64::MAX }));
    }

    #[test]
    fn values_are_made_up_to_a_length_and_counted() {
        let (mut allowance, mut values) = (Allowance::new(Limits { rows: 10 }), vec![7_i8]);
        assert_eq!(allowance.reach(&mut values, 1), Ok(()));
        assert_eq!(allowance.reach(&mut values, 4), Ok(()));
        assert_eq!(allowance.reach(&mut values, 12), Err(Refusal::TooMany { asked: 11 }));
        assert_eq!(values, [7, 0, 0, 0]);
    }

    #[test]
    fn memory_that_is_not_there_is_no_panic() {
        let (mut allowance, mut values) = (Allowance::new(Limits::NONE), vec![7_i64]);
        assert_eq!(allowance.reach(&mut values, usize::MAX), Err(Refusal::NoMemory));
        assert_eq!(values, [7]);
    }

    #[test]
    fn nothing_is_too_much_without_a_limit() {
        let mut allowance = Allowance::new(Limits::NONE);
        assert_eq!((allowance.take(u64::MAX), allowance.take(u64::MAX)), (Ok(()), Ok(())));
    }
}
