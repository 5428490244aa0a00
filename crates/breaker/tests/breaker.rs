//! The breaker over answers: what is counted, when, and what an operator sees.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use backstop_breaker::{BreakerConfig, BreakerLayer, BreakerObserver, BreakerState, Transition};
use backstop_core::{Call, Clock, Failure, Kind, Refusal, clock};
use backstop_test_support::{AnswerPlan, Script, Step, events, read_events, ready_call, sample};
use futures_util::FutureExt;
use tokio::time::advance;
use tower_layer::Layer;
use tower_service::Service;

const SECOND: Duration = Duration::from_secs(1);

fn layer() -> BreakerLayer {
    BreakerLayer::new(BreakerConfig::new().with_jitter(0.0))
}

/// One call to its end: the failure of the head or of the body, if there is one.
async fn outcome<S, A>(service: &mut S) -> Option<Failure>
where
    S: Service<http::Request<Call>, Response = http::Response<A>, Error = Failure>,
    A: backstop_core::Answer,
{
    match ready_call(service, sample::request(sample::streamed())).await {
        Ok(response) => read_events(response.into_body()).await.1,
        Err(failure) => Some(failure),
    }
}

fn dies_in_the_stream() -> Step {
    Step::answer(AnswerPlan::new().events([events::start(), events::text("Hel")]).reset())
}

fn good() -> Step {
    Step::answer(AnswerPlan::text(&["Hello"]))
}

#[tokio::test(start_paused = true)]
async fn streams_that_die_after_their_200_trip_it() {
    let (layer, script) = (layer(), Script::repeat(dies_in_the_stream()));
    let mut service = layer.layer(script.clone());
    for _ in 0..3 {
        assert_eq!(outcome(&mut service).await.unwrap().kind(), Kind::Transport);
    }
    let refusal = outcome(&mut service).await.unwrap();
    assert_eq!(refusal.kind(), Kind::Refused(Refusal::BreakerOpen));
    assert_eq!(refusal.retry_after(), Some(5 * SECOND));
    assert_eq!(
        refusal.message(),
        "the circuit breaker of the target is open after repeated failures; it lets the next call through in 5.0 s"
    );
    assert_eq!(script.calls().len(), 3, "an open breaker leaves the provider alone");
}

#[tokio::test(start_paused = true)]
async fn closes_again_when_a_probe_comes_to_its_end() {
    let (layer, script) = (layer(), Script::repeat(dies_in_the_stream()));
    let mut service = layer.layer(script.clone());
    for _ in 0..3 {
        outcome(&mut service).await;
    }
    let _ = script.clone().then_repeat(good());
    advance(5 * SECOND).await;

    let probe = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    assert_eq!(layer.handle().state(clock::now()), BreakerState::HalfOpen, "the head alone decides nothing");
    assert_eq!(outcome(&mut service).await.unwrap().retry_after(), Some(10 * SECOND));
    assert!(read_events(probe.into_body()).await.1.is_none());
    assert_eq!(layer.handle().state(clock::now()), BreakerState::Closed);
    assert!(outcome(&mut service).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_frees_its_slot() {
    let (layer, script) = (layer(), Script::repeat(dies_in_the_stream()));
    let mut service = layer.layer(script.clone());
    for _ in 0..3 {
        outcome(&mut service).await;
    }
    advance(5 * SECOND).await;
    let _ = script.clone().then_repeat(Step::never());
    // Dropped before it was polled, while it waited, and half-way through its body.
    poll_fn(|cx| Service::<http::Request<Call>>::poll_ready(&mut service, cx)).await.unwrap();
    drop(service.call(sample::request(sample::streamed())));
    assert!(tokio::time::timeout(SECOND, outcome(&mut service)).await.is_err());
    let _ = script.clone().then_repeat(good());
    let body = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    drop(body);
    assert_eq!(layer.handle().state(clock::now()), BreakerState::HalfOpen);
    assert!(outcome(&mut service).await.is_none());
    assert_eq!(layer.handle().state(clock::now()), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_targets_fault_is_not_counted() {
    let layer = layer();
    for kind in [
        Kind::RateLimited,
        Kind::QuotaExhausted,
        Kind::Unauthorized,
        Kind::ModelNotFound,
        Kind::InvalidRequest,
        Kind::ContextLength,
        Kind::ContentFilter,
        Kind::Cancelled,
    ] {
        let mut service = layer.layer(Script::repeat(Step::fail(Failure::new(kind, "no"))));
        for _ in 0..20 {
            assert_eq!(outcome(&mut service).await.unwrap().kind(), kind);
        }
    }
    let mut service = layer.layer(Script::repeat(good()));
    for _ in 0..20 {
        drop(ready_call(&mut service, sample::request(sample::streamed())).await.unwrap());
    }
    let counts = layer.handle().counts(clock::now());
    assert_eq!((counts.attempts, counts.failures, counts.rejected), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn all_services_of_a_layer_share_its_state() {
    let layer = layer();
    let failing = Script::repeat(Step::fail(Failure::timeout(Clock::FirstToken, SECOND)));
    let (mut one, mut two) = (layer.layer(failing.clone()), layer.clone().layer(failing));
    for _ in 0..5 {
        outcome(&mut one).await;
    }
    assert_eq!(outcome(&mut two).await.unwrap().kind(), Kind::Refused(Refusal::BreakerOpen));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_was_down_for_a_minute_is_soon_used_again() {
    for seed in 0..20 {
        let layer = BreakerLayer::new(BreakerConfig::new().with_seed(seed));
        let script: Script = Script::repeat(Step::fail(Failure::new(Kind::Server, "down")));
        let mut service = layer.layer(script.clone());
        let start = clock::now();
        let recovered = start + 60 * SECOND;
        // A request every 4 s, as in the failure scenarios.
        let back = loop {
            if clock::now() >= recovered {
                let _ = script.clone().then_repeat(good());
            }
            if outcome(&mut service).await.is_none() {
                break clock::now();
            }
            advance(4 * SECOND).await;
        };
        assert!(back < recovered + 30 * SECOND, "seed {seed}: used again after {:?}", back - recovered);
        // Five to trip it; then one at a time, less and less often.
        let probes: Vec<_> = script.calls()[5..].iter().map(|call| call.arrived - start).collect();
        assert!(probes.len() <= 6, "seed {seed}: {probes:?}");
    }
}

#[derive(Default)]
struct Heard {
    transitions: AtomicU32,
    rejected: AtomicU32,
}

impl BreakerObserver for Heard {
    fn transition(&self, _: &Transition) {
        self.transitions.fetch_add(1, Ordering::Relaxed);
    }

    fn rejected(&self, _: Option<Duration>) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_watches_and_forces_it() {
    let heard = Arc::new(Heard::default());
    let layer = layer().with_name("openai/gpt-4.1").with_observer(Arc::clone(&heard));
    let handle = layer.handle();
    let mut service = layer.layer(Script::repeat(good()));

    let mut watch = handle.watch();
    assert!(watch.changed().now_or_never().is_none());
    handle.force_open(clock::now());
    assert_eq!(watch.changed().await.state, BreakerState::ForcedOpen);
    assert!(watch.changed().now_or_never().is_none());

    let refusal = outcome(&mut service).await.unwrap();
    assert_eq!(refusal.message(), "the circuit breaker of openai/gpt-4.1 is held open by its operator");
    assert_eq!(refusal.retry_after(), None);
    handle.auto(clock::now());
    assert!(outcome(&mut service).await.is_none());
    assert_eq!((heard.transitions.load(Ordering::Relaxed), heard.rejected.load(Ordering::Relaxed)), (2, 1));
}
