//! What each clock stops, when, and what it lets pass.

use std::{future::poll_fn, pin::pin, time::Duration};

use backstop_core::{
    Answer, BoxError, Call, Clock, Event, Failure, Kind, Payload, classify::PlainHttp, clock,
};
use backstop_test_support::{
    AnswerPlan, BodyEnd, CallEnd, Script, Step, events, read_body, read_events, ready_call, sample,
};
use backstop_timeout::{
    DeadlineLayer, FirstByteTimeoutLayer, FirstTokenTimeoutLayer, IdleTimeoutLayer, SilentTimeoutLayer,
    Timeouts, TotalTimeoutLayer,
};
use http::{Request, Response};
use tokio::time::{advance, sleep};
use tower_layer::Layer;
use tower_service::Service;

const SECOND: Duration = Duration::from_secs(1);

/// One call to its end: the events, the failure, and how long it took.
async fn run<S, A>(mut service: S, call: Call) -> (Vec<Event>, Option<Failure>, Duration)
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    A: Answer,
{
    let start = clock::now();
    let (events, failure) = match ready_call(&mut service, sample::request(call)).await {
        Ok(response) => read_events(response.into_body()).await,
        Err(failure) => (Vec::new(), Some(failure)),
    };
    (events, failure, clock::now() - start)
}

