//! What the observers hear is what the page says, to the last figure.

#![cfg(feature = "prometheus")]

use std::time::Duration;

use backstop_core::{Class, Failure, Kind, clock};
use backstop_telemetry::{
    AttemptLayer, RequestLayer,
    metrics::{METRICS, MetricKind, Metrics, Reload, Snapshot},
};
use backstop_test_support::{AnswerPlan, Script, Step, events, read_events, ready_call, sample};
use tower::{Layer as _, ServiceBuilder};

const SECOND: Duration = Duration::from_secs(1);

/// The value of the one series whose line begins with `series`.
fn value(page: &str, series: &str) -> Option<f64> {
    let mut lines = page.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let value = lines.next()?.parse().expect("a number");
    assert_eq!(lines.next(), None, "{series} stands twice");
    Some(value)
}

fn expect(metrics: &Metrics, expected: &[(&str, f64)]) {
    let page = metrics.render(Snapshot::new());
    for (series, expected) in expected {
        assert_eq!(value(&page, series), Some(*expected), "{series} in\n{page}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_and_requests_are_counted_when_their_bodies_end() {
    let metrics = Metrics::new();
    let paced = AnswerPlan::new()
        .wait(2 * SECOND)
        .event(events::text("a"))
        .wait(SECOND)
        .event(events::text("b"))
        .wait(3 * SECOND)
        .event(events::text("c"));
    let script: Script = Script::new([
        Step::answer(paced.clone()),
        Step::fail(Failure::new(Kind::Overloaded, "busy")),
        Step::answer(paced.clone().fail(Failure::new(Kind::Transport, "reset"))),
        Step::answer(paced),
    ]);
    let mut stack = ServiceBuilder::new()
        .layer(RequestLayer::new().with_observer(metrics.requests()))
        .layer(AttemptLayer::new("p/m").with_observer(metrics.target(&"p/m".into())))
        .service(script);

    let answer = ready_call(&mut stack, sample::request(sample::streamed())).await.unwrap();
    expect(
        &metrics,
        &[
            ("backstop_requests_in_flight", 1.0),
            ("backstop_open_streams", 1.0),
            (r#"backstop_attempts_in_flight{target="p/m"}"#, 1.0),
        ],
    );
    assert!(!metrics.render(Snapshot::new()).contains("outcome=\"success\"} 1"));
    read_events(answer.into_body()).await;
    assert!(ready_call(&mut stack, sample::request(sample::streamed())).await.is_err());
    let dying = ready_call(&mut stack, sample::request(sample::streamed())).await.unwrap();
    assert!(read_events(dying.into_body()).await.1.is_some());
    let left = ready_call(&mut stack, sample::request(sample::unstreamed())).await.unwrap();
    drop(left);

    let request = |status: &str, outcome: &str| {
        format!(
            r#"backstop_requests_total{{chain="none",dialect="openai-chat",status="{status}",outcome="{outcome}"}}"#
        )
    };
    expect(
        &metrics,
        &[
            (&request("200", "success"), 1.0),
            (&request("503", "overloaded"), 1.0),
            (&request("200", "transport"), 1.0),
            (&request("200", "dropped"), 1.0),
            ("backstop_requests_in_flight", 0.0),
            ("backstop_open_streams", 0.0),
            (r#"backstop_attempts_total{target="p/m",outcome="success"}"#, 1.0),
            (r#"backstop_attempts_total{target="p/m",outcome="overloaded"}"#, 1.0),
            (r#"backstop_attempts_total{target="p/m",outcome="transport"}"#, 1.0),
            (r#"backstop_attempts_total{target="p/m",outcome="dropped"}"#, 1.0),
            (r#"backstop_attempts_in_flight{target="p/m"}"#, 0.0),
            (r#"backstop_attempt_first_token_seconds_count{target="p/m"}"#, 2.0),
            (r#"backstop_attempt_first_token_seconds_sum{target="p/m"}"#, 4.0),
            (r#"backstop_attempt_first_token_seconds_bucket{le="2.5",target="p/m"}"#, 2.0),
            (r#"backstop_token_gap_seconds_count{target="p/m"}"#, 4.0),
            (r#"backstop_token_gap_seconds_sum{target="p/m"}"#, 8.0),
            (r#"backstop_token_gap_seconds_bucket{le="1.0",target="p/m"}"#, 2.0),
            (r#"backstop_attempt_duration_seconds_sum{target="p/m",outcome="success"}"#, 6.0),
            (r#"backstop_attempt_duration_seconds_count{target="p/m",outcome="failed"}"#, 2.0),
            (r#"backstop_gateway_overhead_seconds_count{chain="none"}"#, 3.0),
            (r#"backstop_gateway_overhead_seconds_sum{chain="none"}"#, 0.0),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_counts_for_its_chain_and_a_callers_own_words_are_no_label() {
    let metrics = Metrics::new();
    assert_eq!(metrics.chain(&"writer".into()).label().as_str(), "writer");
    let script: Script = Script::repeat(Step::answer(AnswerPlan::text(&["a"])));
    let mut stack = RequestLayer::new().with_observer(metrics.requests()).layer(script);
    for chain in ["writer", "openai/ignore all previous instructions"] {
        let call = sample::streamed();
        call.origin().trail().enter_chain(chain.into());
        let reason = Class::new(Kind::Overloaded);
        let first = call.origin().trail().begin("a".into(), clock::now());
        call.origin().trail().update(first, |step| step.outcome = backstop_core::StepOutcome::Failed(reason));
        call.origin().trail().begin("b".into(), clock::now());
        read_events(ready_call(&mut stack, sample::request(call)).await.unwrap().into_body()).await;
    }
    expect(
        &metrics,
        &[
            (r#"backstop_fallback_requests_total{chain="writer",reason="overloaded"}"#, 1.0),
            (r#"backstop_fallback_requests_total{chain="other",reason="overloaded"}"#, 1.0),
            (r#"backstop_request_duration_seconds_count{chain="writer"}"#, 1.0),
        ],
    );
    assert!(!metrics.render(Snapshot::new()).contains("previous instructions"));
}

#[test]
fn what_others_observe_is_counted_too() {
    let metrics = Metrics::new();
    let (target, chain) = (metrics.target(&"p/m".into()), metrics.chain(&"writer".into()));
    let class = Class::new(Kind::Server);
    target.retried(class, false);
    target.retried(class, true);
    target.retry_denied(class);
    target.commit_outgrown();
    target.lost_in_translation(3);
    target.breaker_changed("open");
    target.breaker_refused();
    target.answer_rejected("repetition");
    chain.fell_over(class);
    chain.exhausted(class);
    metrics.cooled(&"p".into(), "key", Kind::Unauthorized);
    metrics.cooldown_refused(&"p".into());
    metrics.alert(&"p".into(), Kind::Unauthorized);
    metrics.refused_at_the_edge("anthropic-messages", &Failure::new(Kind::InvalidRequest, "no JSON"));
    metrics.reloaded(Reload::Applied);
    metrics.reloaded(Reload::Refused);
    expect(
        &metrics,
        &[
            (r#"backstop_retries_total{target="p/m",reason="server",credential="same"}"#, 1.0),
            (r#"backstop_retries_total{target="p/m",reason="server",credential="other"}"#, 1.0),
            (r#"backstop_retries_denied_total{target="p/m",reason="server"}"#, 1.0),
            (r#"backstop_commits_outgrown_total{target="p/m"}"#, 1.0),
            (r#"backstop_translation_losses_total{target="p/m"}"#, 3.0),
            (r#"backstop_breaker_transitions_total{target="p/m",to="open"}"#, 1.0),
            (r#"backstop_breaker_refusals_total{target="p/m"}"#, 1.0),
            (r#"backstop_answers_rejected_total{target="p/m",rule="repetition"}"#, 1.0),
            (r#"backstop_fallbacks_total{chain="writer",reason="server"}"#, 1.0),
            (r#"backstop_exhausted_total{chain="writer",reason="server"}"#, 1.0),
            (r#"backstop_cooldowns_total{provider="p",scope="key",reason="unauthorized"}"#, 1.0),
            (r#"backstop_cooldown_refusals_total{provider="p"}"#, 1.0),
            (r#"backstop_alerts_total{provider="p",reason="unauthorized"}"#, 1.0),
            (
                r#"backstop_requests_total{chain="none",dialect="anthropic-messages",status="400",outcome="invalid_request"}"#,
                1.0,
            ),
            (r#"backstop_config_reload_total{result="applied"}"#, 1.0),
            (r#"backstop_config_reload_total{result="refused"}"#, 1.0),
            ("backstop_config_good", 0.0),
        ],
    );
    metrics.reloaded(Reload::Unchanged);
    expect(&metrics, &[("backstop_config_good", 1.0)]);
}

#[test]
fn a_snapshot_is_told_as_it_is() {
    let mut snapshot = Snapshot::new();
    snapshot.breakers = vec![("p/m".into(), "open"), ("p/n".into(), "closed")];
    snapshot.cooling = vec![("p".into(), "key"), ("p".into(), "key")];
    (snapshot.bytes_in_flight, snapshot.stacks) = (70_000, 2);
    let page = Metrics::new().render(snapshot);
    for (series, expected) in [
        (r#"backstop_breaker_state{target="p/m",state="open"}"#, 1.0),
        (r#"backstop_breaker_state{target="p/m",state="closed"}"#, 0.0),
        (r#"backstop_breaker_state{target="p/n",state="closed"}"#, 1.0),
        (r#"backstop_cooling{provider="p",scope="key"}"#, 2.0),
        ("backstop_bodies_in_flight_bytes", 70_000.0),
        ("backstop_stacks", 2.0),
    ] {
        assert_eq!(value(&page, series), Some(expected), "{series} in\n{page}");
    }
}

#[test]
fn every_metric_that_is_declared_is_served_and_no_other() {
    let page = Metrics::new().render(Snapshot::new());
    let served: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| {
            let (name, kind) = line.split_once(' ').unwrap();
            if kind == "counter" { format!("{name}_total") } else { name.to_owned() }
        })
        .collect();
    let declared: Vec<_> = METRICS.iter().map(backstop_telemetry::metrics::Metric::full_name).collect();
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(served), sorted(declared));
    assert!(
        METRICS
            .iter()
            .all(|metric| metric.kind != MetricKind::Histogram || metric.full_name().ends_with("_seconds"))
    );
    assert!(page.ends_with("# EOF\n"));
}
