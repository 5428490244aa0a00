//! When answers are committed, and what becomes of those that are not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop_commit::{CommitConfig, CommitLayer, CommitObserver, Committed, MidStream};
use backstop_core::{Answer as _, Event, Failure, Kind};
use backstop_test_support::{AnswerPlan, Script, Step, events, read_body, read_events, ready_call, sample};
use tokio::time::{Instant, timeout};
use tower_layer::Layer as _;

fn script(plan: AnswerPlan) -> Script {
    Script::new([Step::answer(plan)])
}

fn reset() -> Failure {
    Failure::new(Kind::Transport, "reset")
}

fn buffer() -> CommitLayer {
    CommitLayer::new(CommitConfig::new().with_mid_stream(MidStream::Buffer))
}

#[tokio::test(start_paused = true)]
async fn resolves_at_the_first_token_and_loses_nothing() {
    let plan = AnswerPlan::new()
        .event(events::start())
        .event(events::ping())
        .wait(Duration::from_secs(3))
        .event(events::text("Hel"))
        .wait(Duration::from_secs(5))
        .event(events::text("lo"))
        .event(events::finish())
        .event(events::end());
    let planned = plan.planned_events();
    let started = Instant::now();
    let mut service = CommitLayer::default().layer(script(plan));
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(3), "neither with the head nor one event late");
    let (events, failure) = read_events(response.into_body()).await;
    assert_eq!((events, failure.is_none()), (planned, true));
    assert_eq!(started.elapsed(), Duration::from_secs(8));
}

#[tokio::test(start_paused = true)]
async fn a_death_before_the_first_token_is_an_error() {
    for plan in [
        AnswerPlan::new().fail(reset()),
        AnswerPlan::new().event(events::start()).fail(reset()),
        AnswerPlan::new().event(events::start()).event(events::ping()).event(events::text("")).fail(reset()),
    ] {
        for layer in [CommitLayer::default(), buffer()] {
            let mut service = layer.layer(script(plan.clone()));
            let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
            assert_eq!(failure.kind(), Kind::Transport);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_after_it_is_the_bodys_error_or_with_buffer_an_error_too() {
    let plan = AnswerPlan::new().event(events::start()).event(events::text("Hel")).fail(reset());
    let mut service = CommitLayer::default().layer(script(plan.clone()));
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let (events, failure) = read_events(response.into_body()).await;
    assert_eq!((events.len(), failure.map(|failure| failure.kind())), (2, Some(Kind::Transport)));

    let mut service = buffer().layer(script(plan));
    let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Transport);
}

#[tokio::test(start_paused = true)]
async fn buffer_gives_the_whole_answer_at_once() {
    let plan = AnswerPlan::text(&["a", "b", "c"]).paced(Duration::from_secs(1));
    let (planned, started) = (plan.planned_events(), Instant::now());
    let mut service = buffer().layer(script(plan));
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let resolved = started.elapsed();
    assert!(resolved >= Duration::from_secs(planned.len() as u64 - 1), "{resolved:?}");
    let (events, failure) = read_events(response.into_body()).await;
    assert_eq!((events, failure.is_none()), (planned, true));
    assert_eq!(started.elapsed(), resolved);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_token_and_a_document_are_answers() {
    let empty = AnswerPlan::new().events([events::start(), events::finish(), events::end()]);
    for plan in [empty, AnswerPlan::document("Hello")] {
        for layer in [CommitLayer::default(), buffer()] {
            let mut service = layer.layer(script(plan.clone()));
            let response = ready_call(&mut service, sample::request(sample::unstreamed())).await.unwrap();
            let (events, failure) = read_events(response.into_body()).await;
            assert_eq!((events, failure.is_none()), (plan.planned_events(), true));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_come_out_as_they_went_in() {
    let plan = AnswerPlan::text(&["a", "b"]);
    let mut service = CommitLayer::default().layer(script(plan.clone()));
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    assert_eq!(read_body(response.into_body()).await.unwrap(), plan.wire());
}

#[derive(Default)]
struct Outgrown(AtomicUsize);

impl CommitObserver for Outgrown {
    fn committed(&self, committed: Committed) {
        self.0.fetch_add(usize::from(committed.outgrown), Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_buffer_that_is_outgrown_is_committed() {
    let texts = std::iter::repeat_with(|| events::text("a")).take(10);
    let plan = AnswerPlan::new().event(events::start()).events(texts).stall();
    let observer = Arc::new(Outgrown::default());
    let limit = 5 * events::text("a").weight();
    let config = CommitConfig::new().with_mid_stream(MidStream::Buffer).with_buffer_limit(limit);
    let mut service =
        CommitLayer::new(config).with_observer(Arc::clone(&observer)).layer(script(plan.clone()));
    let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    assert_eq!(observer.0.load(Ordering::Relaxed), 1);
    let mut body = Box::pin(response.into_body());
    for expected in plan.planned_events() {
        let event: Event = std::future::poll_fn(|cx| body.as_mut().poll_event(cx)).await.unwrap().unwrap();
        assert_eq!(event, expected);
    }
    let next = std::future::poll_fn(|cx| body.as_mut().poll_event(cx));
    assert!(timeout(Duration::from_secs(60), next).await.is_err(), "the rest is still awaited");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_committed_before_a_token_and_not_everything_is_held() {
    let pings = std::iter::repeat_with(events::ping).take(10);
    let plan = AnswerPlan::new().event(events::start()).events(pings).event(events::text("late"));
    let observer = Arc::new(Outgrown::default());
    let call = |held: usize| {
        let config =
            CommitConfig::new().with_hold_limit(events::start().weight() + held * events::ping().weight());
        let layer = CommitLayer::new(config).with_observer(Arc::clone(&observer));
        let mut service = layer.layer(script(plan.clone()));
        async move { ready_call(&mut service, sample::request(sample::streamed())).await.map(drop) }
    };
    let failure = call(9).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Malformed);
    assert!(failure.message().ends_with("and no token among them"), "{failure}");
    assert!(call(10).await.is_ok(), "the token itself may be as long as it likes");
    assert_eq!(observer.0.load(Ordering::Relaxed), 0);
}
