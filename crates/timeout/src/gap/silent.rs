use std::{
    marker::PhantomData,
    task::{Context, Poll},
};

use backstop_core::{MaybeCall, classify::Answers};
use http::Response;
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseFuture;
use crate::{
    Timeouts,
    body::{TimedBody, Watch},
    quiet::Quiet,
};

/// Limits the time without a single byte or event in the body of calls that stream, and of plain requests.
///
/// Stands below commit, so that it runs while the first token is waited for, and while a whole answer is buffered.
#[derive(Debug)]
pub struct SilentTimeoutLayer<C = Answers> {
    timeouts: Timeouts,
    classifier: PhantomData<fn() -> C>,
}

/// A service whose bodies must not fall silent. Made by [`SilentTimeoutLayer`].
#[derive(Debug)]
pub struct SilentTimeout<S, C = Answers> {
    inner: S,
    timeouts: Timeouts,
    classifier: PhantomData<fn() -> C>,
}

impl SilentTimeoutLayer {
    /// Takes the limit from `timeouts`.
    #[must_use]
    pub const fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, classifier: PhantomData }
    }
}

impl<C> SilentTimeoutLayer<C> {
    /// Sets how a timeout is told. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, _: D) -> SilentTimeoutLayer<D> {
        SilentTimeoutLayer { timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl Default for SilentTimeoutLayer {
    fn default() -> Self {
        Self::new(Timeouts::new())
    }
}

impl<C> Clone for SilentTimeoutLayer<C> {
    fn clone(&self) -> Self {
        Self { timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl<S, C> Layer<S> for SilentTimeoutLayer<C> {
    type Service = SilentTimeout<S, C>;

    fn layer(&self, inner: S) -> SilentTimeout<S, C> {
        SilentTimeout { inner, timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl<S: Clone, C> Clone for SilentTimeout<S, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl<S, C> SilentTimeout<S, C> {
    backstop_core::accessors!(inner: S);
}

impl<S, C, R, B> Service<R> for SilentTimeout<S, C>
where
    S: Service<R, Response = Response<B>>,
    R: MaybeCall,
{
    type Response = Response<TimedBody<B, C>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let limit = self.timeouts.silent(request.call());
        let watch = limit.map_or(Watch::Off, |(first, later)| Watch::Silent(Quiet::new(first, later)));
        ResponseFuture::new(self.inner.call(request), watch)
    }
}
