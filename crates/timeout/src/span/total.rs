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

/// Limits the time of a whole attempt that does not stream, head and body. Streams have clocks of their own.
///
/// Stands at the top of a target, above commit. Plain requests are limited where
/// [`Timeouts::with_total`] was set.
#[derive(Clone, Copy, Debug)]
pub struct TotalTimeoutLayer<C = Answers> {
    timeouts: Timeouts,
    classifier: C,
}

/// A service whose unstreamed answers must be whole in time. Made by [`TotalTimeoutLayer`].
#[derive(Clone, Copy, Debug)]
pub struct TotalTimeout<S, C = Answers> {
    inner: S,
    timeouts: Timeouts,
    classifier: C,
}

impl TotalTimeoutLayer {
    /// Takes the limit from `timeouts`.
    #[must_use]
    pub const fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, classifier: Answers::new() }
    }
}

impl<C> TotalTimeoutLayer<C> {
    /// Sets how a timeout is told. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> TotalTimeoutLayer<D> {
        TotalTimeoutLayer { timeouts: self.timeouts, classifier }
    }
}

impl Default for TotalTimeoutLayer {
    fn default() -> Self {
        Self::new(Timeouts::new())
    }
}

impl<S, C: Clone> Layer<S> for TotalTimeoutLayer<C> {
    type Service = TotalTimeout<S, C>;

    fn layer(&self, inner: S) -> TotalTimeout<S, C> {
        TotalTimeout { inner, timeouts: self.timeouts, classifier: self.classifier.clone() }
    }
}

impl<S, C> TotalTimeout<S, C> {
    backstop_core::accessors!(inner: S);
}

impl<S, C, R, B> Service<R> for TotalTimeout<S, C>
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
        let after = self.timeouts.total(request.call(), now);
        let limit = after.and_then(|after| Limit::new(now, after));
        let watch = limit.map_or(Watch::Off, Watch::End);
        ResponseFuture::new(self.inner.call(request), self.classifier.clone(), watch)
    }
}
