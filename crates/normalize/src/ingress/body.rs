use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::Answer;
use backstop_dialect::StreamEncoder;
use bytes::Bytes;
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
        let last = match this.source.as_mut().project() {
            SourceProjection::Whole { bytes } => std::mem::take(bytes),
            SourceProjection::Stream { mut answer, encoder } => loop {
                match ready!(answer.as_mut().poll_event(cx)) {
                    Some(Ok(event)) => {
                        let bytes = encoder.event(&event);
                        if !bytes.is_empty() {
                            return Poll::Ready(Some(Ok(Frame::data(bytes))));
                        }
                    }
                    Some(Err(failure)) => break encoder.fail(&failure),
                    None => break encoder.finish(),
                }
            },
        };
        // The call is over: nothing of it is held while the last bytes are on their way.
        this.source.project_replace(Source::Whole { bytes: Bytes::new() });
        *this.reservation = None;
        Poll::Ready((!last.is_empty()).then(|| Ok(Frame::data(last))))
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

impl<A> fmt::Debug for IngressBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngressBody").finish_non_exhaustive()
    }
}
