//! Response bodies that speak in events.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::{Event, Failure};

/// A response body that gives typed events, each with the bytes that it came from.
///
/// The same answer can be read in one of two ways, not both: as events, or, through [`Body`], as the provider's own
/// bytes. Both end with `None` after the answer's semantic end, and with an `Err`, once, where it dies; after either
/// nothing more comes.
///
/// Cancel safety: dropping an answer ends the provider's call. Polling holds nothing that a later poll would miss.
pub trait Answer: Body<Data = Bytes, Error = Failure> {
    /// The next event.
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>>;
}

/// [`Body::poll_frame`] for an answer that has nothing better: the wire bytes of the next event that has any.
pub fn poll_wire<A: Answer + ?Sized>(
    mut answer: Pin<&mut A>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
    loop {
        match ready!(answer.as_mut().poll_event(cx)) {
            Some(Ok(event)) => {
                if let Some(wire) = event.wire() {
                    return Poll::Ready(Some(Ok(Frame::data(wire.bytes.clone()))));
                }
            }
            Some(Err(failure)) => return Poll::Ready(Some(Err(failure))),
            None => return Poll::Ready(None),
        }
    }
}

/// An answer behind a box: one type for the answers of all targets.
pub struct Reply(Pin<Box<dyn Answer + Send>>);

impl Reply {
    /// Boxes `answer`. Done once, at a target's boundary.
    #[must_use]
    pub fn new(answer: impl Answer + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl Answer for Reply {
    fn poll_event(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        self.0.as_mut().poll_event(cx)
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        self.0.as_mut().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}

impl<A: Answer + Unpin + ?Sized> Answer for Box<A> {
    fn poll_event(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        Pin::new(&mut **self).poll_event(cx)
    }
}
