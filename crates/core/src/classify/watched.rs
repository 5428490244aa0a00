use std::{
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{ClassifyBody, Outcome, Settle};
use crate::{Answer, Delta, Event, Failure, clock};

pin_project! {
    /// A body that tells a watcher how it ended.
    ///
    /// The watcher hears [`Outcome::Success`] at the end of the body, or as soon as the body says that no more will
    /// come; [`Outcome::Failed`] at its first error; [`Outcome::Dropped`] where it is dropped before either. An answer
    /// whose terminator has passed counts as ended, though nobody polled it once more.
    #[derive(Debug)]
    pub struct WatchedBody<B, W: Settle, C> {
        #[pin]
        body: B,
        watcher: Watcher<W>,
        classifier: PhantomData<fn() -> C>,
    }
}

/// Settles the watcher at the latest when it is dropped.
#[derive(Debug)]
struct Watcher<W: Settle>(Option<W>);

impl<W: Settle> Watcher<W> {
    fn settle(&mut self, outcome: Outcome, now: Instant) {
        if let Some(mut watcher) = self.0.take() {
            watcher.settle(outcome, now);
        }
    }
}

impl<W: Settle> Drop for Watcher<W> {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.settle(Outcome::Dropped, clock::now());
        }
    }
}

impl<B, W: Settle, C> WatchedBody<B, W, C> {
    /// Watches `body`; with `None` it only passes it on.
    #[must_use]
    pub const fn new(body: B, watcher: Option<W>) -> Self {
        Self { body, watcher: Watcher(watcher), classifier: PhantomData }
    }

    /// The body inside.
    #[must_use]
    pub const fn get_ref(&self) -> &B {
        &self.body
    }
}

impl<B: Body, W: Settle, C: ClassifyBody<B::Error>> Body for WatchedBody<B, W, C> {
    type Data = B::Data;
    type Error = C::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, C::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx)).map(|frame| frame.map_err(C::pass));
        match &frame {
            None => this.watcher.settle(Outcome::Success, clock::now()),
            Some(Err(error)) => this.watcher.settle(Outcome::Failed(C::class_of(error)), clock::now()),
            // Servers that know the length do not poll for the end.
            Some(Ok(_)) if this.body.is_end_stream() => this.watcher.settle(Outcome::Success, clock::now()),
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B, W, C> Answer for WatchedBody<B, W, C>
where
    B: Answer,
    W: Settle,
    C: ClassifyBody<Failure, Error = Failure>,
{
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        let this = self.project();
        let event = ready!(this.body.poll_event(cx));
        match &event {
            None => this.watcher.settle(Outcome::Success, clock::now()),
            Some(Err(failure)) => this.watcher.settle(Outcome::Failed(C::class_of(failure)), clock::now()),
            Some(Ok(event)) if event.deltas().contains(&Delta::End) => {
                this.watcher.settle(Outcome::Success, clock::now());
            }
            Some(Ok(_)) => {}
        }
        Poll::Ready(event)
    }
}

impl<B: From<Bytes>, W: Settle, C> From<Bytes> for WatchedBody<B, W, C> {
    /// A whole body that nobody watches: for refusals of layers above.
    fn from(bytes: Bytes) -> Self {
        Self::new(B::from(bytes), None)
    }
}

const _: fn() = || {
    // The body of an answer is bytes: this fails to compile if the bound of `Answer` ever loosens.
    fn is_bytes<A: Answer>() -> PhantomData<Bytes> {
        PhantomData::<A::Data>
    }
    let _ = is_bytes::<crate::Reply>;
};
