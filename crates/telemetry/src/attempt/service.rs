use std::task::{Context, Poll};

use backstop_core::{Failure, MaybeCall, Text, clock};
use http::Response;
use tower_service::Service;

use super::{AttemptBody, AttemptFuture, AttemptObserver, running::Running};
use crate::tracked::Tracker;

/// Writes a step of the trail for every call. Made by [`AttemptLayer`](crate::AttemptLayer).
///
/// Ready when the inner service is. The step begins with the call, not with readiness.
#[derive(Clone, Debug)]
pub struct Attempt<S, O = ()> {
    inner: S,
    target: Text,
    observer: O,
}

impl<S, O> Attempt<S, O> {
    pub(super) const fn new(inner: S, target: Text, observer: O) -> Self {
        Self { inner, target, observer }
    }

    /// The service inside.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside, to be changed.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, taken out.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, O, R, B> Service<R> for Attempt<S, O>
where
    S: Service<R, Response = Response<B>, Error = Failure>,
    O: AttemptObserver + Clone,
    R: MaybeCall,
{
    type Response = Response<AttemptBody<B, O>>;
    type Error = Failure;
    type Future = AttemptFuture<S::Future, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let running = request
            .call_mut()
            .map(|call| Running::begin(call, self.target.clone(), self.observer.clone(), clock::now()));
        let tracker = Tracker::new(running);
        AttemptFuture::new(self.inner.call(request), tracker)
    }
}
