//! Who is tried, in what order, and what the caller gets when nobody answers.

use std::{sync::Arc, time::Duration};

use backstop_core::{Failure, Kind, Needs, Peek, StepOutcome, Target, clock};
use backstop_fallback::{Candidate, Fallback, FallbackConfig, NoCandidates, OnContentFilter};
use backstop_test_support::{AnswerPlan, CallEnd, Script, Step, read_events, ready_call, sample};
use tokio::time::timeout;

fn fail(kind: Kind) -> Script {
    Script::repeat(Step::fail(Failure::new(kind, "no")))
}

fn answer() -> Script {
    Script::repeat(Step::answer(AnswerPlan::text(&["Hello"])))
}

fn named(name: &str, script: &Script) -> Candidate<Script> {
    Candidate::new(script.clone(), Target::new("p", name))
}

fn chain(scripts: &[&Script]) -> Fallback<Script> {
    let candidates: Vec<_> =
        scripts.iter().enumerate().map(|(at, script)| named(&at.to_string(), script)).collect();
    Fallback::new(candidates, FallbackConfig::new()).expect("some candidates")
}

async fn call(service: &mut Fallback<Script>) -> Result<usize, Failure> {
    let response = ready_call(service, sample::request(sample::streamed())).await?;
    Ok(read_events(response.into_body()).await.0.len())
}

#[test]
fn an_empty_chain_is_none() {
    let none: Result<_, NoCandidates> = Fallback::<Script>::new([], FallbackConfig::new());
    assert_eq!(none.unwrap_err().to_string(), "a chain needs at least one target");
}

#[tokio::test(start_paused = true)]
async fn every_kind_falls_over_or_stops_as_the_table_says() {
    for kind in Kind::ALL {
        let (first, second) = (fail(*kind), answer());
        let result = call(&mut chain(&[&first, &second])).await;
        let stops = matches!(
            kind,
            Kind::InvalidRequest | Kind::Cancelled | Kind::ContentFilter | Kind::ContextLength
        );
        assert_eq!((result.is_err(), second.calls().is_empty()), (stops, stops), "{kind}");
        if let Err(failure) = result {
            assert_eq!(failure.kind(), *kind);
        }
        assert_eq!(first.calls().len(), 1, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn too_long_a_prompt_goes_where_the_window_is_larger() {
    let (small, same, large) = (fail(Kind::ContextLength), answer(), answer());
    let candidates = [
        named("small", &small).with_window(Some(100)),
        named("same", &same).with_window(Some(100)),
        named("large", &large).with_window(Some(200)),
    ];
    let mut service = Fallback::new(candidates, FallbackConfig::new()).unwrap();
    assert!(call(&mut service).await.is_ok());
    assert_eq!((same.calls().len(), large.calls().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_policys_refusal_falls_over_where_the_chain_says_so() {
    let (first, second) = (fail(Kind::ContentFilter), answer());
    let config = FallbackConfig::new().with_on_content_filter(OnContentFilter::Next);
    let mut service = Fallback::new([named("a", &first), named("b", &second)], config).unwrap();
    assert!(call(&mut service).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_most_actionable_failure_is_told_with_the_earliest_time() {
    let told = |kind, seconds| {
        Script::repeat(Step::fail(Failure::new(kind, "no").with_retry_after(Duration::from_secs(seconds))))
    };
    let scripts =
        [fail(Kind::Server), told(Kind::RateLimited, 9), told(Kind::Overloaded, 4), fail(Kind::Transport)];
    let failure = call(&mut chain(&scripts.each_ref())).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::RateLimited);
    assert_eq!(failure.retry_after(), Some(Duration::from_secs(4)));
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_error_is_the_last_word() {
    let (first, second, third) = (fail(Kind::Server), fail(Kind::InvalidRequest), answer());
    let failure = call(&mut chain(&[&first, &second, &third])).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::InvalidRequest);
    assert!(third.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn at_most_five_targets_and_none_after_the_deadline() {
    let scripts: Vec<_> = (0..8).map(|_| fail(Kind::Server)).collect();
    assert!(call(&mut chain(&scripts.iter().collect::<Vec<_>>())).await.is_err());
    let calls: Vec<_> = scripts.iter().map(|script| script.calls().len()).collect();
    assert_eq!(calls, [1, 1, 1, 1, 1, 0, 0, 0]);

    let slow: Script =
        Script::repeat(Step::fail(Failure::new(Kind::Server, "no")).after(Duration::from_secs(2)));
    let next = answer();
    let mut late = sample::streamed();
    late.attempt_mut().tighten_deadline(clock::now() + Duration::from_secs(1));
    assert!(ready_call(&mut chain(&[&slow, &next]), sample::request(late)).await.is_err());
    assert!(next.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_cannot_serve_is_passed_over_and_the_trail_says_so() {
    let (blind, seeing) = (answer(), answer());
    let candidates = [
        named("blind", &blind).with_lacks(Needs { images: true, ..Needs::default() }),
        named("seeing", &seeing),
    ];
    let mut service = Fallback::new(candidates, FallbackConfig::new()).unwrap();
    let peek = Peek { needs: Needs { images: true, ..Needs::default() }, ..sample::peek() };
    let call = sample::call(peek.clone());
    assert!(ready_call(&mut service, sample::request(call.clone())).await.is_ok());
    assert_eq!((blind.calls().len(), seeing.calls().len()), (0, 1));
    let steps = call.origin().trail().steps();
    assert_eq!(steps[0].target, "p/blind");
    assert!(matches!(steps[0].outcome, StepOutcome::Failed(class) if class.kind.label() == "refused_unfit"));
    assert_eq!(call.origin().trail().calls(), 0);

    // Nobody is fit: they know best themselves.
    let alone = [named("blind", &blind).with_lacks(Needs { images: true, ..Needs::default() })];
    let mut service = Fallback::new(alone, FallbackConfig::new()).unwrap();
    assert!(ready_call(&mut service, sample::request(sample::call(peek))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn each_attempt_knows_its_target_and_the_call_is_shared() {
    let (first, second) = (fail(Kind::Server), answer());
    let original = sample::streamed();
    ready_call(&mut chain(&[&first, &second]), sample::request(original.clone())).await.unwrap();
    for (script, name) in [(&first, "p/0"), (&second, "p/1")] {
        let call = script.calls()[0].call.clone().unwrap();
        assert_eq!(call.target().unwrap().name, name);
        assert!(Arc::ptr_eq(call.origin(), original.origin()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_takes_no_calls_holds_up_its_own_request_alone() {
    let (busy, next) = (answer(), answer());
    busy.close();
    let mut service = chain(&[&busy, &next]);
    let waiting = ready_call(&mut service, sample::request(sample::streamed()));
    assert!(timeout(Duration::from_secs(5), waiting).await.is_err());
    busy.open();
    assert!(call(&mut service).await.is_ok());
    assert_eq!((busy.calls().len(), next.calls().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_ends_the_attempt() {
    let (first, second) = (fail(Kind::Server), Script::repeat(Step::never()));
    let mut service = chain(&[&first, &second]);
    let waiting = ready_call(&mut service, sample::request(sample::streamed()));
    assert!(timeout(Duration::from_secs(1), waiting).await.is_err());
    assert_eq!(second.calls()[0].end, CallEnd::Dropped);
}
