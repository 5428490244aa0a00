use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use backstop_core::clock;

use crate::{Snapshot, policy::Circuit};

/// Waits for a breaker's next change of state. Made by [`BreakerHandle::watch`](crate::BreakerHandle::watch).
///
/// Changes that come while nobody waits are skipped but for the last one; who must hear of all of them is an observer.
/// Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct BreakerWatch {
    circuit: Arc<Circuit>,
    seen: u64,
    place: Option<u64>,
}

impl BreakerWatch {
    pub(crate) fn new(circuit: Arc<Circuit>) -> Self {
        let seen = circuit.snapshot(clock::now()).version;
        Self { circuit, seen, place: None }
    }

    /// Waits until the state is another than when it was last seen: first when the watch was made, then here.
    ///
    /// Cancel safe: a change that comes while this is dropped is told the next time.
    pub async fn changed(&mut self) -> Snapshot {
        poll_fn(|cx| self.poll_changed(cx)).await
    }

    /// [`changed`](Self::changed), for futures and streams written by hand.
    pub fn poll_changed(&mut self, cx: &Context<'_>) -> Poll<Snapshot> {
        ready!(self.circuit.poll_changed(self.seen, &mut self.place, cx.waker()));
        let snapshot = self.circuit.snapshot(clock::now());
        self.seen = snapshot.version;
        Poll::Ready(snapshot)
    }
}

impl Drop for BreakerWatch {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.circuit.unwatch(place);
        }
    }
}

/// Who waits: at most one waker for each watch.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    next: u64,
    wakers: Vec<(u64, Waker)>,
}

impl Watchers {
    /// Notes who waits at `place`, which is given out at the first time.
    pub(crate) fn wait(&mut self, place: &mut Option<u64>, waker: &Waker) {
        let number = *place.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        match self.wakers.iter_mut().find(|(known, _)| *known == number) {
            Some((_, known)) => known.clone_from(waker),
            None => self.wakers.push((number, waker.clone())),
        }
    }

    pub(crate) fn leave(&mut self, place: u64) {
        self.wakers.retain(|(known, _)| *known != place);
    }

    pub(crate) fn wake(&mut self) {
        for (_, waker) in self.wakers.drain(..) {
            waker.wake();
        }
    }
}

#[cfg(all(test, not(backstop_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_watch_waits_at_one_place_and_leaves_it() {
        let (mut watchers, waker) = (Watchers::default(), Waker::noop());
        let (mut one, mut two) = (None, None);
        for _ in 0..3 {
            watchers.wait(&mut one, waker);
            watchers.wait(&mut two, waker);
        }
        assert_eq!(watchers.wakers.len(), 2);
        watchers.leave(one.unwrap());
        assert_eq!(watchers.wakers.len(), 1);
        watchers.wake();
        assert!(watchers.wakers.is_empty());
    }
}
