use std::{
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Answer, Failure, MaybeCall};
use http::Response;
use tower_service::Service;

use crate::{ResponseFuture, ValidateConfig, ValidateObserver, ValidatedBody, policy::Judge};

/// Refuses answers that are none. Made by [`ValidateLayer`](crate::ValidateLayer). Its readiness is that of the service
/// inside.
#[derive(Debug)]
pub struct Validate<S, O = ()> {
    inner: S,
    config: Arc<ValidateConfig>,
    observer: Arc<O>,
}

impl<S, O> Validate<S, O> {
    pub(crate) const fn new(inner: S, config: Arc<ValidateConfig>, observer: Arc<O>) -> Self {
        Self { inner, config, observer }
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

impl<S: Clone, O> Clone for Validate<S, O> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
            observer: Arc::clone(&self.observer),
        }
    }
}

impl<S, R, A, O> Service<R> for Validate<S, O>
where
    S: Service<R, Response = Response<A>, Error = Failure>,
    R: MaybeCall,
    A: Answer,
    O: ValidateObserver,
{
    type Response = Response<ValidatedBody<A, O>>;
    type Error = Failure;
    type Future = ResponseFuture<S::Future, A, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let judge = (!self.config.is_off()).then(|| {
            let origin = request.call().map(|call| Arc::clone(call.origin()));
            Box::new(Judge::new(Arc::clone(&self.config), origin))
        });
        ResponseFuture::new(self.inner.call(request), judge, Arc::clone(&self.observer))
    }
}
