use std::{
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Answer, Failure, clock};
use http::Response;
use tower_service::Service;

use crate::{CommitBody, CommitConfig, CommitObserver, ResponseFuture};

/// Commits answers at their first token, or when they are whole. Its readiness is that of the service inside.
#[derive(Debug)]
pub struct Commit<S, O = ()> {
    inner: S,
    config: CommitConfig,
    observer: Arc<O>,
}

impl<S, O> Commit<S, O> {
    pub(crate) const fn new(inner: S, config: CommitConfig, observer: Arc<O>) -> Self {
        Self { inner, config, observer }
    }

    backstop_core::accessors!(inner: S);
}

impl<S: Clone, O> Clone for Commit<S, O> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), config: self.config, observer: Arc::clone(&self.observer) }
    }
}

impl<S, R, A, O> Service<R> for Commit<S, O>
where
    S: Service<R, Response = Response<A>, Error = Failure>,
    A: Answer,
    O: CommitObserver,
{
    type Response = Response<CommitBody<A>>;
    type Error = Failure;
    type Future = ResponseFuture<S::Future, A, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let observer = Arc::clone(&self.observer);
        ResponseFuture::new(self.inner.call(request), self.config, observer, clock::now())
    }
}
