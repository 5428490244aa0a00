//! The rules, each as a procedure that says how it was broken.

use std::{
    future::{Future, poll_fn},
    marker::PhantomData,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake},
    time::Duration,
};

use backstop_core::{BoxError, Failure, Kind, MaybeCall};
use bytes::Bytes;
use http::Response;
use http_body::Body;
use tokio::time::timeout;
use tower_service::Service;

use super::{
    Broken, Rule,
    mode::{Mode, Seen},
};
use crate::{AnswerPlan, BodyEnd, CallEnd, Script, Step, ready_call};

/// How often something is given up before the next call must still work: more than any pool of permits in a test.
const ROUNDS: usize = 20;
/// Long enough for whatever a layer does at once.
const MOMENT: Duration = Duration::from_secs(1);
/// Longer than any clock of any layer.
const AGES: Duration = Duration::from_secs(86_400);

pub(super) struct Suite<'a, F, M, E> {
    factory: &'a F,
    request: M,
    whole: Vec<AnswerPlan>,
    half: AnswerPlan,
    translates: bool,
    error: PhantomData<fn() -> E>,
}

type Verdict = Result<(), String>;

impl<'a, F, M, E, S, R, B> Suite<'a, F, M, E>
where
    F: Fn(Script<E>) -> S,
    M: Fn() -> R,
    R: MaybeCall,
    E: From<Failure>,
    S: Service<R, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    /// `whole` are answers that come to their end, `half` is the beginning of one.
    pub(super) fn new(
        factory: &'a F,
        request: M,
        whole: impl Into<Vec<AnswerPlan>>,
        half: AnswerPlan,
    ) -> Self {
        Self { factory, request, whole: whole.into(), half, translates: false, error: PhantomData }
    }

    /// What it makes of answers and errors is the layer's own matter.
    pub(super) fn translating(mut self) -> Self {
        self.translates = true;
        self
    }

    pub(super) async fn run<D: Mode<B>>(&self) -> Vec<Broken> {
        let readiness = self.readiness().await;
        // A layer that does not even make one instance ready is no more broken by a clone.
        let clone = if readiness.is_ok() { self.clones().await } else { Ok(()) };
        let (transparency, errors) = if self.translates {
            (Ok(()), Ok(()))
        } else {
            (self.transparency::<D>().await, self.errors::<D>().await)
        };
        let verdicts = [
            (Rule::Readiness, readiness),
            (Rule::Clone, clone),
            (Rule::Cancel, self.cancel().await),
            (Rule::Drop, self.drop_half_way::<D>().await),
            (Rule::Transparency, transparency),
            (Rule::Errors, errors),
        ];
        verdicts
            .into_iter()
            .filter_map(|(rule, verdict)| Some(Broken { rule, how: verdict.err()? }))
            .collect()
    }

    async fn readiness(&self) -> Verdict {
        let (script, mut service) = self.stack(self.good());
        for _ in 0..3 {
            self.works(&mut service).await?;
        }
        // Ready is ready, however often one asks.
        self.ready(&mut service).await?;
        self.ready(&mut service).await?;
        self.works(&mut service).await?;
        clean(&script)?;

        let (script, mut service) = self.stack(self.good());
        script.close();
        if let Poll::Ready(readiness) = poll_fn(|cx| Poll::Ready(service.poll_ready(cx))).await {
            readiness.map_err(|_| "poll_ready failed where the inner service only was not ready")?;
            // Some layers wait for readiness in the call instead.
            let mut response = pin!(service.call((self.request)()));
            if timeout(MOMENT, response.as_mut()).await.is_ok() || !script.calls().is_empty() {
                return Err("it called a service that was not ready".into());
            }
            let woken = Woken::default();
            let waiting = woken.polls(response.as_mut()).is_pending();
            script.open();
            if waiting && !woken.is_set() {
                return Err("it does not hear when the inner service becomes ready".into());
            }
            self.soon(response).await?.map_err(|_| "the call failed after the service became ready")?;
        } else {
            if timeout(MOMENT, poll_fn(|cx| service.poll_ready(cx))).await.is_ok() {
                return Err("it was ready before the inner service was".into());
            }
            {
                let mut waiting = pin!(poll_fn(|cx| service.poll_ready(cx)));
                let woken = Woken::default();
                let waits = woken.polls(waiting.as_mut()).is_pending();
                script.open();
                // The waker must have come all the way through.
                if waits && !woken.is_set() {
                    return Err("it does not hear when the inner service becomes ready".into());
                }
                self.soon(waiting).await?.map_err(|_| "readiness failed after a wait")?;
            }
            self.works(&mut service).await?;
        }
        clean(&script)?;

        let (script, mut service) = self.stack(self.good());
        script.fail_readiness(Failure::new(Kind::InvalidRequest, "broken for good"));
        let answer = self.soon(ready_call(&mut service, (self.request)())).await?;
        if answer.is_ok_and(|response| response.status().is_success()) {
            return Err("it answered though the inner service's readiness had failed".into());
        }
        clean(&script)
    }

    async fn clones(&self) -> Verdict {
        let (script, mut service) = self.stack(self.good());
        self.ready(&mut service).await?;
        let mut clone = service.clone();
        self.works(&mut clone).await?;
        clean(&script).map_err(|how| format!("{how}, in a clone of a ready service"))?;
        let response = service.call((self.request)());
        self.soon(response).await?.map_err(|_| "the original failed after its clone was used")?;
        clean(&script).map_err(|how| format!("{how}, after a clone was used"))?;
        // Ready and never called.
        for _ in 0..ROUNDS {
            let mut idle = service.clone();
            self.ready(&mut idle)
                .await
                .map_err(|how| format!("{how}, after clones were made ready and dropped"))?;
        }
        self.works(&mut service)
            .await
            .map_err(|how| format!("{how}, after clones were made ready and dropped"))
    }

    async fn cancel(&self) -> Verdict {
        let (script, mut service) = self.stack(Step::never());
        for _ in 0..ROUNDS {
            self.ready(&mut service).await?;
            drop(service.call((self.request)()));
            self.ready(&mut service).await.map_err(|how| format!("{how}, after cancelled calls"))?;
            let response = service.call((self.request)());
            if timeout(MOMENT, response).await.is_ok() {
                return Err("a call ended by itself though nothing had been answered".into());
            }
            if script.calls().iter().any(|call| call.end == CallEnd::Running) {
                return Err("the inner call went on after the response future was dropped".into());
            }
        }
        let _ = script.then_repeat(self.good());
        self.works(&mut service).await.map_err(|how| format!("{how}, after cancelled calls"))
    }

    async fn drop_half_way<D: Mode<B>>(&self) -> Verdict {
        let (script, mut service) = self.stack(Step::answer(self.half.clone().stall()));
        for _ in 0..ROUNDS {
            self.ready(&mut service).await.map_err(|how| format!("{how}, after dropped bodies"))?;
            // A layer that waits for the whole answer has no body to drop yet: its future takes the drop.
            if let Ok(response) = timeout(MOMENT, service.call((self.request)())).await {
                let response = response.map_err(|_| "the call failed after bodies were dropped")?;
                let mut body = pin!(response.into_body());
                let _ = timeout(MOMENT, poll_fn(|cx| D::poll(body.as_mut(), cx))).await;
            }
            if script.calls().iter().any(|call| call.body == BodyEnd::Open) {
                return Err("the inner body lived on after the body was dropped".into());
            }
        }
        let _ = script.then_repeat(self.good());
        self.works(&mut service).await.map_err(|how| format!("{how}, after bodies were dropped half-way"))
    }

    async fn transparency<D: Mode<B>>(&self) -> Verdict {
        for plan in &self.whole {
            for plan in [plan.clone(), plan.clone().paced(Duration::from_millis(10))] {
                let mut response = Response::new(plan.clone());
                response.headers_mut().insert("x-kept", http::HeaderValue::from_static("yes"));
                let (_, mut service) = self.stack(Step::response(response));
                let response = self.soon(ready_call(&mut service, (self.request)())).await?;
                let response = response.map_err(|_| "a good answer became an error")?;
                if response.status() != 200 || !response.headers().contains_key("x-kept") {
                    return Err("status or headers were lost".into());
                }
                let planned = D::planned(&plan);
                let seen = self.read_honest::<D>(response.into_body(), &planned).await?;
                if seen != planned {
                    return Err(format!("the body brought {seen:?} in place of {planned:?}"));
                }
            }
        }
        Ok(())
    }

    async fn errors<D: Mode<B>>(&self) -> Verdict {
        let planned = Failure::new(Kind::InvalidRequest, "temperature must be at most 2");
        let (_, mut service) = self.stack(Step::fail(planned.clone()));
        match self.soon(ready_call(&mut service, (self.request)())).await? {
            Ok(_) => return Err("the inner service's error became an answer".into()),
            Err(error) => same(&planned, error.into())?,
        }

        let planned = Failure::new(Kind::Transport, "connection reset by peer");
        let (_, mut service) = self.stack(Step::answer(self.half.clone().reset()));
        let response = match self.soon(ready_call(&mut service, (self.request)())).await? {
            Ok(response) => response,
            // A layer that waits for more than the head hears of it early.
            Err(error) => return same(&planned, error.into()),
        };
        let mut body = pin!(response.into_body());
        loop {
            match self.soon(poll_fn(|cx| D::poll(body.as_mut(), cx))).await? {
                Some(Ok(_)) => {}
                Some(Err(error)) => return same(&planned, error),
                None => return Err("a body that died came to a good end".into()),
            }
        }
    }

    /// Reads to the end, and holds the body to what it says of itself.
    async fn read_honest<D: Mode<B>>(&self, body: B, planned: &Seen) -> Result<Seen, String> {
        let (mut body, mut seen) = (pin!(body), Seen::default());
        loop {
            let (hint, ended) = (body.size_hint(), body.is_end_stream());
            // Bytes left to a reader of frames. A reader of events counts none.
            let left = (planned.bytes.len() - seen.bytes.len().min(planned.bytes.len())) as u64;
            let counts = planned.events.is_empty();
            if counts && (hint.lower() > left || hint.upper().is_some_and(|upper| upper < left)) {
                return Err(format!("it said that {hint:?} bytes would come where {left} did"));
            }
            let piece = self.soon(poll_fn(|cx| D::poll(body.as_mut(), cx))).await?;
            match piece {
                Some(_) if ended => return Err("it said that it had ended, and went on".into()),
                Some(Ok(piece)) => seen.push(piece),
                Some(Err(_)) => return Err("the body failed where the inner one did not".into()),
                None => return Ok(seen),
            }
        }
    }

    fn good(&self) -> Step {
        Step::answer(self.whole[0].clone())
    }

    fn stack(&self, step: Step) -> (Script<E>, S) {
        let script = Script::noting([]).then_repeat(step);
        let service = (self.factory)(script.clone());
        (script, service)
    }

    async fn ready(&self, service: &mut S) -> Verdict {
        let ready = timeout(AGES, poll_fn(|cx| service.poll_ready(cx))).await;
        ready
            .map_err(|_| "it was never ready")?
            .map_err(|error| format!("it was not ready: {}", error.into()))
    }

    /// One call from readiness to the end of the body.
    async fn works(&self, service: &mut S) -> Verdict {
        let response = self.soon(ready_call(service, (self.request)())).await?;
        let response = response.map_err(|error| format!("a good call failed: {}", error.into()))?;
        if !response.status().is_success() {
            return Err(format!("a good call was answered with {}", response.status()));
        }
        let mut body = pin!(response.into_body());
        while let Some(frame) = self.soon(poll_fn(|cx| body.as_mut().poll_frame(cx))).await? {
            frame.map_err(|error| format!("a good body failed: {}", error.into()))?;
        }
        Ok(())
    }

    async fn soon<T: Future>(&self, future: T) -> Result<T::Output, String> {
        timeout(AGES, future).await.map_err(|_| "it hung".to_owned())
    }
}

/// Whether somebody was woken.
#[derive(Default)]
struct Woken(Arc<Flag>);

#[derive(Default)]
struct Flag(AtomicBool);

impl Woken {
    /// Polls `future`, which wakes this when it can go on.
    fn polls<T: Future>(&self, future: Pin<&mut T>) -> Poll<T::Output> {
        future.poll(&mut Context::from_waker(&Arc::clone(&self.0).into()))
    }

    fn is_set(&self) -> bool {
        self.0.0.load(Ordering::Acquire)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

fn clean<E>(script: &Script<E>) -> Verdict {
    match script.violations().first() {
        Some(how) => Err((*how).to_owned()),
        None => Ok(()),
    }
}

fn same(planned: &Failure, error: BoxError) -> Verdict {
    let text = error.to_string();
    let found = Failure::from_error(error);
    if (found.kind(), found.message()) == (planned.kind(), planned.message()) {
        return Ok(());
    }
    Err(format!("the error `{planned}` came out as `{text}`"))
}
