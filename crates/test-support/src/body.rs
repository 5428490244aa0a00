use std::{
    collections::VecDeque,
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::{Answer, Event, Failure, Kind};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::{AnswerPlan, plan::Act, record::BodyProbe};

/// A body that plays an [`AnswerPlan`], as frames or as events.
///
/// Its script hears when it ends, fails or is dropped. Without [`AnswerPlan::sized`] it says nothing of its length and
/// does not know its end before it is polled there, as a stream does.
pub struct ScriptedBody<E = Failure> {
    acts: VecDeque<Act>,
    sized: bool,
    sleep: Option<Pin<Box<Sleep>>>,
    probe: Option<BodyProbe>,
    error: PhantomData<fn() -> E>,
}

enum Piece {
    Event(Event),
    Data(Bytes),
    Trailers(HeaderMap),
}

impl<E> ScriptedBody<E> {
    /// Plays `plan`.
    #[must_use]
    pub fn new(plan: AnswerPlan) -> Self {
        Self::watched(plan, None)
    }

    pub(crate) fn watched(plan: AnswerPlan, probe: Option<BodyProbe>) -> Self {
        Self { acts: plan.acts.into(), sized: plan.sized, sleep: None, probe, error: PhantomData }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Failure>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            if matches!(self.acts.front(), Some(Act::Stall)) {
                return Poll::Pending;
            }
            let piece = match self.acts.pop_front() {
                Some(Act::Wait(time)) => {
                    self.sleep = Some(Box::pin(sleep(time)));
                    continue;
                }
                Some(Act::Event(event)) => Piece::Event(event),
                Some(Act::Frame(bytes)) => Piece::Data(bytes),
                Some(Act::Trailers(trailers)) => Piece::Trailers(trailers),
                Some(Act::Fail(failure)) => return Poll::Ready(Some(Err(self.die(failure)))),
                None | Some(Act::Stall) => {
                    if let Some(probe) = self.probe.take() {
                        probe.ended();
                    }
                    return Poll::Ready(None);
                }
            };
            return Poll::Ready(Some(Ok(piece)));
        }
    }

    fn die(&mut self, failure: Failure) -> Failure {
        self.acts.clear();
        if let Some(probe) = self.probe.take() {
            probe.failed();
        }
        failure
    }
}

impl<E: From<Failure>> Body for ScriptedBody<E> {
    type Data = Bytes;
    type Error = E;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        loop {
            let frame = match ready!(self.poll_piece(cx)) {
                None => None,
                Some(Err(failure)) => Some(Err(failure.into())),
                Some(Ok(Piece::Data(bytes))) => Some(Ok(Frame::data(bytes))),
                Some(Ok(Piece::Trailers(trailers))) => Some(Ok(Frame::trailers(trailers))),
                Some(Ok(Piece::Event(event))) => match event.wire() {
                    Some(wire) => Some(Ok(Frame::data(wire.bytes.clone()))),
                    None => continue,
                },
            };
            return Poll::Ready(frame);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.sized && self.acts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.sized {
            return SizeHint::default();
        }
        let length: usize = self.acts.iter().filter_map(Act::data).map(Bytes::len).sum();
        SizeHint::with_exact(length as u64)
    }
}

impl Answer for ScriptedBody<Failure> {
    fn poll_event(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        loop {
            let event = match ready!(self.poll_piece(cx)) {
                None => None,
                Some(Err(failure)) => Some(Err(failure)),
                Some(Ok(Piece::Event(event))) => Some(Ok(event)),
                Some(Ok(Piece::Trailers(_))) => continue,
                Some(Ok(Piece::Data(_))) => {
                    Some(Err(self.die(Failure::new(Kind::Malformed, "not an answer in any dialect"))))
                }
            };
            return Poll::Ready(event);
        }
    }
}

impl<E> fmt::Debug for ScriptedBody<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedBody").field("acts", &self.acts.len()).finish_non_exhaustive()
    }
}
