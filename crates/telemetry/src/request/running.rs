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
    first_token: Option<Instant>,
    observer: O,
}

impl<O> Running<O> {
    pub(super) const fn new(origin: Arc<Origin>, observer: O) -> Self {
        Self { origin, status: None, first_token: None, observer }
    }

    pub(super) const fn head(&mut self, status: StatusCode) {
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
            stream: origin.peek().stream,
            chain: trail.chain().cloned(),
            target: trail.last_target(),
            outcome: outcome::step(end.outcome),
            status: self.status,
            received: origin.received(),
            duration: end.now.saturating_duration_since(origin.received()),
            first_token: self.first_token.map(|at| at.saturating_duration_since(origin.received())),
            attempts: trail.calls(),
            fallback_reason: trail.fallback_reason(),
            usage: end.usage,
            steps: trail.steps(),
        };
        log::emit(&report);
        self.observer.ended(&report);
    }

    fn mark(&self, failure: Failure) -> Failure {
        failure
    }
}
