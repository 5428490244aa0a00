use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use backstop_core::{Answer, Event, Failure, poll_wire};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{ValidateObserver, policy::Judge};

pin_project! {
    /// An answer that is judged as it passes: what was held back first, then the rest as it comes.
    ///
    /// Where nothing is judged it is the body inside, untouched.
    pub struct ValidatedBody<A, O = ()> {
        #[pin]
        source: Source<A, O>,
    }
}

pin_project! {
    #[project = SourceProjection]
    enum Source<A, O> {
        Passing { #[pin] body: A },
        Judged { held: VecDeque<Event>, rest: Option<Pin<Box<A>>>, judge: Box<Judge>, observer: Arc<O> },
    }
}

impl<A, O> ValidatedBody<A, O> {
    pub(crate) const fn passing(body: A) -> Self {
        Self { source: Source::Passing { body } }
    }

    pub(crate) const fn judged(
        held: VecDeque<Event>,
        rest: Option<Pin<Box<A>>>,
        judge: Box<Judge>,
        observer: Arc<O>,
    ) -> Self {
        Self { source: Source::Judged { held, rest, judge, observer } }
    }
}

impl<A: Answer, O: ValidateObserver> Answer for ValidatedBody<A, O> {
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        let (held, rest, judge, observer) = match self.project().source.project() {
            SourceProjection::Passing { body } => return body.poll_event(cx),
            SourceProjection::Judged { held, rest, judge, observer } => (held, rest, judge, observer),
        };
        if let Some(event) = held.pop_front() {
            return Poll::Ready(Some(Ok(event)));
        }
        let Some(answer) = rest else { return Poll::Ready(None) };
        let (polled, judged) = match ready!(answer.as_mut().poll_event(cx)) {
            Some(Ok(event)) => {
                let judged = judge.event(&event);
                (Some(Ok(event)), judged)
            }
            Some(Err(failure)) => (Some(Err(failure)), Ok(())),
            None => (None, judge.end()),
        };
        let polled = match judged {
            Ok(()) => polled,
            Err(rejection) => {
                observer.rejected(&rejection);
                Some(Err(rejection.into()))
            }
        };
        if !matches!(polled, Some(Ok(_))) {
            *rest = None;
        }
        Poll::Ready(polled)
    }
}

impl<A: Answer, O: ValidateObserver> Body for ValidatedBody<A, O> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if let SourceProjection::Passing { body } = self.as_mut().project().source.project() {
            return body.poll_frame(cx);
        }
        poll_wire(self, cx)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Passing { body } => body.is_end_stream(),
            Source::Judged { held, rest, .. } => {
                held.is_empty() && rest.as_ref().is_none_or(|rest| rest.is_end_stream())
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Passing { body } => body.size_hint(),
            Source::Judged { .. } => SizeHint::default(),
        }
    }
}

impl<A, O> fmt::Debug for ValidatedBody<A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = match &self.source {
            Source::Passing { .. } => 0,
            Source::Judged { held, .. } => held.len(),
        };
        f.debug_struct("ValidatedBody").field("held", &held).finish_non_exhaustive()
    }
}
