use std::{
    collections::VecDeque,
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use backstop_core::{Failure, MaybeCall, clock};
use http::Response;
use parking_lot::Mutex;
use tokio::time::sleep;
use tower_service::Service;

use crate::{CallRecord, ScriptFuture, ScriptedBody, Step, record::Records};

/// A provider that plays steps, one a call, and notes what became of every call.
///
/// A service over any request that [`MaybeCall`]; its error `E` is [`Failure`] for stacks of answers, or
/// [`BoxError`](backstop_core::BoxError) for plain HTTP. Clones share steps and records, but each must be made ready by
/// itself: a call of an instance that was not made ready, and a poll of one whose readiness has failed, is a panic,
/// because the layer above is then broken.
pub struct Script<E = Failure> {
    shared: Arc<Shared>,
    readiness: Readiness,
    error: PhantomData<fn() -> E>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    Unknown,
    Ready,
    Failed,
}

struct Shared {
    records: Records,
    state: Mutex<State>,
    violations: Option<Mutex<Vec<&'static str>>>,
}

#[derive(Default)]
struct State {
    steps: VecDeque<Step>,
    then: Option<Step>,
    closed: bool,
    unready: Option<Failure>,
    waiting: Vec<Waker>,
}

impl<E> Script<E> {
    /// Plays `steps`. A call beyond the last one is a panic, unless [`then_repeat`](Self::then_repeat) says what to do.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::build(steps, None)
    }

    /// Plays `step` for every call.
    #[must_use]
    pub fn repeat(step: Step) -> Self {
        Self::new([]).then_repeat(step)
    }

    /// Plays `step` for every call beyond the last step.
    #[must_use]
    pub fn then_repeat(self, step: Step) -> Self {
        self.shared.state.lock().then = Some(step);
        self
    }

    /// Notes broken rules instead of panicking, for the contract suite.
    pub(crate) fn noting(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::build(steps, Some(Mutex::default()))
    }

    fn build(steps: impl IntoIterator<Item = Step>, violations: Option<Mutex<Vec<&'static str>>>) -> Self {
        let state = State { steps: steps.into_iter().collect(), ..State::default() };
        let shared = Shared { records: Records::default(), state: Mutex::new(state), violations };
        Self { shared: Arc::new(shared), readiness: Readiness::Unknown, error: PhantomData }
    }

    /// Appends a step.
    pub fn push(&self, step: Step) {
        self.shared.state.lock().steps.push_back(step);
    }

    /// All calls so far, in the order of their arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.shared.records.snapshot()
    }

    /// From now on no instance becomes ready.
    pub fn close(&self) {
        self.shared.state.lock().closed = true;
    }

    /// Instances become ready again; wakes those that wait.
    pub fn open(&self) {
        let mut state = self.shared.state.lock();
        state.closed = false;
        for waker in state.waiting.drain(..) {
            waker.wake();
        }
    }

    /// From now on `poll_ready` of every instance fails.
    pub fn fail_readiness(&self, failure: Failure) {
        self.shared.state.lock().unready = Some(failure);
    }

    /// The rules broken so far, where they are noted.
    pub(crate) fn violations(&self) -> Vec<&'static str> {
        self.shared.violations.as_ref().map(|noted| noted.lock().clone()).unwrap_or_default()
    }

    fn violated(&self, how: &'static str) {
        match &self.shared.violations {
            Some(noted) => noted.lock().push(how),
            None => panic!("the layer above breaks the rule `readiness`: {how}"),
        }
    }
}

