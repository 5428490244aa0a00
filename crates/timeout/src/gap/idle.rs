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

/// Limits the time without a semantic event in the body of calls that stream: pings keep no answer alive.
///
/// Stands below commit, as [`SilentTimeoutLayer`](crate::SilentTimeoutLayer) does. A body that is read as frames does not
/// say what they mean: there, each frame counts.
#[derive(Debug)]
pub struct IdleTimeoutLayer<C = Answers> {
    timeouts: Timeouts,
    classifier: PhantomData<fn() -> C>,
}

/// A service whose answers must go on. Made by [`IdleTimeoutLayer`].
#[derive(Debug)]
pub struct IdleTimeout<S, C = Answers> {
    inner: S,
    timeouts: Timeouts,
    classifier: PhantomData<fn() -> C>,
}

impl IdleTimeoutLayer {
    /// Takes the limit from `timeouts`.
    #[must_use]
    pub const fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, classifier: PhantomData }
    }
}

impl<C> IdleTimeoutLayer<C> {
    /// Sets how a timeout is told. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, _: D) -> IdleTimeoutLayer<D> {
        IdleTimeoutLayer { timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl Default for IdleTimeoutLayer {
    fn default() -> Self {
        Self::new(Timeouts::new())
    }
}

impl<C> Clone for IdleTimeoutLayer<C> {
    fn clone(&self) -> Self {
        Self { timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl<S, C> Layer<S> for IdleTimeoutLayer<C> {
    type Service = IdleTimeout<S, C>;

    fn layer(&self, inner: S) -> IdleTimeout<S, C> {
        IdleTimeout { inner, timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl<S: Clone, C> Clone for IdleTimeout<S, C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), timeouts: self.timeouts, classifier: PhantomData }
    }
}

impl<S, C> IdleTimeout<S, C> {
    backstop_core::accessors!(inner: S);
}

impl<S, C, R, B> Service<R> for IdleTimeout<S, C>
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
        let limit = self.timeouts.idle(request.call());
        let watch = limit.map_or(Watch::Off, |limit| Watch::Idle(Quiet::new(limit, limit)));
        ResponseFuture::new(self.inner.call(request), watch)
    }
}
