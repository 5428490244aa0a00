//! Counters by what came of something.

use std::sync::atomic::{AtomicU64, Ordering};

use backstop_core::{Kind, StepOutcome};

/// One counter for each kind of failure, one for success, and one for what was dropped.
#[derive(Debug)]
pub(super) struct Outcomes([AtomicU64; KINDS + 2]);

impl Outcomes {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    /// Counts an end. What still runs has none.
    pub(super) fn count(&self, outcome: StepOutcome) {
        match outcome {
            StepOutcome::Success => self.add(SUCCESS),
            StepOutcome::Dropped => self.add(DROPPED),
            StepOutcome::Failed(class) => self.count_kind(class.kind),
            _ => {}
        }
    }

    /// Counts a failure.
    pub(super) fn count_kind(&self, kind: Kind) {
        if let Some(place) = Kind::ALL.iter().position(|known| *known == kind) {
            self.add(place);
        }
    }

    /// All that was counted, by label.
    pub(super) fn counted(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let labels = ["success", "dropped"].into_iter();
        let places = [SUCCESS, DROPPED].into_iter().chain(0..KINDS);
        let labels = labels.chain(Kind::ALL.iter().map(|kind| kind.label()));
        labels.zip(places.map(|place| self.0[place].load(Ordering::Relaxed))).filter(|(_, count)| *count > 0)
    }

    fn add(&self, place: usize) {
        self.0[place].fetch_add(1, Ordering::Relaxed);
    }
}

const KINDS: usize = Kind::ALL.len();
const SUCCESS: usize = KINDS;
const DROPPED: usize = KINDS + 1;

#[cfg(test)]
mod tests {
    use backstop_core::Class;

    use super::*;

    #[test]
    fn every_end_has_a_counter_of_its_own() {
        let outcomes = Outcomes::new();
        outcomes.count(StepOutcome::Running);
        assert_eq!(outcomes.counted().count(), 0);
        outcomes.count(StepOutcome::Success);
        outcomes.count(StepOutcome::Dropped);
        for kind in Kind::ALL {
            outcomes.count(StepOutcome::Failed(Class::new(*kind)));
        }
        let counted: Vec<_> = outcomes.counted().collect();
        assert_eq!(counted.len(), Kind::ALL.len() + 2);
        assert!(counted.iter().all(|(_, count)| *count == 1));
        assert_eq!(counted[..2], [("success", 1), ("dropped", 1)]);
    }
}
