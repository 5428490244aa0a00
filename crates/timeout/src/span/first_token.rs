use std::task::{Context, Poll};

use backstop_core::{
    MaybeCall,
    classify::{Answers, Classify},
    clock,
};
use http::Response;
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseFuture;
use crate::{
    Timeouts,
    body::{Limit, TimedBody, Watch},
};

/// Limits the time to the first semantic event of calls that stream. Plain requests pass untouched.
///
/// Counts from the call on, through the head and into the body, up to the first text, reasoning, tool call or refusal.
/// Stands right below commit, or right above it where commit does not buffer. A body that is read as frames does not say
/// what they mean: there, the first frame counts.
#[derive(Clone, Copy, Debug)]
pub struct FirstTokenTimeoutLayer<C = Answers> {
    timeouts: Timeouts,
    classifier: C,
}

/// A service that must begin to speak in time. Made by [`FirstTokenTimeoutLayer`].
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

impl<S, C> FirstTokenTimeout<S, C> {
    backstop_core::accessors!(inner: S);
}

impl<S, C, R, B> Service<R> for FirstTokenTimeout<S, C>
where
    S: Service<R, Response = Response<B>>,
    C: Classify<Response<B>, S::Error> + Clone,
    R: MaybeCall,
{
    type Response = Response<TimedBody<B, C>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let now = clock::now();
        let after = self.timeouts.first_token(request.call());
        let limit = after.and_then(|after| Limit::new(now, after));
        let watch = limit.map_or(Watch::Off, Watch::Begin);
        ResponseFuture::new(self.inner.call(request), self.classifier.clone(), watch)
    }
}
