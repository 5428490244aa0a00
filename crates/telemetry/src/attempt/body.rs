use std::{
    pin::Pin,
    task::{Context, Poll},
};

use backstop_core::{Answer, Event, Failure};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{AttemptObserver, running::Running};
use crate::tracked::{Tracked, Tracker};

pin_project! {
    /// An attempt's body. Its end, failure or drop settles the step.
    #[derive(Debug)]
    pub struct AttemptBody<B, O: AttemptObserver> {
        #[pin]
        tracked: Tracked<B, Running<O>>,
    }
}

impl<B, O: AttemptObserver> AttemptBody<B, O> {
    pub(super) const fn new(body: B, tracker: Tracker<Running<O>>) -> Self {
        Self { tracked: Tracked::new(body, tracker) }
    }
}

impl<B: Body<Error = Failure>, O: AttemptObserver> Body for AttemptBody<B, O> {
    type Data = B::Data;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Failure>>> {
        self.project().tracked.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.tracked.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.tracked.size_hint()
    }
}

impl<B: Answer, O: AttemptObserver> Answer for AttemptBody<B, O> {
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        self.project().tracked.poll_event(cx)
    }
}
