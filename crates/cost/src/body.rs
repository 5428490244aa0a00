use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::{Answer, Event, Failure, poll_wire};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{CostObserver, bill::Bill};

pin_project! {
    /// An answer whose cost is counted. Its end, failure or drop settles it, the drop after the answer inside is dropped.
    pub struct CostedBody<A, O: CostObserver = ()> {
        #[pin]
        answer: A,
        bill: Bill<O>,
        ended: bool,
    }
}

impl<A, O: CostObserver> CostedBody<A, O> {
    pub(crate) const fn new(answer: A, bill: Bill<O>) -> Self {
        Self { answer, bill, ended: false }
    }
}

impl<A: Answer, O: CostObserver> Answer for CostedBody<A, O> {
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(this.answer.poll_event(cx)) {
            Some(Ok(event)) => {
                this.bill.event(&event);
                match this.bill.over() {
                    Some(failure) => {
                        *this.ended = true;
                        Some(Err(failure))
                    }
                    None => Some(Ok(event)),
                }
            }
            Some(Err(failure)) => {
                this.bill.breaks_off();
                Some(Err(failure))
            }
            None => {
                this.bill.end();
                None
            }
        })
    }
}

/// Read as bytes, an answer is read as its events, so that its usage is seen.
impl<A: Answer, O: CostObserver> Body for CostedBody<A, O> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        poll_wire(self, cx)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.answer.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.answer.size_hint()
    }
}

impl<A, O: CostObserver> fmt::Debug for CostedBody<A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CostedBody").finish_non_exhaustive()
    }
}
