//! Failures in a row, of attempts begun after the last success.

use crate::sync::{AtomicU64, Ordering};

/// One word: how many successes there have been, and the failures since the last one.
///
/// An attempt notes the number of successes when it begins. Its failure counts only if there has been no success since:
/// a burst of old attempts that time out one after another says nothing of a target that has answered meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Streak(AtomicU64);

impl Streak {
    /// What an attempt takes along when it begins.
    pub(crate) fn begin(&self) -> u64 {
        self.0.load(Ordering::Acquire) >> FAILURE_BITS
    }

    pub(crate) fn success(&self) {
        let next = |word: u64| Some(((word >> FAILURE_BITS) + 1) << FAILURE_BITS);
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    /// Notes a failure of an attempt begun with `begun`. Gives the failures in a row, 0 where this one does not count.
    pub(crate) fn failure(&self, begun: u64, weight: u32) -> u32 {
        let next = |word: u64| {
            let failures = (word & FAILURE_MASK).saturating_add(weight.into()).min(FAILURE_MASK);
            (word >> FAILURE_BITS == begun).then_some((begun << FAILURE_BITS) | failures)
        };
        let noted = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        noted.map_or(0, |before| (before & FAILURE_MASK) as u32 + weight)
    }

    pub(crate) fn failures(&self) -> u32 {
        (self.0.load(Ordering::Acquire) & FAILURE_MASK) as u32
    }
}

const FAILURE_BITS: u32 = 20;
const FAILURE_MASK: u64 = (1 << FAILURE_BITS) - 1;

#[cfg(all(test, not(backstop_loom)))]
mod tests {
    use super::*;

    #[test]
    fn counts_only_what_began_after_the_last_success() {
        let streak = Streak::default();
        let old = streak.begin();
        assert_eq!(streak.failure(old, 1), 1);
        streak.success();
        assert_eq!(streak.failure(old, 1), 0);
        let new = streak.begin();
        assert_eq!((streak.failure(new, 2), streak.failure(new, 1), streak.failures()), (2, 3, 3));
    }
}
