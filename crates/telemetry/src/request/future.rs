use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::Failure;
use http::Response;
use pin_project_lite::pin_project;

use super::{RequestBody, RequestObserver, running::Running};
use crate::tracked::Tracker;

pin_project! {
    /// A request on its way to its head. Dropping it makes the report: the caller has left.
    #[derive(Debug)]
    pub struct RequestFuture<F, O: RequestObserver> {
        #[pin]
        future: F,
        tracker: Tracker<Running<O>>,
    }
}

impl<F, O: RequestObserver> RequestFuture<F, O> {
    pub(super) const fn new(future: F, tracker: Tracker<Running<O>>) -> Self {
        Self { future, tracker }
    }
}

impl<F, O, B> Future for RequestFuture<F, O>
where
    F: Future<Output = Result<Response<B>, Failure>>,
    O: RequestObserver,
{
    type Output = Result<Response<RequestBody<B, O>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.future.poll(cx)) {
            Ok(response) => {
                let status = response.status();
                let tracker = this.tracker.at_head(|running| running.answer(status));
                Ok(response.map(|body| RequestBody::new(body, tracker)))
            }
            Err(failure) => {
                let mut tracker = this.tracker.at_head(|running| running.fail(failure.status()));
                Err(tracker.fail(failure))
            }
        })
    }
}
