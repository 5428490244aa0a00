use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use backstop_core::Answer;
use backstop_dialect::StreamEncoder;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::in_flight::Reservation;

pin_project! {
    /// The response's body: the caller's own dialect, event by event as they come, or one document.
    ///
    /// Never fails: an answer that dies in the middle ends with an error event. One event, one frame; nothing is read
    /// ahead, so a reader that stops holds back the provider. Dropping it ends the call.
    pub struct IngressBody<A> {
        #[pin]
        source: Source<A>,
        reservation: Option<Reservation>,
    }
}

pin_project! {
    #[project = SourceProjection]
    #[project_replace = SourceReplacement]
    enum Source<A> {
        Stream { #[pin] answer: A, encoder: StreamEncoder },
        Whole { bytes: Bytes },
    }
}

impl<A: Answer> IngressBody<A> {
    pub(super) fn stream(answer: A, encoder: StreamEncoder, reservation: Option<Reservation>) -> Self {
        Self { source: Source::Stream { answer, encoder }, reservation }
    }

    pub(super) fn whole(bytes: Bytes, reservation: Option<Reservation>) -> Self {
        Self { source: Source::Whole { bytes }, reservation }
    }
}

impl<A: Answer> Body for IngressBody<A> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut this = self.project();
        let mut ready = Gathered::default();
        let last = match this.source.as_mut().project() {
            SourceProjection::Whole { bytes } => std::mem::take(bytes),
            SourceProjection::Stream { mut answer, encoder } => loop {
                if ready.is_enough() {
                    return Poll::Ready(ready.into_frame());
                }
                match answer.as_mut().poll_event(cx) {
                    Poll::Ready(Some(Ok(event))) => ready.push(encoder.event(&event)),
                    Poll::Ready(Some(Err(failure))) => break encoder.fail(&failure),
                    Poll::Ready(None) => break encoder.finish(),
                    // Nothing waits for what is not here yet.
                    Poll::Pending if ready.is_empty() => return Poll::Pending,
                    Poll::Pending => return Poll::Ready(ready.into_frame()),
                }
            },
        };
        // The call is over: nothing of it is held while the last bytes are on their way.
        this.source.project_replace(Source::Whole { bytes: Bytes::new() });
        *this.reservation = None;
        ready.push(last);
        Poll::Ready(ready.into_frame())
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.source, Source::Whole { bytes } if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Source::Stream { .. } => SizeHint::default(),
        }
    }
}

/// Events that arrived together, and so leave together: a frame each would cost the server more than the events.
#[derive(Default)]
struct Gathered {
    /// The usual case, one event, is not copied.
    first: Bytes,
    all: BytesMut,
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.all.is_empty()
    }

    fn is_enough(&self) -> bool {
        self.first.len().max(self.all.len()) >= ENOUGH
    }

    fn push(&mut self, bytes: Bytes) {
        if self.is_empty() {
            self.first = bytes;
        } else if !bytes.is_empty() {
            if self.all.is_empty() {
                self.all.reserve(ENOUGH / 4);
                self.all.extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.all.extend_from_slice(&bytes);
        }
    }

    fn into_frame(self) -> Option<Result<Frame<Bytes>, Infallible>> {
        let bytes = if self.all.is_empty() { self.first } else { self.all.freeze() };
        (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)))
    }
}

impl<A> fmt::Debug for IngressBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngressBody").finish_non_exhaustive()
    }
}

/// A reader that is slow holds back no more than this and the server's own buffer.
const ENOUGH: usize = 16 << 10;
