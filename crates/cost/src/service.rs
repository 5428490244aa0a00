use std::{
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Answer, Failure, MaybeCall, accessors};
use http::Response;
use tower_service::Service;

use crate::{CostConfig, CostObserver, CostedBody, ResponseFuture, bill::Bill};

/// Says what each call costs. Made by [`CostLayer`](crate::CostLayer). Its readiness is that of the service inside.
#[derive(Debug)]
pub struct Costed<S, O = ()> {
    inner: S,
    config: Arc<CostConfig>,
    observer: Arc<O>,
}

impl<S, O> Costed<S, O> {
    pub(crate) const fn new(inner: S, config: Arc<CostConfig>, observer: Arc<O>) -> Self {
        Self { inner, config, observer }
    }

    accessors!(inner: S);
}

impl<S: Clone, O> Clone for Costed<S, O> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
            observer: Arc::clone(&self.observer),
        }
    }
}

impl<S, R, A, O> Service<R> for Costed<S, O>
where
    S: Service<R, Response = Response<A>, Error = Failure>,
    R: MaybeCall,
    A: Answer,
    O: CostObserver,
{
    type Response = Response<CostedBody<A, O>>;
    type Error = Failure;
    type Future = ResponseFuture<S::Future, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let bill = Bill::new(request.call(), Arc::clone(&self.config), Arc::clone(&self.observer));
        match bill.refuse() {
            Some(refusal) => ResponseFuture::refused(refusal, bill),
            None => ResponseFuture::new(self.inner.call(request), bill),
        }
    }
}
