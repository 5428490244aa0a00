//! A body whose events, and whose end, somebody is told of.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use backstop_core::{Answer, Delta, Event, Failure, Usage, classify::Outcome, clock};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// Is told how a call goes.
pub(crate) trait Track {
    /// Whether it wants to hear of every token: then the clock is read for each.
    const GAPS: bool = false;

    /// The first token came.
    fn first_token(&mut self, now: Instant);

    /// Another token came, `gap` after the one before.
    fn next_token(&mut self, gap: Duration) {
        let _ = gap;
    }

    /// The call is over.
    fn end(&mut self, end: End);

    /// Adds what the tracker knows to a failure that passes.
    fn mark(&self, failure: Failure) -> Failure;
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) usage: Option<Usage>,
    pub(crate) now: Instant,
}

/// Watches over a tracker: it hears of the first token once, and of the end once, at the latest at the drop.
#[derive(Debug)]
pub(crate) struct Tracker<T: Track> {
    track: Option<T>,
    head: Option<Instant>,
    /// When the last token came; the first, for a tracker that does not ask for gaps.
    token: Option<Instant>,
    usage: Option<Usage>,
}

impl<T: Track> Tracker<T> {
    pub(crate) const fn new(track: Option<T>) -> Self {
        Self { track, head: None, token: None, usage: None }
    }

    /// The same, now that the head is here; nothing stays behind.
    pub(crate) fn at_head(&mut self, note: impl FnOnce(&mut T)) -> Self {
        if let Some(track) = &mut self.track {
            note(track);
        }
        let mut tracker = Self::new(self.track.take());
        tracker.head = Some(clock::now());
        tracker
    }

    /// Settles a failure, and adds to it what the tracker knows.
    pub(crate) fn fail(&mut self, failure: Failure) -> Failure {
        let failure = match &self.track {
            Some(track) => track.mark(failure),
            None => failure,
        };
        self.end(Outcome::Failed(failure.class()));
        failure
    }

    fn event(&mut self, event: &Event) {
        let Some(track) = &mut self.track else { return };
        if (T::GAPS || self.token.is_none()) && event.is_semantic() {
            let now = clock::now();
            match self.token.replace(now) {
                None => track.first_token(now),
                Some(before) => track.next_token(now.saturating_duration_since(before)),
            }
        }
        if let Some(usage) = event.usage() {
            self.usage = Some(usage.clone());
        }
        if event.deltas().contains(&Delta::End) {
            self.end(Outcome::Success);
        }
    }

    /// Bytes came. They do not tell what they are: the head stands for the first token.
    fn frame(&mut self) {
        if let (Some(track), None) = (&mut self.track, self.token) {
            let head = self.head.unwrap_or_else(clock::now);
            self.token = Some(head);
            track.first_token(head);
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(mut track) = self.track.take() {
            track.end(End { outcome, usage: self.usage.take(), now: clock::now() });
        }
    }
}

impl<T: Track> Drop for Tracker<T> {
    fn drop(&mut self) {
        self.end(Outcome::Dropped);
    }
}

pin_project! {
    /// The body, and the tracker that is told of it. In this order: what is inside settles first.
    #[derive(Debug)]
    pub(crate) struct Tracked<B, T: Track> {
        #[pin]
        body: B,
        tracker: Tracker<T>,
    }
}

impl<B, T: Track> Tracked<B, T> {
    pub(crate) const fn new(body: B, tracker: Tracker<T>) -> Self {
        Self { body, tracker }
    }
}

impl<B: Body<Error = Failure>, T: Track> Body for Tracked<B, T> {
    type Data = B::Data;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Failure>>> {
        let mut this = self.project();
        Poll::Ready(match ready!(this.body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => {
                this.tracker.frame();
                // Servers that know the length do not poll for the end.
                if this.body.is_end_stream() {
                    this.tracker.end(Outcome::Success);
                }
                Some(Ok(frame))
            }
            Some(Err(failure)) => Some(Err(this.tracker.fail(failure))),
            None => {
                this.tracker.end(Outcome::Success);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Answer, T: Track> Answer for Tracked<B, T> {
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        let this = self.project();
        Poll::Ready(match ready!(this.body.poll_event(cx)) {
            Some(Ok(event)) => {
                this.tracker.event(&event);
                Some(Ok(event))
            }
            Some(Err(failure)) => Some(Err(this.tracker.fail(failure))),
            None => {
                this.tracker.end(Outcome::Success);
                None
            }
        })
    }
}
