use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::{Clock, Failure, classify::Classify};
use http::Response;
use pin_project_lite::pin_project;

use crate::{
    body::{Limit, TimedBody, Watch},
    timer::Timer,
};

pin_project! {
    /// A response future that must resolve, and whose body must end, by a certain moment.
    #[derive(Debug)]
    pub struct ResponseFuture<F, C> {
        #[pin]
        call: F,
        #[pin]
        timer: Timer,
        limit: Option<Limit>,
        classifier: C,
    }
}

impl<F, C> ResponseFuture<F, C> {
    pub(super) const fn new(call: F, classifier: C, limit: Option<Limit>) -> Self {
        Self { call, timer: Timer::new(), limit, classifier }
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
        let watch = this.limit.map_or(Watch::Off, Watch::Until);
        // What is there counts, however late.
        if let Poll::Ready(result) = this.call.poll(cx) {
            return Poll::Ready(result.map(|response| response.map(|body| TimedBody::new(body, watch))));
        }
        let Some(Limit { due, after }) = *this.limit else { return Poll::Pending };
        ready!(this.timer.poll_due(due, cx));
        let refusal = this.classifier.reject(Failure::timeout(Clock::Total, after));
        Poll::Ready(refusal.map(|response| response.map(|body| TimedBody::new(body, Watch::Off))))
    }
}
