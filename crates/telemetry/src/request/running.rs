use std::{sync::Arc, time::Instant};

use backstop_core::{Failure, Origin};
use http::StatusCode;

use super::{RequestObserver, RequestReport, log};
use crate::{
    outcome,
    tracked::{End, Track},
};

/// A request that has not ended yet.
#[derive(Debug)]
pub(crate) struct Running<O> {
    origin: Arc<Origin>,
    status: Option<StatusCode>,
    answered: bool,
    first_token: Option<Instant>,
    observer: O,
}

impl<O: RequestObserver> Running<O> {
    pub(super) fn begin(origin: Arc<Origin>, observer: O) -> Self {
        observer.begun(&origin);
        Self { origin, status: None, answered: false, first_token: None, observer }
    }

    /// An answer has begun.
    pub(super) fn answer(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.answered = true;
        self.observer.answered(&self.origin);
    }

    /// There is none, and the edge above will make this status of it.
    pub(super) const fn fail(&mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl<O: RequestObserver> Track for Running<O> {
    fn first_token(&mut self, now: Instant) {
        self.first_token = Some(now);
    }

    fn end(&mut self, end: End) {
        let (origin, trail) = (&self.origin, self.origin.trail());
        let report = RequestReport {
            id: origin.id(),
            dialect: origin.dialect(),
            model: origin.peek().model.clone(),
            identity: origin.identity().cloned(),
            stream: origin.peek().stream,
            chain: trail.chain().cloned(),
            target: trail.last_target(),
            outcome: outcome::step(end.outcome),
            status: self.status,
            answered: self.answered,
            received: origin.received(),
            duration: end.now.saturating_duration_since(origin.received()),
            first_token: self.first_token.map(|at| at.saturating_duration_since(origin.received())),
            attempts: trail.calls(),
            fallback_reason: trail.fallback_reason(),
            usage: end.usage,
            cost: trail.cost(),
            steps: trail.steps(),
        };
        log::emit(&report);
        self.observer.ended(&report);
    }

    fn mark(&self, failure: Failure) -> Failure {
        failure
    }
}
