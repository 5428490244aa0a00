use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::classify::Classify;
use http::Response;
use pin_project_lite::pin_project;

use crate::{
    body::{TimedBody, Watch},
    timer::Timer,
};

pin_project! {
    /// A response future that must resolve by a certain moment, as must its body begin or end.
    #[derive(Debug)]
    pub struct ResponseFuture<F, C> {
        #[pin]
        call: F,
        #[pin]
        timer: Timer,
        watch: Watch,
        classifier: C,
    }
}

impl<F, C> ResponseFuture<F, C> {
    pub(super) const fn new(call: F, classifier: C, watch: Watch) -> Self {
        Self { call, timer: Timer::new(), watch, classifier }
    }
}

impl<F, C, B, E> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    C: Classify<Response<B>, E>,
{
    type Output = Result<Response<TimedBody<B, C>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // What is there counts, however late.
        if let Poll::Ready(result) = this.call.poll(cx) {
            return Poll::Ready(
                result.map(|response| response.map(|body| TimedBody::new(body, *this.watch))),
            );
        }
        let Some((due, failure)) = this.watch.due() else { return Poll::Pending };
        ready!(this.timer.poll_due(due, cx));
        let refusal = this.classifier.reject(failure());
        Poll::Ready(refusal.map(|response| response.map(|body| TimedBody::new(body, Watch::Off))))
    }
}
