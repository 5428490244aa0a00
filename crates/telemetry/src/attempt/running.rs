use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use backstop_core::{Call, Failure, Kind, Origin, Step, StepOutcome, Text};
use http::StatusCode;

use super::AttemptObserver;
use crate::{
    outcome,
    tracked::{End, Track},
};

/// A step of the trail that has begun.
#[derive(Debug)]
pub(crate) struct Running<O> {
    origin: Arc<Origin>,
    number: u32,
    target: Text,
    observer: O,
}

impl<O: AttemptObserver> Running<O> {
    pub(super) fn begin(call: &mut Call, target: Text, observer: O, now: Instant) -> Self {
        let origin = Arc::clone(call.origin());
        let number = origin.trail().begin(target.clone(), now);
        call.attempt_mut().set_number(number);
        let running = Self { origin, number, target, observer };
        running.change(|_| {}, O::begun);
        running
    }

    pub(super) fn head(&self, status: StatusCode) {
        self.origin.trail().update(self.number, |step| step.status = Some(status));
    }

    /// Changes the step, then tells the observer, which may look at the trail itself: not under its lock.
    fn change(&self, change: impl FnOnce(&mut Step), tell: impl FnOnce(&O, &Origin, &Step)) {
        let mut changed = None;
        self.origin.trail().update(self.number, |step| {
            change(step);
            changed = Some(step.clone());
        });
        if let Some(step) = changed {
            tell(&self.observer, &self.origin, &step);
        }
    }
}

impl<O: AttemptObserver> Track for Running<O> {
    const GAPS: bool = true;

    fn next_token(&mut self, gap: Duration) {
        self.observer.next_token(gap);
    }

    fn first_token(&mut self, now: Instant) {
        let change = |step: &mut Step| step.first_token = Some(now.saturating_duration_since(step.started));
        self.change(change, O::first_token);
    }

    fn end(&mut self, end: End) {
        let outcome = outcome::step(end.outcome);
        if let StepOutcome::Failed(class) = outcome
            && matches!(class.kind, Kind::Unauthorized | Kind::QuotaExhausted | Kind::ModelNotFound)
        {
            tracing::warn!(
                target: "backstop::alert",
                request_id = %self.origin.id(),
                provider_target = &*self.target,
                kind = class.kind.label(),
                "a provider refuses our key or model"
            );
        }
        let change = |step: &mut Step| {
            step.outcome = outcome;
            step.duration = Some(end.now.saturating_duration_since(step.started));
            // Whoever counts the cost, below, knows better what a stream used that was broken off.
            step.usage = step.usage.take().or(end.usage);
        };
        self.change(change, O::settled);
    }

    fn mark(&self, failure: Failure) -> Failure {
        if let Some(status) = failure.provider_status() {
            self.head(status);
        }
        if failure.target().is_some() { failure } else { failure.with_target(self.target.clone()) }
    }
}
