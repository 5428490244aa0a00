//! Attempts and failures of the last while, in atomic slices.

use std::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// A sliding window of ten slices, each one word: which slice of time it counts, attempts, and failures.
///
/// It covers nine to ten tenths of its length. Lock-free; counts stop at a million a slice.
#[derive(Debug)]
pub(crate) struct Window {
    slice: Duration,
    slices: [AtomicU64; SLICES],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) attempts: u32,
    pub(crate) failures: u32,
}

#[derive(Clone, Copy)]
struct Slice {
    number: u64,
    totals: Totals,
}

impl Window {
    pub(crate) fn new(length: Duration) -> Self {
        let slice = (length / SLICES as u32).max(Duration::from_millis(1));
        Self { slice, slices: Default::default() }
    }

    /// Notes attempts and failures. `at` is the time since some fixed moment.
    pub(crate) fn add(&self, added: Totals, at: Duration) {
        let number = self.number(at);
        let word = &self.slices[(number % SLICES as u64) as usize];
        // The closure always gives a value, so neither does this ever fail.
        let _ = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            let mut slice = Slice::unpack(word);
            if slice.number != number {
                slice = Slice { number, totals: Totals::default() };
            }
            slice.totals = slice.totals.plus(added);
            Some(slice.pack())
        });
    }

    /// What was noted within the window that ends at `at`.
    pub(crate) fn totals(&self, at: Duration) -> Totals {
        let number = self.number(at);
        let recent = self.slices.iter().map(|word| Slice::unpack(word.load(Ordering::Acquire)));
        recent
            .filter(|slice| number.wrapping_sub(slice.number) & NUMBER_MASK < SLICES as u64)
            .fold(Totals::default(), |sum, slice| sum.plus(slice.totals))
    }

    pub(crate) fn clear(&self) {
        for word in &self.slices {
            word.store(0, Ordering::Release);
        }
    }

    fn number(&self, at: Duration) -> u64 {
        (at.as_nanos() / self.slice.as_nanos()) as u64 & NUMBER_MASK
    }
}

impl Totals {
    fn plus(self, other: Self) -> Self {
        Self {
            attempts: self.attempts.saturating_add(other.attempts),
            failures: self.failures.saturating_add(other.failures),
        }
    }
}

impl Slice {
    const fn unpack(word: u64) -> Self {
        let attempts = (word >> COUNT_BITS & COUNT_MASK) as u32;
        let failures = (word & COUNT_MASK) as u32;
        Self { number: word >> (2 * COUNT_BITS), totals: Totals { attempts, failures } }
    }

    fn pack(self) -> u64 {
        let attempts = u64::from(self.totals.attempts).min(COUNT_MASK);
        let failures = u64::from(self.totals.failures).min(COUNT_MASK);
        self.number << (2 * COUNT_BITS) | attempts << COUNT_BITS | failures
    }
}

// Loom explores every order of every access: fewer slices are the same algorithm.
const SLICES: usize = if cfg!(backstop_loom) { 2 } else { 10 };
const COUNT_BITS: u32 = 20;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
const NUMBER_MASK: u64 = (1 << (64 - 2 * COUNT_BITS)) - 1;

#[cfg(all(test, not(backstop_loom)))]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_is_older_than_ten_slices() {
        let window = Window::new(Duration::from_secs(30));
        let second = Duration::from_secs;
        window.add(Totals { attempts: 2, failures: 1 }, second(0));
        window.add(Totals { attempts: 1, failures: 0 }, second(4));
        assert_eq!(window.totals(second(29)), Totals { attempts: 3, failures: 1 });
        assert_eq!(window.totals(second(30)), Totals { attempts: 1, failures: 0 });
        window.add(Totals { attempts: 1, failures: 1 }, second(33));
        assert_eq!(window.totals(second(33)), Totals { attempts: 1, failures: 1 });
        assert_eq!(window.totals(second(1000)), Totals::default());
        window.clear();
        assert_eq!(window.totals(second(33)), Totals::default());
    }

    #[test]
    fn counts_stop_and_do_not_spill() {
        let window = Window::new(Duration::from_secs(10));
        for _ in 0..3 {
            window.add(Totals { attempts: 1_000_000, failures: 900_000 }, Duration::ZERO);
        }
        let most = COUNT_MASK as u32;
        assert_eq!(window.totals(Duration::ZERO), Totals { attempts: most, failures: most });
    }
}