impl<E: From<Failure>, R: MaybeCall> Service<R> for Script<E> {
    type Response = Response<ScriptedBody<E>>;
    type Error = E;
    type Future = ScriptFuture<E>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        if self.readiness == Readiness::Failed {
            self.violated("it polled an instance again whose readiness had failed");
        }
        let mut state = self.shared.state.lock();
        if let Some(failure) = &state.unready {
            self.readiness = Readiness::Failed;
            return Poll::Ready(Err(failure.clone().into()));
        }
        if state.closed && self.readiness == Readiness::Unknown {
            state.waiting.push(cx.waker().clone());
            return Poll::Pending;
        }
        self.readiness = Readiness::Ready;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> ScriptFuture<E> {
        if std::mem::replace(&mut self.readiness, Readiness::Unknown) != Readiness::Ready {
            self.violated("it called an instance that was not made ready");
        }
        let (index, probe) = self.shared.records.begin(request.call().cloned(), clock::now());
        let mut state = self.shared.state.lock();
        let next = state.steps.pop_front().or_else(|| state.then.clone());
        let step = next.unwrap_or_else(|| panic!("the script has no step for call {}", index + 1));
        let delay = (step.delay > Duration::ZERO).then(|| Box::pin(sleep(step.delay)));
        ScriptFuture { delay, deed: step.deed, probe: Some(probe), error: PhantomData }
    }
}

impl<E> Clone for Script<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), readiness: Readiness::Unknown, error: PhantomData }
    }
}

impl<E> fmt::Debug for Script<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("readiness", &self.readiness).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use backstop_core::{BoxError, Kind, Payload};
    use http::{Request, StatusCode};

    use super::*;
    use crate::{AnswerPlan, BodyEnd, CallEnd, events, read_body, read_events, ready_call, sample};

    #[tokio::test(start_paused = true)]
    async fn plays_its_steps_and_notes_what_became_of_them() {
        let second = Duration::from_secs(1);
        let script: Script = Script::new([
            Step::answer(AnswerPlan::text(&["a"]).paced(second)).after(second),
            Step::answer(AnswerPlan::new().event(events::text("a")).reset()),
            Step::answer(AnswerPlan::new().garbage()),
            Step::never(),
        ]);
        let (mut service, start) = (script.clone(), clock::now());
        let request = || sample::request(sample::streamed());

        let answer = ready_call(&mut service, request()).await.unwrap();
        assert_eq!(read_events(answer.into_body()).await.0, AnswerPlan::text(&["a"]).planned_events());
        assert_eq!(clock::now() - start, 6 * second);

        let answer = ready_call(&mut service, request()).await.unwrap();
        let (events, failure) = read_events(answer.into_body()).await;
        assert_eq!((events.len(), failure.unwrap().kind()), (1, Kind::Transport));
        let answer = ready_call(&mut service, request()).await.unwrap();
        assert_eq!(read_events(answer.into_body()).await.1.unwrap().kind(), Kind::Malformed);

        let never = tokio::time::timeout(second, ready_call(&mut service, request())).await;
        assert!(never.is_err());
        let calls = script.calls();
        let ends: Vec<_> = calls.iter().map(|call| (call.end, call.body)).collect();
        assert_eq!(
            ends,
            [
                (CallEnd::Answered, BodyEnd::Ended),
                (CallEnd::Answered, BodyEnd::Failed),
                (CallEnd::Answered, BodyEnd::Failed),
                (CallEnd::Dropped, BodyEnd::Absent),
            ]
        );
        assert_eq!(calls[0].over, Some(start + 6 * second));
        assert!(calls[0].call.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn speaks_plain_http_and_withholds_readiness() {
        let mut script: Script<BoxError> = Script::repeat(Step::status(StatusCode::TOO_MANY_REQUESTS));
        script.close();
        let waiting = poll_fn(|cx| Poll::Ready(Service::<Request<Payload>>::poll_ready(&mut script, cx)));
        assert!(waiting.await.is_pending());
        script.open();
        let response = ready_call(&mut script, Request::new(Payload::default())).await.unwrap();
        assert_eq!(response.status(), 429);
        assert!(read_body(response.into_body()).await.unwrap().is_empty());
    }

    #[tokio::test]
    #[should_panic(expected = "not made ready")]
    async fn insists_on_readiness() {
        let mut script: Script = Script::repeat(Step::never());
        drop(script.call(sample::request(sample::streamed())));
    }
}
