//! A layer that is broken in one way breaks exactly the rule of that name: the suite can fail.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use backstop_core::{Answer, Event, Failure, Kind};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tower_service::Service;

use super::{Rule, broken, broken_caller_edge, broken_plain, broken_provider_edge};
use crate::ready_call;

/// One service, broken in one of many ways.
struct Layered<S> {
    inner: S,
    how: How,
    ready: bool,
    slots: Slots,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Sound,
    CallsAFreshClone,
    IsAlwaysReady,
    HidesErrorsOfReadiness,
    LosesTheWaker,
    ClonesItsReadiness,
    LeaksASlotOfIdleClones,
    LeaksASlotOnCancel,
    GoesOnWhenCancelled,
    LeaksASlotOnDrop,
    KeepsTheBodyOnDrop,
    LosesTheHead,
    LosesTheLastPiece,
    LiesAboutItsSize,
    EndsEarly,
    ChangesErrors,
    SwallowsBodyErrors,
}

#[derive(Clone)]
struct Slots(Rc<Cell<usize>>);

/// Takes a slot until it is dropped, or leaks it.
struct Slot {
    slots: Slots,
    leaks: bool,
}

struct Wrapped<B> {
    inner: Option<Pin<Box<B>>>,
    held: Option<Result<Piece, Failure>>,
    how: How,
    slot: Slot,
}

enum Piece {
    Event(Event),
    Frame(Frame<Bytes>),
}

impl<S> Layered<S> {
    fn new(inner: S, how: How) -> Self {
        Self { inner, how, ready: false, slots: Slots(Rc::new(Cell::new(8))) }
    }
}

impl<S: Clone> Clone for Layered<S> {
    fn clone(&self) -> Self {
        let ready = self.how == How::ClonesItsReadiness && self.ready;
        Self { inner: self.inner.clone(), how: self.how, ready, slots: self.slots.clone() }
    }
}

impl<S, R, B> Service<R> for Layered<S>
where
    R: 'static,
    B: Body<Data = Bytes> + 'static,
    S: Service<R, Response = Response<B>> + Clone + 'static,
    S::Error: From<Failure>,
{
    type Response = Response<Wrapped<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if self.ready || self.how == How::IsAlwaysReady {
            return Poll::Ready(Ok(()));
        }
        let mut nobody = Context::from_waker(Waker::noop());
        let ready = self.inner.poll_ready(if self.how == How::LosesTheWaker { &mut nobody } else { cx });
        if self.how == How::HidesErrorsOfReadiness && matches!(ready, Poll::Ready(Err(_))) {
            return self.inner.poll_ready(cx);
        }
        self.ready = matches!(ready, Poll::Ready(Ok(())));
        if self.ready && self.how == How::LeaksASlotOfIdleClones {
            // Reserved here, given back by the call: and by nobody, where there is none.
            let Some(left) = self.slots.0.get().checked_sub(1) else {
                self.ready = false;
                return Poll::Pending;
            };
            self.slots.0.set(left);
        }
        ready
    }

    fn call(&mut self, request: R) -> Self::Future {
        if std::mem::take(&mut self.ready) && self.how == How::LeaksASlotOfIdleClones {
            self.slots.0.set(self.slots.0.get() + 1);
        }
        let fresh = self.inner.clone();
        let mut inner = match self.how {
            How::CallsAFreshClone => fresh,
            _ => std::mem::replace(&mut self.inner, fresh),
        };
        let (how, slots) = (self.how, self.slots.clone());
        let Some(slot) = slots.take(how) else {
            return Box::pin(async { Err(Failure::new(Kind::Server, "no slot is free").into()) });
        };
        let call = inner.call(request);
        Box::pin(async move {
            let mut slot = slot;
            let call = async move {
                let response = call.await;
                drop(inner);
                response
            };
            let response = if how == How::GoesOnWhenCancelled {
                tokio::task::spawn_local(call).await.expect("it does not panic")
            } else {
                call.await
            };
            slot.leaks = how == How::LeaksASlotOnDrop;
            match response {
                Err(_) if how == How::ChangesErrors => Err(Failure::new(Kind::Server, "oops").into()),
                Ok(response) if how == How::LosesTheHead => {
                    Ok(Response::new(Wrapped::new(response.into_body(), how, slot)))
                }
                response => response.map(|response| response.map(|body| Wrapped::new(body, how, slot))),
            }
        })
    }
}

impl Slots {
    fn take(self, how: How) -> Option<Slot> {
        self.0.set(self.0.get().checked_sub(1)?);
        Some(Slot { slots: self, leaks: how == How::LeaksASlotOnCancel })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.leaks {
            self.slots.0.set(self.slots.0.get() + 1);
        }
    }
}

impl<B> Wrapped<B> {
    fn new(body: B, how: How, slot: Slot) -> Self {
        Self { inner: Some(Box::pin(body)), held: None, how, slot }
    }

