use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use backstop_core::{Answer, Event, Failure, poll_wire};
use bytes::Bytes;
use http_body::{Body, Frame};

/// The body of a committed answer: what was held back first, then the rest as it comes.
pub struct CommitBody<A> {
    held: VecDeque<Event>,
    rest: Option<Pin<Box<A>>>,
}

impl<A> CommitBody<A> {
    pub(crate) const fn new(held: VecDeque<Event>, rest: Pin<Box<A>>) -> Self {
        Self { held, rest: Some(rest) }
    }
}

impl<A: Answer> Answer for CommitBody<A> {
    fn poll_event(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        if let Some(event) = self.held.pop_front() {
            return Poll::Ready(Some(Ok(event)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = rest.as_mut().poll_event(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }
}

impl<A: Answer> Body for CommitBody<A> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        poll_wire(self, cx)
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.rest.as_ref().is_none_or(|rest| rest.is_end_stream())
    }
}

impl<A> fmt::Debug for CommitBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommitBody").field("held", &self.held.len()).finish_non_exhaustive()
    }
}