fn timed_out(failure: Option<&Failure>) -> Option<Clock> {
    match failure?.kind() {
        Kind::Timeout(clock) => Some(clock),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn first_byte_limits_the_head_of_streams_only() {
    let script: Script = Script::repeat(Step::never());
    let service = FirstByteTimeoutLayer::default().layer(script.clone());
    let (_, failure, took) = run(service.clone(), sample::streamed()).await;
    assert_eq!((timed_out(failure.as_ref()), took), (Some(Clock::FirstByte), 15 * SECOND));
    assert_eq!(failure.unwrap().message(), "no response head within 15s");
    assert_eq!(script.calls()[0].end, CallEnd::Dropped);

    let late = Step::answer(AnswerPlan::document("Hi")).after(60 * SECOND);
    let service = FirstByteTimeoutLayer::default().layer(Script::new([late]));
    assert!(run(service, sample::unstreamed()).await.1.is_none());
}

#[tokio::test(start_paused = true)]
async fn first_token_runs_from_the_call_into_the_body() {
    let plan =
        AnswerPlan::new().event(events::start()).wait(8 * SECOND).event(events::ping()).wait(20 * SECOND);
    let late = Step::answer(plan.chain(AnswerPlan::text(&["Hi"]))).after(3 * SECOND);
    let script: Script = Script::repeat(late);
    let layer = FirstTokenTimeoutLayer::default();
    let (events, failure, took) = run(layer.layer(script.clone()), sample::streamed()).await;
    assert_eq!((events.len(), timed_out(failure.as_ref())), (2, Some(Clock::FirstToken)));
    assert_eq!(took.as_secs(), 12);
    assert_eq!(script.calls()[0].body, BodyEnd::Dropped);
    // Once it speaks, other clocks take over.
    let long = AnswerPlan::new().events([events::start(), events::text("a")]).wait(60 * SECOND);
    let script: Script = Script::repeat(Step::answer(long.chain(AnswerPlan::text(&["b"]))));
    assert!(run(layer.layer(script), sample::streamed()).await.1.is_none());
}

#[tokio::test(start_paused = true)]
async fn first_token_limits_the_future_of_commit() {
    // Commit's future resolves with the first token: here, after 20 s.
    let late = Step::answer(AnswerPlan::text(&["Hi"])).after(20 * SECOND);
    let script: Script = Script::repeat(late);
    let (_, failure, took) =
        run(FirstTokenTimeoutLayer::default().layer(script.clone()), sample::streamed()).await;
    assert_eq!((timed_out(failure.as_ref()), took.as_secs()), (Some(Clock::FirstToken), 12));
    let reasons = FirstTokenTimeoutLayer::new(Timeouts::new().with_reasoning(true));
    assert!(run(reasons.layer(script.clone()), sample::streamed()).await.1.is_none());
    assert!(run(FirstTokenTimeoutLayer::default().layer(script), sample::unstreamed()).await.1.is_none());
}

#[tokio::test(start_paused = true)]
async fn silent_wants_any_sign_of_life() {
    let tokens = AnswerPlan::new().events([events::start(), events::text("a"), events::ping()]);
    let alive = tokens.clone().paced(19 * SECOND);
    let script: Script = Script::repeat(Step::answer(alive.stall()));
    let (events, failure, took) =
        run(SilentTimeoutLayer::default().layer(script.clone()), sample::streamed()).await;
    assert_eq!((events.len(), timed_out(failure.as_ref())), (3, Some(Clock::Silent)));
    assert_eq!(took, (3 * 19 + 20) * SECOND);
    assert_eq!(script.calls()[0].body, BodyEnd::Dropped);

    // A model that reasons may be silent before its first token, not behind it.
    let thinks = AnswerPlan::new().wait(110 * SECOND).event(events::text("a")).stall();
    let layer = SilentTimeoutLayer::new(Timeouts::new().with_reasoning(true));
    let (events, failure, took) =
        run(layer.layer(Script::new([Step::answer(thinks)])), sample::streamed()).await;
    assert_eq!((events.len(), timed_out(failure.as_ref()), took), (1, Some(Clock::Silent), 130 * SECOND));
    // Behind it the clock runs out sooner than it would have before.
    let speaks = AnswerPlan::new().wait(10 * SECOND).event(events::text("a")).stall();
    let (_, failure, took) = run(layer.layer(Script::new([Step::answer(speaks)])), sample::streamed()).await;
    assert_eq!((timed_out(failure.as_ref()), took), (Some(Clock::Silent), 30 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn pings_keep_a_connection_but_no_answer_alive() {
    let mut pings = AnswerPlan::new().event(events::text("a"));
    for _ in 0..100 {
        pings = pings.wait(SECOND).event(events::ping());
    }
    let layer = IdleTimeoutLayer::default();
    let script: Script = Script::repeat(Step::answer(pings));
    let (events, failure, took) = run(layer.layer(script.clone()), sample::streamed()).await;
    // The last ping came at the very moment: what is there is passed on first, and then the clock has run out.
    assert_eq!((events.len(), timed_out(failure.as_ref()), took), (91, Some(Clock::Idle), 90 * SECOND));
    assert!(run(SilentTimeoutLayer::default().layer(script.clone()), sample::streamed()).await.1.is_none());
    // As frames, each one counts.
    let response = ready_call(&mut layer.layer(script), sample::request(sample::streamed())).await.unwrap();
    assert!(read_body(response.into_body()).await.is_ok());

    let slow_but_sure = AnswerPlan::text(&["a", "b", "c", "d"]).paced(29 * SECOND);
    let service = layer.layer(Script::new([Step::answer(slow_but_sure)]));
    assert!(run(service, sample::streamed()).await.1.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_fires_no_clock() {
    let plan = || {
        AnswerPlan::new()
            .events([events::text("a"), events::ping(), events::ping()])
            .wait(SECOND)
            .events([events::ping(), events::text("b")])
    };
    let script: Script = Script::repeat(Step::answer(plan()));
    let timeouts = Timeouts::new().with_idle(Some(10 * SECOND)).with_silent(Some(5 * SECOND));
    let stack = IdleTimeoutLayer::new(timeouts).layer(SilentTimeoutLayer::new(timeouts).layer(script));
    let mut service = stack;
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let mut body = pin!(response.into_body());
    let mut count = 0;
    while let Some(event) = poll_fn(|cx| body.as_mut().poll_event(cx)).await {
        event.unwrap();
        count += 1;
        sleep(60 * SECOND).await;
    }
    assert_eq!(count, 5);
}

#[tokio::test(start_paused = true)]
async fn what_has_arrived_is_passed_on_before_the_clock_is_read() {
    let plan = AnswerPlan::new().event(events::text("a")).wait(3 * SECOND).event(events::text("b"));
    let script: Script = Script::repeat(Step::answer(plan));
    let timeouts = Timeouts::new().with_deadline(Some(5 * SECOND));
    let mut service = DeadlineLayer::new(timeouts).layer(script);
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let mut body = pin!(response.into_body());
    poll_fn(|cx| body.as_mut().poll_event(cx)).await.unwrap().unwrap();
    // The reader waits for more, is kept from it beyond the deadline, and then finds that it came in time.
    let waiting = poll_fn(|cx| std::task::Poll::Ready(body.as_mut().poll_event(cx))).await;
    assert!(waiting.is_pending());
    advance(60 * SECOND).await;
    assert!(poll_fn(|cx| body.as_mut().poll_event(cx)).await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_endless_stream_with_a_slow_reader_does_not_outlive_its_deadline() {
    // There is always something to read, so the body is never waited for.
    let plan = AnswerPlan::new().events(std::iter::repeat_n(events::text("a"), 1_000));
    let script: Script = Script::repeat(Step::answer(plan));
    let mut service =
        DeadlineLayer::new(Timeouts::new().with_deadline(Some(10 * SECOND))).layer(script.clone());
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let mut body = pin!(response.into_body());
    let (mut count, mut failure) = (0, None);
    while let Some(event) = poll_fn(|cx| body.as_mut().poll_event(cx)).await {
        match event {
            Ok(_) => count += 1,
            Err(error) => failure = Some(error),
        }
        sleep(SECOND / 2).await;
    }
    assert_eq!(timed_out(failure.as_ref()), Some(Clock::Total));
    assert!((20..20 + 32).contains(&count), "{count}");
}

#[tokio::test(start_paused = true)]
async fn total_limits_head_and_body_of_a_whole_answer() {
    let timeouts = Timeouts::new().with_total(Some(10 * SECOND));
    let layer = TotalTimeoutLayer::new(timeouts);
    let (_, failure, took) = run(layer.layer(Script::new([Step::never()])), sample::unstreamed()).await;
    assert_eq!((timed_out(failure.as_ref()), took), (Some(Clock::Total), 10 * SECOND));
    let halves = Step::answer(AnswerPlan::document("Hi").paced(6 * SECOND)).after(6 * SECOND);
    let script = Script::repeat(halves);
    let (_, failure, took) = run(layer.layer(script.clone()), sample::unstreamed()).await;
    assert_eq!((timed_out(failure.as_ref()), took), (Some(Clock::Total), 10 * SECOND));
    assert!(run(layer.layer(script), sample::streamed()).await.1.is_none(), "streams have other clocks");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_told_and_enforced() {
    let drips = AnswerPlan::text(&["a"; 100]).paced(SECOND);
    let script: Script = Script::repeat(Step::answer(drips));
    let layer = DeadlineLayer::new(Timeouts::new().with_deadline(Some(30 * SECOND)));
    let call = sample::streamed();
    let due = clock::now() + 30 * SECOND;
    advance(10 * SECOND).await;
    let (events, failure, took) = run(layer.layer(script.clone()), call).await;
    assert_eq!(
        (timed_out(failure.as_ref()), took),
        (Some(Clock::Total), 20 * SECOND),
        "from when it came in"
    );
    assert_eq!(events.len(), 20);
    assert_eq!(script.calls()[0].call.as_ref().unwrap().deadline(), Some(due));

    let mut urgent = sample::streamed();
    urgent.attempt_mut().tighten_deadline(clock::now() + 5 * SECOND);
    let (_, failure, took) = run(layer.layer(script), urgent).await;
    assert_eq!((failure.unwrap().message(), took), ("no complete answer within 5s", 5 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_behind_a_timeout() {
    let plan = AnswerPlan::new().event(events::text("a")).wait(60 * SECOND).event(events::text("b"));
    let script: Script = Script::repeat(Step::answer(plan));
    let mut service = SilentTimeoutLayer::default().layer(script);
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let mut body = pin!(response.into_body());
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(poll_fn(|cx| body.as_mut().poll_event(cx)).await.map(|event| event.is_ok()));
        advance(60 * SECOND).await;
    }
    assert_eq!(seen, [Some(true), Some(false), None, None]);
}

#[tokio::test(start_paused = true)]
async fn plain_bodies_are_held_to_their_gaps_too() {
    let plan = AnswerPlan::new().frame("a").wait(19 * SECOND).frame("b").stall();
    let script: Script<BoxError> = Script::repeat(Step::answer(plan));
    let mut service = SilentTimeoutLayer::default().with_classifier(PlainHttp::new()).layer(script);
    let response = ready_call(&mut service, Request::new(Payload::default())).await.unwrap();
    let failure = Failure::from_error(read_body(response.into_body()).await.unwrap_err());
    assert_eq!(timed_out(Some(&failure)), Some(Clock::Silent));
}

#[tokio::test(start_paused = true)]
async fn a_clock_can_be_switched_off() {
    let off = Some(Duration::MAX);
    let timeouts = Timeouts::new()
        .with_first_byte(off)
        .with_first_token(off)
        .with_silent(off)
        .with_idle(off)
        .with_total(off)
        .with_deadline(off);
    let days = AnswerPlan::text(&["a"]).paced(86_400 * SECOND);
    let script: Script = Script::repeat(Step::answer(days).after(86_400 * SECOND));
    let body = IdleTimeoutLayer::new(timeouts).layer(SilentTimeoutLayer::new(timeouts).layer(script));
    let head = FirstTokenTimeoutLayer::new(timeouts).layer(FirstByteTimeoutLayer::new(timeouts).layer(body));
    let stack = DeadlineLayer::new(timeouts).layer(TotalTimeoutLayer::new(timeouts).layer(head));
    for call in [sample::streamed(), sample::unstreamed()] {
        assert!(run(stack.clone(), call).await.1.is_none());
    }
}
