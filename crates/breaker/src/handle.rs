use std::{sync::Arc, time::Instant};

use crate::{BreakerObserver, BreakerState, BreakerWatch, Counts, Snapshot, policy::Circuit};

/// Watches and forces a breaker. Cheap to clone; made by [`BreakerLayer::handle`](crate::BreakerLayer::handle).
#[derive(Clone, Debug)]
pub struct BreakerHandle<O = ()> {
    circuit: Arc<Circuit>,
    observer: O,
}

impl<O> BreakerHandle<O> {
    pub(crate) const fn new(circuit: Arc<Circuit>, observer: O) -> Self {
        Self { circuit, observer }
    }

    /// Who hears of changes that this handle forces.
    #[must_use]
    pub const fn observer(&self) -> &O {
        &self.observer
    }

    /// What the breaker does with calls. An open breaker whose time is up stays open until the next call, which probes.
    #[must_use]
    pub fn state(&self, now: Instant) -> BreakerState {
        self.snapshot(now).state
    }

    /// What it has counted.
    #[must_use]
    pub fn counts(&self, now: Instant) -> Counts {
        self.snapshot(now).counts
    }

    /// State and counts at once.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Snapshot {
        self.circuit.snapshot(now)
    }

    /// Watches for changes of the state from now on.
    #[must_use]
    pub fn watch(&self) -> BreakerWatch {
        BreakerWatch::new(Arc::clone(&self.circuit))
    }
}

impl<O: BreakerObserver> BreakerHandle<O> {
    /// Refuses every call until told otherwise.
    pub fn force_open(&self, now: Instant) {
        self.force(BreakerState::ForcedOpen, now);
    }

    /// Lets every call through until told otherwise, whatever comes of them.
    pub fn force_closed(&self, now: Instant) {
        self.force(BreakerState::ForcedClosed, now);
    }

    /// Gives the breaker back to itself: closed, with nothing counted. Also closes one that has opened by itself.
    pub fn auto(&self, now: Instant) {
        self.force(BreakerState::Closed, now);
    }

    fn force(&self, state: BreakerState, now: Instant) {
        if let Some(transition) = self.circuit.force(state, now) {
            self.observer.transition(&transition);
        }
    }
}
