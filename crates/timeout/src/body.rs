use std::{
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use backstop_core::{Answer, Clock, Event, Failure, classify::ClassifyBody, clock};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{quiet::Quiet, timer::Timer};

pin_project! {
    /// A body under a clock. Read it as frames or as events.
    ///
    /// The inner body is asked first: what is there is passed on, however late. When the clock runs out the body ends
    /// with a failure of kind `Timeout`, once, and nothing comes behind it. A body that never has to be waited for, such
    /// as an endless one with a slow reader, is held to its end every now and then all the same.
    #[derive(Debug)]
    pub struct TimedBody<B, C> {
        #[pin]
        body: B,
        #[pin]
        timer: Timer,
        watch: Watch,
        unwaited: u32,
        classifier: PhantomData<fn() -> C>,
    }
}

/// What a body is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Watch {
    /// Nothing.
    Off,
    /// To bring something at all.
    Silent(Quiet),
    /// To bring something that the caller waits for.
    Idle(Quiet),
    /// To bring by then what the caller waits for; then nothing more.
    Begin(Limit),
    /// To end by then.
    End(Limit),
    /// It has timed out.
    Over,
}

/// A moment, and how long it was away when it was set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    due: Instant,
    after: Duration,
}

/// What came.
#[derive(Clone, Copy)]
struct Feed {
    semantic: bool,
}

impl<B, C> TimedBody<B, C> {
    pub(crate) const fn new(body: B, watch: Watch) -> Self {
        Self { body, timer: Timer::new(), watch, unwaited: 0, classifier: PhantomData }
    }

    /// The body inside.
    #[must_use]
    pub const fn get_ref(&self) -> &B {
        &self.body
    }

    /// Passes on what `poll` gives, or the timeout.
    fn poll_timed<T, E>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut B>, &mut Context<'_>) -> Poll<Option<Result<T, E>>>,
        feed: impl FnOnce(&T) -> Feed,
    ) -> Poll<Option<Result<T, C::Error>>>
    where
        C: ClassifyBody<E>,
    {
        let this = self.project();
        if matches!(this.watch, Watch::Over) {
            return Poll::Ready(None);
        }
        match poll(this.body, cx) {
            Poll::Ready(Some(Ok(piece))) => {
                *this.unwaited += 1;
                if *this.unwaited >= UNWAITED {
                    *this.unwaited = 0;
                    if let Some(failure) = this.watch.overdue(clock::now()) {
                        *this.watch = Watch::Over;
                        return Poll::Ready(Some(Err(C::fail(failure))));
                    }
                }
                this.watch.note(feed(&piece));
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(C::pass(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                *this.unwaited = 0;
                let Some((due, failure)) = this.watch.due() else { return Poll::Pending };
                std::task::ready!(this.timer.poll_due(due, cx));
                *this.watch = Watch::Over;
                Poll::Ready(Some(Err(C::fail(failure()))))
            }
        }
    }
}

impl Limit {
    /// `after` from `now` on; `None` for never.
    pub(crate) fn new(now: Instant, after: Duration) -> Option<Self> {
        Some(Self { due: now.checked_add(after)?, after })
    }
}

impl Watch {
    fn note(&mut self, feed: Feed) {
        match self {
            Self::Silent(quiet) => quiet.fed(feed.semantic),
            Self::Idle(quiet) if feed.semantic => quiet.fed(true),
            Self::Idle(quiet) => quiet.unfed(clock::now()),
            Self::Begin(_) if feed.semantic => *self = Self::Off,
            Self::Off | Self::Begin(_) | Self::End(_) | Self::Over => {}
        }
    }

    /// What it is that the body, which has had something to give all the time, should long have ended.
    fn overdue(&self, now: Instant) -> Option<Failure> {
        match self {
            Self::End(limit) if now >= limit.due => Some(Failure::timeout(Clock::Total, limit.after)),
            _ => None,
        }
    }

    /// When the body, which has nothing to give now, has had nothing for too long, and what that is then.
    pub(crate) fn due(&mut self) -> Option<(Instant, impl FnOnce() -> Failure + use<>)> {
        let (due, clock, after) = match self {
            Self::Silent(quiet) => (quiet.pending(clock::now())?, Clock::Silent, quiet.limit()),
            Self::Idle(quiet) => (quiet.pending(clock::now())?, Clock::Idle, quiet.limit()),
            Self::Begin(limit) => (limit.due, Clock::FirstToken, limit.after),
            Self::End(limit) => (limit.due, Clock::Total, limit.after),
            Self::Off | Self::Over => return None,
        };
        Some((due, move || Failure::timeout(clock, after)))
    }
}

impl<B, C> Body for TimedBody<B, C>
where
    B: Body,
    C: ClassifyBody<B::Error>,
{
    type Data = B::Data;
    type Error = C::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, C::Error>>> {
        // Frames do not say what they mean: each one counts.
        self.poll_timed(cx, |body, cx| body.poll_frame(cx), |_| Feed { semantic: true })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.watch, Watch::Over) || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if matches!(self.watch, Watch::Over) { SizeHint::with_exact(0) } else { self.body.size_hint() }
    }
}

impl<B, C> Answer for TimedBody<B, C>
where
    B: Answer,
    C: ClassifyBody<Failure, Error = Failure>,
{
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        self.poll_timed(cx, |body, cx| body.poll_event(cx), |event| Feed { semantic: event.is_semantic() })
    }
}

impl<B: From<Bytes>, C> From<Bytes> for TimedBody<B, C> {
    /// A whole body, under no clock: for refusals of layers above.
    fn from(bytes: Bytes) -> Self {
        Self::new(B::from(bytes), Watch::Off)
    }
}

/// So many pieces may come without a wait before the clock is read: reading it costs as much as a small event.
const UNWAITED: u32 = 32;