    /// Passes on what `poll` gives, one piece late where the last one is to be lost.
    fn poll<E: From<Failure>>(
        &mut self,
        mut poll: impl FnMut(Pin<&mut B>) -> Poll<Option<Result<Piece, E>>>,
    ) -> Poll<Option<Result<Piece, E>>> {
        let inner = self.inner.as_mut().expect("it is there until the drop");
        loop {
            let piece = std::task::ready!(poll(inner.as_mut()));
            match (piece, self.how) {
                (Some(Ok(piece)), How::LosesTheLastPiece) => {
                    if let Some(held) = self.held.replace(Ok(piece)) {
                        return Poll::Ready(Some(held.map_err(E::from)));
                    }
                }
                (Some(Err(_)), How::SwallowsBodyErrors) | (None, _) => {
                    self.slot.leaks = false;
                    return Poll::Ready(None);
                }
                (piece, _) => return Poll::Ready(piece),
            }
        }
    }
}

impl<B> Drop for Wrapped<B> {
    fn drop(&mut self) {
        if self.how == How::KeepsTheBodyOnDrop {
            std::mem::forget(self.inner.take());
        }
    }
}

impl<B: Body<Data = Bytes>> Body for Wrapped<B>
where
    B::Error: From<Failure>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let piece = self.poll(|inner| inner.poll_frame(cx).map(|frame| Some(frame?.map(Piece::Frame))));
        piece.map(|piece| match piece? {
            Ok(Piece::Frame(frame)) => Some(Ok(frame)),
            Ok(Piece::Event(_)) => None,
            Err(error) => Some(Err(error)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.how == How::EndsEarly
    }

    fn size_hint(&self) -> SizeHint {
        if self.how == How::LiesAboutItsSize { SizeHint::with_exact(1) } else { SizeHint::default() }
    }
}

impl<A: Answer> Answer for Wrapped<A> {
    fn poll_event(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        let piece = self.poll(|inner| inner.poll_event(cx).map(|event| Some(event?.map(Piece::Event))));
        piece.map(|piece| match piece? {
            Ok(Piece::Event(event)) => Some(Ok(event)),
            Ok(Piece::Frame(_)) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_layer_breaks_exactly_its_rule() {
    let cases = [
        (How::Sound, None),
        (How::CallsAFreshClone, Some(Rule::Readiness)),
        (How::IsAlwaysReady, Some(Rule::Readiness)),
        (How::HidesErrorsOfReadiness, Some(Rule::Readiness)),
        (How::LosesTheWaker, Some(Rule::Readiness)),
        (How::ClonesItsReadiness, Some(Rule::Clone)),
        (How::LeaksASlotOfIdleClones, Some(Rule::Clone)),
        (How::LeaksASlotOnCancel, Some(Rule::Cancel)),
        (How::GoesOnWhenCancelled, Some(Rule::Cancel)),
        (How::LeaksASlotOnDrop, Some(Rule::Drop)),
        (How::KeepsTheBodyOnDrop, Some(Rule::Drop)),
        (How::LosesTheHead, Some(Rule::Transparency)),
        (How::LosesTheLastPiece, Some(Rule::Transparency)),
        (How::LiesAboutItsSize, Some(Rule::Transparency)),
        (How::EndsEarly, Some(Rule::Transparency)),
        (How::ChangesErrors, Some(Rule::Errors)),
        (How::SwallowsBodyErrors, Some(Rule::Errors)),
    ];
    let tasks = tokio::task::LocalSet::new();
    tasks
        .run_until(async {
            for (how, rule) in cases {
                for found in [
                    broken(|script| Layered::new(script, how)).await,
                    broken_plain(|script| Layered::new(script, how)).await,
                ] {
                    let rules: Vec<_> = found.iter().map(|broken| broken.rule).collect();
                    assert_eq!(rules, Vec::from_iter(rule), "{found:?}");
                }
                // An edge translates bodies and errors as it sees fit, and is held to the other rules.
                let rule = rule.filter(|rule| !matches!(rule, Rule::Transparency | Rule::Errors));
                for found in [
                    broken_provider_edge(|script| Layered::new(script, how)).await,
                    broken_caller_edge(|script| Layered::new(script, how)).await,
                ] {
                    let rules: Vec<_> = found.iter().map(|broken| broken.rule).collect();
                    assert_eq!(rules, Vec::from_iter(rule), "at an edge: {found:?}");
                }
            }
        })
        .await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "rule Errors is broken")]
async fn a_broken_layer_fails_the_check() {
    super::check(|script| Layered::new(script, How::ChangesErrors)).await;
}

#[tokio::test(start_paused = true)]
async fn the_sound_fixture_is_sound() {
    let script = crate::Script::<Failure>::repeat(crate::Step::answer(crate::AnswerPlan::text(&["a"])));
    let mut service = Layered::new(script, How::Sound);
    let response = ready_call(&mut service, crate::sample::request(crate::sample::streamed())).await.unwrap();
    assert_eq!(crate::read_events(response.into_body()).await.0.len(), 5);
}
