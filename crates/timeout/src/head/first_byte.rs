use std::task::{Context, Poll};

use backstop_core::{
    MaybeCall,
    classify::{Answers, Classify},
    clock,
};
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseFuture;
use crate::Timeouts;

/// Limits the time to the response head of calls that stream, and of plain requests.
///
/// Stands where the response future resolves at the head: right above normalize, which still knows the call, or right
/// above a plain client. The head of an unstreamed answer only comes with the answer, so such calls are left to
/// [`TotalTimeoutLayer`](crate::TotalTimeoutLayer).
#[derive(Clone, Copy, Debug)]
pub struct FirstByteTimeoutLayer<C = Answers> {
    timeouts: Timeouts,
    classifier: C,
}

/// A service whose response head must come in time. Made by [`FirstByteTimeoutLayer`].
#[derive(Clone, Copy, Debug)]
pub struct FirstByteTimeout<S, C = Answers> {
    inner: S,
    timeouts: Timeouts,
    classifier: C,
}

impl FirstByteTimeoutLayer {
    /// Takes the limit from `timeouts`.
    #[must_use]
    pub const fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, classifier: Answers::new() }
    }
}

impl<C> FirstByteTimeoutLayer<C> {
    /// Sets how a timeout is told. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> FirstByteTimeoutLayer<D> {
        FirstByteTimeoutLayer { timeouts: self.timeouts, classifier }
    }
}

impl Default for FirstByteTimeoutLayer {
    fn default() -> Self {
        Self::new(Timeouts::new())
    }
}

impl<S, C: Clone> Layer<S> for FirstByteTimeoutLayer<C> {
    type Service = FirstByteTimeout<S, C>;

    fn layer(&self, inner: S) -> FirstByteTimeout<S, C> {
        FirstByteTimeout { inner, timeouts: self.timeouts, classifier: self.classifier.clone() }
    }
}

impl<S, C> FirstByteTimeout<S, C> {
    backstop_core::accessors!(inner: S);
}

impl<S, C, R> Service<R> for FirstByteTimeout<S, C>
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
        let limit = self.timeouts.first_byte(request.call());
        let call = self.inner.call(request);
        ResponseFuture::new(call, self.classifier.clone(), limit, clock::now())
    }
}
