use std::{sync::Arc, time::Instant};

use backstop_core::{
    classify::{Outcome, Settle},
    clock,
};

use crate::{
    BreakerObserver,
    policy::{Circuit, Permit, Verdict},
};

/// Tells the breaker how an admitted call ended: at the latest when it is dropped, which frees the slot of a probe.
#[derive(Debug)]
pub struct Settlement<O: BreakerObserver> {
    circuit: Arc<Circuit>,
    permit: Option<Permit>,
    observer: O,
}

impl<O: BreakerObserver> Settlement<O> {
    pub(crate) const fn new(circuit: Arc<Circuit>, permit: Permit, observer: O) -> Self {
        Self { circuit, permit: Some(permit), observer }
    }

    fn conclude(&mut self, verdict: Verdict, now: Instant) {
        let permit = self.permit.take();
        if let Some(transition) = permit.and_then(|permit| self.circuit.settle(permit, verdict, now)) {
            self.observer.transition(&transition);
        }
    }
}

impl<O: BreakerObserver> Settle for Settlement<O> {
    fn settle(&mut self, outcome: Outcome, now: Instant) {
        let verdict = match outcome {
            Outcome::Success => Verdict::Success,
            Outcome::Failed(class) => Verdict::of_class(class),
            // Dropped, or an outcome that is yet to come.
            _ => Verdict::Neither,
        };
        self.conclude(verdict, now);
    }
}

impl<O: BreakerObserver> Drop for Settlement<O> {
    fn drop(&mut self) {
        if self.permit.is_some() {
            self.conclude(Verdict::Neither, clock::now());
        }
    }
}
