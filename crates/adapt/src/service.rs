use std::{
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Edit, MaybeCall, Target};
use tower_service::Service;

/// Notes a target and its changes on each call.
#[derive(Clone, Debug)]
pub struct Adapt<S> {
    inner: S,
    target: Arc<Target>,
    edits: Arc<Vec<Edit>>,
}

impl<S> Adapt<S> {
    pub(crate) const fn new(inner: S, target: Arc<Target>, edits: Arc<Vec<Edit>>) -> Self {
        Self { inner, target, edits }
    }

    backstop_core::accessors!(inner: S);
}

impl<S: Service<R>, R: MaybeCall> Service<R> for Adapt<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> S::Future {
        if let Some(call) = request.call_mut() {
            let attempt = call.attempt_mut();
            attempt.set_target(Arc::clone(&self.target));
            attempt.append_edits(&self.edits);
        }
        self.inner.call(request)
    }
}
