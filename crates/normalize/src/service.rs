use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{BoxError, Call, Failure, Payload, clock};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{NormalizeConfig, NormalizeObserver, NormalizedBody, ResponseFuture, prepare::prepare};

/// A provider's side: calls and answers above, one dialect over plain HTTP below.
///
/// Works over any HTTP client service that is generic over its request body; its readiness is the client's.
pub struct Normalize<S, O = ()> {
    inner: S,
    config: Arc<NormalizeConfig>,
    observer: Arc<O>,
}

impl<S, O> Normalize<S, O> {
    pub(crate) const fn new(inner: S, config: Arc<NormalizeConfig>, observer: Arc<O>) -> Self {
        Self { inner, config, observer }
    }
}

impl<S: Clone, O> Clone for Normalize<S, O> {
    fn clone(&self) -> Self {
        let (config, observer) = (Arc::clone(&self.config), Arc::clone(&self.observer));
        Self { inner: self.inner.clone(), config, observer }
    }
}

impl<S, B, O> Service<Request<Call>> for Normalize<S, O>
where
    S: Service<Request<Payload>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
    O: NormalizeObserver,
{
    type Response = Response<NormalizedBody<B>>;
    type Error = Failure;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx).map_err(Failure::from_error)
    }

    fn call(&mut self, request: Request<Call>) -> Self::Future {
        let call = request.into_body();
        match prepare(&self.config, &call) {
            Ok((request, losses)) => {
                if !losses.is_empty() {
                    self.observer.dropped(&call, &losses);
                }
                let now = clock::now();
                call.origin().trail().update(call.attempt().number(), |step| {
                    step.sent = Some(now.saturating_duration_since(step.started));
                });
                ResponseFuture::new(self.inner.call(request), Arc::clone(&self.config), call.origin(), losses)
            }
            Err(failure) => ResponseFuture::failed(failure, Arc::clone(&self.config), call.origin()),
        }
    }
}

impl<S, O> fmt::Debug for Normalize<S, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Normalize").field("config", &self.config).finish_non_exhaustive()
    }
}
