use std::task::{Context, Poll};

use backstop_core::{
    Clock, MaybeCall,
    classify::{Answers, Classify},
    clock,
};
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseFuture;
use crate::Timeouts;

/// Limits the time to the first token of calls that stream.
///
/// Stands right above commit, whose response future resolves at the first semantic event. Plain requests pass untouched.
#[derive(Clone, Copy, Debug)]
pub struct FirstTokenTimeoutLayer<C = Answers> {
    timeouts: Timeouts,
    classifier: C,
}

/// A service whose first token must come in time. Made by [`FirstTokenTimeoutLayer`].
#[derive(Clone, Copy, Debug)]
pub struct FirstTokenTimeout<S, C = Answers> {
    inner: S,
    timeouts: Timeouts,
    classifier: C,
}

impl FirstTokenTimeoutLayer {
    /// Takes the limit from `timeouts`.
    #[must_use]
    pub const fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, classifier: Answers::new() }
    }
}

impl<C> FirstTokenTimeoutLayer<C> {
    /// Sets how a timeout is told. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> FirstTokenTimeoutLayer<D> {
        FirstTokenTimeoutLayer { timeouts: self.timeouts, classifier }
    }
}

impl Default for FirstTokenTimeoutLayer {
    fn default() -> Self {
        Self::new(Timeouts::new())
    }
}

impl<S, C: Clone> Layer<S> for FirstTokenTimeoutLayer<C> {
    type Service = FirstTokenTimeout<S, C>;

    fn layer(&self, inner: S) -> FirstTokenTimeout<S, C> {
        FirstTokenTimeout { inner, timeouts: self.timeouts, classifier: self.classifier.clone() }
    }
}

impl<S, C, R> Service<R> for FirstTokenTimeout<S, C>
where
    S: Service<R>,
    C: Classify<S::Response, S::Error> + Clone,
    R: MaybeCall,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let limit = self.timeouts.first_token(request.call());
        let call = self.inner.call(request);
        ResponseFuture::new(call, self.classifier.clone(), Clock::FirstToken, limit, clock::now())
    }
}
