use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{MaybeCall, classify::Classify, clock};
use tower_service::Service;

use crate::{ResponseFuture, RetryObserver, layer::Policy};

/// Retries on the same target. Its readiness is that of the service inside; a retry waits for it anew.
pub struct Retry<S, C, O = ()> {
    inner: S,
    policy: Arc<Policy<C, O>>,
}

impl<S, C, O> Retry<S, C, O> {
    pub(crate) const fn new(inner: S, policy: Arc<Policy<C, O>>) -> Self {
        Self { inner, policy }
    }

    backstop_core::accessors!(inner: S);
}

impl<S: Clone, C, O> Clone for Retry<S, C, O> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), policy: Arc::clone(&self.policy) }
    }
}

impl<S, R, C, O> Service<R> for Retry<S, C, O>
where
    S: Service<R> + Clone,
    R: MaybeCall + Clone,
    C: Classify<S::Response, S::Error>,
    O: RetryObserver,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, R, C, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // The instance that was made ready makes the first call, and goes along for those that may follow.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        self.policy.budget.deposit(clock::now());
        let call = ready.call(request.clone());
        ResponseFuture::new(ready, call, request, Arc::clone(&self.policy))
    }
}

impl<S: fmt::Debug, C, O> fmt::Debug for Retry<S, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("inner", &self.inner)
            .field("config", &self.policy.config)
            .finish_non_exhaustive()
    }
}
