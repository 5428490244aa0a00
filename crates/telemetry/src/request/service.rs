use std::{
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Failure, MaybeCall};
use http::Response;
use tower_service::Service;

use super::{RequestBody, RequestFuture, RequestObserver, running::Running};
use crate::tracked::Tracker;

/// Reports every request. Made by [`RequestLayer`](crate::RequestLayer). Ready when the inner service is.
#[derive(Clone, Debug)]
pub struct RequestLog<S, O = ()> {
    inner: S,
    observer: O,
}

impl<S, O> RequestLog<S, O> {
    pub(super) const fn new(inner: S, observer: O) -> Self {
        Self { inner, observer }
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

impl<S, O, R, B> Service<R> for RequestLog<S, O>
where
    S: Service<R, Response = Response<B>, Error = Failure>,
    O: RequestObserver + Clone,
    R: MaybeCall,
{
    type Response = Response<RequestBody<B, O>>;
    type Error = Failure;
    type Future = RequestFuture<S::Future, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let running =
            request.call().map(|call| Running::begin(Arc::clone(call.origin()), self.observer.clone()));
        let tracker = Tracker::new(running);
        RequestFuture::new(self.inner.call(request), tracker)
    }
}
