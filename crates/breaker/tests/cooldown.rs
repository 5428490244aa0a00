//! Cooldowns over answers and over plain HTTP: what cools, for how long, and who hears of it.

use std::{sync::Arc, time::Duration};

use backstop_breaker::cooldown::{
    Backoff, CooldownConfig, CooldownLayer, CooldownObserver, CooldownTarget, Cooldowns, Cooling, Subject,
};
use backstop_core::{BoxError, Call, Failure, Kind, Payload, Refusal, Scope, classify::PlainHttp};
use backstop_test_support::{AnswerPlan, Script, Step, read_body, read_events, ready_call, sample};
use http::{Request, Response, StatusCode};
use parking_lot::Mutex;
use tokio::time::advance;
use tower_layer::Layer;
use tower_service::Service;

const SECOND: Duration = Duration::from_secs(1);

fn over(cooldowns: &Cooldowns, credentials: usize, model: &str) -> CooldownLayer {
    CooldownLayer::new(cooldowns.clone(), CooldownTarget::new("openai", model, credentials))
}

fn fails(kind: Kind) -> Step {
    Step::fail(Failure::new(kind, "no"))
}

fn good() -> Step {
    Step::answer(AnswerPlan::text(&["Hi"]))
}

/// One call to its end.
async fn outcome<S, A>(service: &mut S) -> Option<Failure>
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    A: backstop_core::Answer,
{
    match ready_call(service, sample::request(sample::streamed())).await {
        Ok(response) => read_events(response.into_body()).await.1,
        Err(failure) => Some(failure),
    }
}

fn credentials(script: &Script) -> Vec<usize> {
    let chosen = script.calls().into_iter().filter_map(|call| call.call?.attempt().credential());
    chosen.collect()
}

fn wait(failure: Option<&Failure>) -> Option<Duration> {
    let failure = failure?;
    assert_eq!(failure.kind(), Kind::Refused(Refusal::Cooling), "{failure}");
    failure.retry_after()
}

