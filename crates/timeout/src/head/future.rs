use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use backstop_core::{Clock, Failure, classify::Classify};
use pin_project_lite::pin_project;

use crate::timer::Timer;

pin_project! {
    /// A response future under a clock. When the clock runs out, the inner future ends with this one.
    #[derive(Debug)]
    pub struct ResponseFuture<F, C> {
        #[pin]
        call: F,
        #[pin]
        timer: Timer,
        limit: Option<(Instant, Duration)>,
        classifier: C,
    }
}

impl<F, C> ResponseFuture<F, C> {
    /// Holds `call` to `limit`, counted from `now`.
    pub(super) fn new(call: F, classifier: C, limit: Option<Duration>, now: Instant) -> Self {
        let limit = limit.and_then(|limit| Some((now.checked_add(limit)?, limit)));
        Self { call, timer: Timer::new(), limit, classifier }
    }
}

impl<F, C, Response, E> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response, E>>,
    C: Classify<Response, E>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // What is there counts, however late.
        if let Poll::Ready(result) = this.call.poll(cx) {
            return Poll::Ready(result);
        }
        let Some((due, after)) = *this.limit else { return Poll::Pending };
        ready!(this.timer.poll_due(due, cx));
        Poll::Ready(this.classifier.reject(Failure::timeout(Clock::FirstByte, after)))
    }
}
