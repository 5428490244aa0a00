use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Answer, BoxError, Call, Failure, clock};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{IngressBody, ResponseFuture, layer::Edge};

/// The edge: any HTTP request in, a call through the stack inside, an answer in the caller's dialect out.
///
/// Never fails: every failure is a response in the caller's dialect. Always ready: each request waits, in its own
/// future, for a clone of the stack inside to be ready, so a request that must be refused is refused at once.
#[derive(Clone, Debug)]
pub struct Ingress<S> {
    inner: S,
    edge: Arc<Edge>,
}

impl<S> Ingress<S> {
    pub(super) const fn new(inner: S, edge: Arc<Edge>) -> Self {
        Self { inner, edge }
    }
}

impl<S, A, B> Service<Request<B>> for Ingress<S>
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure> + Clone,
    A: Answer,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Response = Response<IngressBody<A>>;
    type Error = Infallible;
    type Future = ResponseFuture<S, A, B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ResponseFuture::new(self.inner.clone(), request, Arc::clone(&self.edge), clock::now())
    }
}