#[tokio::test(start_paused = true)]
async fn free_credentials_take_turns() {
    let (cooldowns, script) = (Cooldowns::default(), Script::repeat(good()));
    let mut service = over(&cooldowns, 3, "m").layer(script.clone());
    for _ in 0..4 {
        assert!(outcome(&mut service).await.is_none());
    }
    assert_eq!(credentials(&script), [0, 1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_cools_the_key_with_the_model_and_no_more() {
    let cooldowns = Cooldowns::default();
    let limited = Failure::new(Kind::RateLimited, "slow down").with_retry_after(2 * SECOND);
    let mut service = over(&cooldowns, 1, "m").layer(Script::new([Step::fail(limited)]).then_repeat(good()));
    let failure = outcome(&mut service).await.unwrap();
    assert_eq!((failure.kind(), failure.class().other_key), (Kind::RateLimited, false));
    let refusal = outcome(&mut service).await;
    assert_eq!(wait(refusal.as_ref()), Some(2 * SECOND));
    assert_eq!(
        refusal.unwrap().message(),
        "openai/m is left alone after rate_limited; the next call may go out in 2.0 s"
    );
    let mut other_model = over(&cooldowns, 1, "n").layer(Script::repeat(good()));
    assert!(outcome(&mut other_model).await.is_none());
    advance(2 * SECOND).await;
    assert!(outcome(&mut service).await.is_none());
    assert!(cooldowns.list().is_empty(), "a success clears");
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_without_a_time_doubles() {
    let cooldowns = Cooldowns::default();
    let mut service = over(&cooldowns, 1, "m").layer(Script::repeat(fails(Kind::RateLimited)));
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(outcome(&mut service).await.unwrap().kind(), Kind::RateLimited);
        assert_eq!(wait(outcome(&mut service).await.as_ref()), Some(seconds * SECOND));
        advance(seconds * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_fails_together_is_one_failure() {
    let cooldowns = Cooldowns::default();
    let layer = over(&cooldowns, 1, "m");
    let slow = fails(Kind::RateLimited).after(SECOND / 2);
    let service = layer.layer(Script::repeat(slow));
    let one = || async { outcome(&mut service.clone()).await };
    tokio::join!(one(), one(), one(), one());
    assert_eq!(wait(outcome(&mut service.clone()).await.as_ref()), Some(SECOND));
    assert_eq!(cooldowns.list()[0].failures, 1);
}

#[tokio::test(start_paused = true)]
async fn another_free_key_is_told_and_taken() {
    let cooldowns = Cooldowns::default();
    let script = Script::new([fails(Kind::QuotaExhausted), fails(Kind::RateLimited)]).then_repeat(good());
    let mut service = over(&cooldowns, 2, "m").layer(script.clone());
    assert!(outcome(&mut service).await.unwrap().class().other_key);
    assert!(!outcome(&mut service).await.unwrap().class().other_key, "both keys cool now");
    assert_eq!(wait(outcome(&mut service).await.as_ref()), Some(SECOND), "the sooner of the two");
    advance(SECOND).await;
    for _ in 0..3 {
        assert!(outcome(&mut service).await.is_none());
    }
    assert_eq!(credentials(&script), [0, 1, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_probed_by_one_call_at_a_time() {
    let cooldowns = Cooldowns::default();
    let script = Script::new([fails(Kind::Unauthorized), fails(Kind::Server)]).then_repeat(good());
    let layer = over(&cooldowns, 1, "m");
    let mut service = layer.layer(script.clone());
    outcome(&mut service).await;
    assert_eq!(wait(outcome(&mut service).await.as_ref()), Some(30 * SECOND));
    // Every chain shares it, and it is about the key, not the model.
    let mut other_chain = over(&cooldowns, 1, "n").layer(Script::repeat(good()));
    assert_eq!(wait(outcome(&mut other_chain).await.as_ref()), Some(30 * SECOND));

    advance(30 * SECOND).await;
    assert_eq!(outcome(&mut service).await.unwrap().kind(), Kind::Server, "a probe that decides nothing");
    let probe = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    assert_eq!(wait(outcome(&mut other_chain).await.as_ref()), Some(30 * SECOND), "a probe is under way");
    drop(probe);
    // Dropped before its head, too.
    let _ = script.clone().then_repeat(Step::never());
    assert!(tokio::time::timeout(SECOND, outcome(&mut service)).await.is_err());
    let _ = script.then_repeat(good());
    assert!(outcome(&mut service).await.is_none(), "a dropped probe frees its slot");
    assert!(outcome(&mut other_chain).await.is_none());
    assert!(cooldowns.list().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_again_cools_for_longer() {
    let cooldowns = Cooldowns::default();
    let mut service = over(&cooldowns, 1, "m").layer(Script::repeat(fails(Kind::Unauthorized)));
    for seconds in [30, 60, 120, 240, 480, 600, 600] {
        assert_eq!(outcome(&mut service).await.unwrap().kind(), Kind::Unauthorized);
        assert_eq!(wait(outcome(&mut service).await.as_ref()), Some(seconds * SECOND));
        advance(seconds * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_model_cools_with_every_key() {
    let cooldowns = Cooldowns::default();
    let mut service = over(&cooldowns, 3, "m").layer(Script::new([fails(Kind::ModelNotFound)]));
    assert!(!outcome(&mut service).await.unwrap().class().other_key);
    assert_eq!(wait(outcome(&mut service).await.as_ref()), Some(60 * SECOND));
    let mut other_model = over(&cooldowns, 3, "n").layer(Script::repeat(good()));
    assert!(outcome(&mut other_model).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_failures_own_scope_goes_first() {
    let cooldowns = Cooldowns::default();
    let account = Failure::new(Kind::RateLimited, "of the whole account").with_scope(Scope::Key);
    let mut service = over(&cooldowns, 1, "m").layer(Script::new([Step::fail(account)]));
    outcome(&mut service).await;
    assert_eq!(cooldowns.list()[0].subject, Subject::Key { provider: "openai".into(), credential: 0 });
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_began_before_the_failure_clears_nothing() {
    let cooldowns = Cooldowns::default();
    let long = Step::answer(AnswerPlan::text(&["Hi"]).paced(SECOND));
    let mut service = over(&cooldowns, 1, "m").layer(Script::new([long, fails(Kind::QuotaExhausted)]));
    let early = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
    outcome(&mut service).await;
    assert!(read_events(early.into_body()).await.1.is_none());
    assert_eq!(cooldowns.list().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn other_failures_cool_nothing_and_the_forgotten_is_forgotten() {
    let cooldowns = Cooldowns::default();
    for kind in [Kind::Server, Kind::Overloaded, Kind::Transport, Kind::InvalidRequest, Kind::Malformed] {
        outcome(&mut over(&cooldowns, 2, "m").layer(Script::new([fails(kind)]))).await;
    }
    assert!(cooldowns.list().is_empty());
    for model in 0..100 {
        let model = model.to_string();
        outcome(&mut over(&cooldowns, 1, &model).layer(Script::new([fails(Kind::ModelNotFound)]))).await;
    }
    assert_eq!(cooldowns.list().len(), 100);
    advance(3600 * SECOND).await;
    outcome(&mut over(&cooldowns, 1, "m").layer(Script::new([fails(Kind::ModelNotFound)]))).await;
    assert_eq!(cooldowns.list().len(), 1);
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl CooldownObserver for Heard {
    fn alert(&self, kind: Kind, provider: &str, credential: Option<usize>) {
        self.0.lock().push(format!("alert {kind} {provider} {credential:?}"));
    }

    fn cooled(&self, cooling: &Cooling) {
        self.0.lock().push(format!("cooled {}", cooling.subject));
    }

    fn cleared(&self, subject: &Subject) {
        self.0.lock().push(format!("cleared {subject}"));
    }

    fn refused(&self, target: &CooldownTarget, retry_after: Duration) {
        self.0.lock().push(format!("refused {} {retry_after:?}", target.model()));
    }
}

#[tokio::test(start_paused = true)]
async fn operators_hear_of_it_and_clear_it() {
    let heard = Arc::new(Heard::default());
    let config = CooldownConfig::new().with_quota_exhausted(Backoff::new(SECOND, SECOND));
    let cooldowns = Cooldowns::with_observer(config, Arc::clone(&heard));
    let script = Script::repeat(fails(Kind::QuotaExhausted));
    let mut service = over(&cooldowns, 1, "m").layer(script.clone());
    outcome(&mut service).await;
    outcome(&mut service).await;
    advance(SECOND).await;
    outcome(&mut service).await;
    let subject = Subject::Key { provider: "openai".into(), credential: 0 };
    assert!(cooldowns.clear(&subject) && !cooldowns.clear(&subject));
    let _ = script.then_repeat(good());
    assert!(outcome(&mut service).await.is_none());
    assert_eq!(
        *heard.0.lock(),
        [
            "alert quota_exhausted openai Some(0)",
            "cooled openai#0",
            "refused m 1s",
            "cooled openai#0",
            "cleared openai#0"
        ]
    );
    outcome(&mut over(&cooldowns, 1, "n").layer(Script::new([fails(Kind::ModelNotFound)]))).await;
    cooldowns.clear_all();
    assert!(cooldowns.list().is_empty());
}

#[tokio::test(start_paused = true)]
async fn over_plain_http_there_is_one_implicit_credential() {
    let mut limited = Response::new(AnswerPlan::bytes("slow down"));
    *limited.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    limited.headers_mut().insert("retry-after", 3.into());
    let script: Script<BoxError> = Script::new([Step::response(limited)]);
    let layer = CooldownLayer::new(Cooldowns::default(), CooldownTarget::new("openai", "m", 0))
        .with_classifier(PlainHttp::new());
    let mut service = layer.layer(script);
    let request = || Request::new(Payload::default());
    let response = ready_call(&mut service, request()).await.unwrap();
    assert_eq!(read_body(response.into_body()).await.unwrap(), "slow down");
    let refusal = Failure::from_error(ready_call(&mut service, request()).await.unwrap_err());
    assert_eq!(wait(Some(&refusal)), Some(3 * SECOND));
}
