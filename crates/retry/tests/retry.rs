//! What is retried, when, and what the provider sees of it.

use std::{sync::Arc, time::Duration};

use backstop_core::{Class, Failure, Kind, RetryBudget, clock};
use backstop_retry::{RetryConfig, RetryLayer};
use backstop_test_support::{AnswerPlan, CallEnd, Script, Step, ready_call, sample};
use tokio::time::{Instant, timeout};
use tower_layer::Layer as _;

fn fail(kind: Kind) -> Step {
    Step::fail(Failure::new(kind, "no"))
}

fn answer() -> Step {
    Step::answer(AnswerPlan::text(&["Hello"]))
}

fn arrivals(script: &Script, started: Instant) -> Vec<Duration> {
    script.calls().iter().map(|call| call.arrived.duration_since(started.into_std())).collect()
}

#[tokio::test(start_paused = true)]
async fn waits_as_told_and_then_tries_once_more() {
    let told = Failure::new(Kind::RateLimited, "slow down").with_retry_after(Duration::from_secs(2));
    let script: Script = Script::new([Step::fail(told), answer()]);
    let started = Instant::now();
    let mut service = RetryLayer::default().layer(script.clone());
    ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    let second = arrivals(&script, started)[1];
    assert!((Duration::from_secs(2)..=Duration::from_millis(2201)).contains(&second), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn leaves_alone_who_gives_no_time() {
    let script: Script = Script::repeat(fail(Kind::RateLimited));
    let mut service = RetryLayer::default().layer(script.clone());
    let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
    assert_eq!((failure.kind(), script.calls().len()), (Kind::RateLimited, 1));
}

#[tokio::test(start_paused = true)]
async fn tries_a_broken_target_once_more_within_the_jitter() {
    for kind in [Kind::Server, Kind::Overloaded, Kind::Transport, Kind::Malformed] {
        let (script, started) = (Script::repeat(fail(kind)), Instant::now());
        let mut service = RetryLayer::default().layer(script.clone());
        let failure: Failure =
            ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
        assert_eq!(failure.kind(), kind);
        let arrivals = arrivals(&script, started);
        assert_eq!(arrivals.len(), 2, "{kind}");
        assert!(arrivals[1] <= Duration::from_millis(251), "{arrivals:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_not_retried() {
    let timeouts = Kind::ALL.iter().filter(|kind| matches!(kind, Kind::Timeout(_)));
    for kind in timeouts {
        let script: Script = Script::repeat(fail(*kind));
        let mut service = RetryLayer::default().layer(script.clone());
        assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_err());
        assert_eq!(script.calls().len(), 1, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_key_is_tried_at_once_and_is_not_charged() {
    let spent = Failure::new(Kind::QuotaExhausted, "no money").with_other_key(true);
    let (script, started): (Script, _) = (Script::new([Step::fail(spent), answer()]), Instant::now());
    let budget = Arc::new(RetryBudget::new(0.0, 0));
    let mut service = RetryLayer::default().with_budget(budget).layer(script.clone());
    ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    assert_eq!(arrivals(&script, started), [Duration::ZERO, Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_shared_and_bounds_all_retries() {
    let script: Script = Script::repeat(fail(Kind::Server));
    let layer = RetryLayer::new(RetryConfig::new()).with_budget(Arc::new(RetryBudget::new(0.2, 0)));
    for _ in 0..50 {
        let mut service = layer.layer(script.clone());
        assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_err());
    }
    let calls = script.calls().len();
    assert!((58..=60).contains(&calls), "50 calls and a fifth more: {calls}");
}

#[tokio::test(start_paused = true)]
async fn no_wait_goes_beyond_the_deadline() {
    let told = Failure::new(Kind::RateLimited, "slow down").with_retry_after(Duration::from_secs(2));
    let script: Script = Script::repeat(Step::fail(told));
    let mut call = sample::streamed();
    call.attempt_mut().tighten_deadline(clock::now() + Duration::from_secs(1));
    let started = Instant::now();
    let mut service = RetryLayer::default().layer(script.clone());
    let failure = ready_call(&mut service, sample::request(call)).await.unwrap_err();
    assert_eq!(failure.class(), Class::new(Kind::RateLimited).retry_after(Some(Duration::from_secs(2))));
    assert_eq!((script.calls().len(), started.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_in_the_second_attempt_ends_it() {
    let script: Script = Script::new([fail(Kind::Server), Step::never()]);
    let mut service = RetryLayer::default().layer(script.clone());
    let call = ready_call(&mut service, sample::request(sample::streamed()));
    assert!(timeout(Duration::from_secs(1), call).await.is_err());
    let ends: Vec<_> = script.calls().iter().map(|call| call.end).collect();
    assert_eq!(ends, [CallEnd::Failed, CallEnd::Dropped]);
}
