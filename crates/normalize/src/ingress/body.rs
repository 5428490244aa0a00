use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Answer, Delta, Origin, clock};
use backstop_dialect::StreamEncoder;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{gathered::Gathered, in_flight::Reservation, response};

pin_project! {
    /// The response's body: the caller's own dialect, event by event as they come, or one document.
    ///
    /// Never fails: an answer that dies in the middle ends with an error event. Events that are here at the same time leave
    /// in one frame of some KiB; nothing else is read ahead, so a reader that stops holds back the provider. Dropping it
    /// ends the call.
    pub struct IngressBody<A> {
        #[pin]
        source: Source<A>,
        gathered: Gathered,
        // Told what it cost before the terminator; taken when it was.
        origin: Option<Arc<Origin>>,
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
    pub(super) fn stream(
        answer: A,
        encoder: StreamEncoder,
        origin: Option<Arc<Origin>>,
        reservation: Option<Reservation>,
    ) -> Self {
        Self {
            source: Source::Stream { answer, encoder },
            gathered: Gathered::default(),
            origin,
            reservation,
        }
    }

    pub(super) fn whole(bytes: Bytes, reservation: Option<Reservation>) -> Self {
        Self { source: Source::Whole { bytes }, gathered: Gathered::default(), origin: None, reservation }
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
        let gathered = this.gathered;
        let last = match this.source.as_mut().project() {
            SourceProjection::Whole { bytes } => std::mem::take(bytes),
            SourceProjection::Stream { mut answer, encoder } => loop {
                if gathered.is_enough() {
                    return Poll::Ready(gathered.leave(clock::now()));
                }
                match answer.as_mut().poll_event(cx) {
                    Poll::Ready(Some(Ok(event))) => {
                        if event.deltas().contains(&Delta::End) {
                            gathered.push(cost(this.origin));
                        }
                        gathered.push(encoder.event(&event));
                    }
                    Poll::Ready(Some(Err(failure))) => {
                        gathered.push(cost(this.origin));
                        break encoder.fail(&failure);
                    }
                    Poll::Ready(None) => {
                        gathered.push(cost(this.origin));
                        break encoder.finish();
                    }
                    Poll::Pending if gathered.is_empty() => return Poll::Pending,
                    Poll::Pending => {
                        let now = clock::now();
                        if gathered.gives_way(now) {
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                        return Poll::Ready(gathered.leave(now));
                    }
                }
            },
        };
        // The call is over: nothing of it is held while the last bytes are on their way.
        this.source.project_replace(Source::Whole { bytes: Bytes::new() });
        *this.reservation = None;
        gathered.push(last);
        Poll::Ready(gathered.leave(clock::now()))
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

/// The comment that tells what the request cost, once.
fn cost(origin: &mut Option<Arc<Origin>>) -> Bytes {
    origin.take().and_then(|origin| response::cost_comment(&origin)).unwrap_or_default()
}

impl<A> fmt::Debug for IngressBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngressBody").finish_non_exhaustive()
    }
}
