use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::Failure;
use http::Response;
use pin_project_lite::pin_project;

use super::{AttemptBody, AttemptObserver, running::Running};
use crate::tracked::Tracker;

pin_project! {
    /// An attempt on its way to its head. Dropping it settles the step as dropped.
    #[derive(Debug)]
    pub struct AttemptFuture<F, O: AttemptObserver> {
        #[pin]
        future: F,
        tracker: Tracker<Running<O>>,
    }
}

impl<F, O: AttemptObserver> AttemptFuture<F, O> {
    pub(super) const fn new(future: F, tracker: Tracker<Running<O>>) -> Self {
        Self { future, tracker }
    }
}

impl<F, O, B> Future for AttemptFuture<F, O>
where
    F: Future<Output = Result<Response<B>, Failure>>,
    O: AttemptObserver,
{
    type Output = Result<Response<AttemptBody<B, O>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.future.poll(cx)) {
            Ok(response) => {
                let status = response.status();
                let tracker = this.tracker.at_head(|running| running.head(status));
                Ok(response.map(|body| AttemptBody::new(body, tracker)))
            }
            Err(failure) => Err(this.tracker.fail(failure)),
        })
    }
}
