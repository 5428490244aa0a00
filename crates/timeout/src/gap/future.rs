use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::body::{TimedBody, Watch};

pin_project! {
    /// A response future whose body will be under a clock.
    #[derive(Debug)]
    pub struct ResponseFuture<F, C> {
        #[pin]
        call: F,
        watch: Watch,
        classifier: PhantomData<fn() -> C>,
    }
}

impl<F, C> ResponseFuture<F, C> {
    pub(super) const fn new(call: F, watch: Watch) -> Self {
        Self { call, watch, classifier: PhantomData }
    }
}

impl<F, C, B, E> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<TimedBody<B, C>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.call.poll(cx))?;
        Poll::Ready(Ok(response.map(|body| TimedBody::new(body, *this.watch))))
    }
}
