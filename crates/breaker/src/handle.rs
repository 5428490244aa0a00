use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use crate::{BreakerObserver, BreakerState, Counts, Snapshot, policy::Circuit};

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

    /// Waits for a change: ready with the version of the state once that is another than `seen`.
    ///
    /// Watch with `poll_fn`: take a [`Snapshot`], wait for another version, take the next. Changes in between are
    /// skipped; who must hear of all of them is an observer. Cancel safe.
    pub fn poll_version(&self, seen: u64, cx: &Context<'_>) -> Poll<u64> {
        self.circuit.poll_version(seen, cx)
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
