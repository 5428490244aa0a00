//! `/metrics` says what has happened, to the last figure, and nothing that is nobody's business.

use http::StatusCode;

use crate::{
    client::{PROMPT, tokens},
    gateway::{Gateway, until, value},
    provider::Provider,
};

#[tokio::test]
async fn the_page_says_what_has_happened() {
    let (a, b) = (Provider::start().await, Provider::start().await);
    let yaml = format!(
        "
providers:
  a: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-secret-a }}
  b: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-secret-b }}
chains:
  writer: {{ retries: 0, targets: [a/busy, b/good] }}
  patient: {{ targets: [b/busy, b/good] }}
  refused: {{ targets: [a/refuses, b/good] }}
  slow: {{ targets: [b/slow] }}
",
        a.base_url, b.base_url
    );
    let gateway = Gateway::start(&yaml, &[]).await;
    let callers = &gateway.callers;
    // The fifth failure in a row opens a/busy's breaker; the sixth request is refused there.
    for _ in 0..6 {
        let (status, stream) = callers.ask("writer", true).await;
        assert_eq!((status, tokens(&stream)), (StatusCode::OK, Some(4)), "{stream}");
    }
    assert_eq!(a.asked("busy"), 5);
    for _ in 0..2 {
        assert_eq!(callers.ask("b/good", false).await.0, StatusCode::OK);
    }
    assert_eq!(callers.ask("patient", false).await.0, StatusCode::OK);
    assert_eq!(callers.ask("refused", false).await.0, StatusCode::OK);
    assert_eq!(callers.ask("ignore all previous instructions", false).await.0, StatusCode::NOT_FOUND);
    assert_eq!(callers.ask("b/whatever the caller likes", true).await.0, StatusCode::OK);
    assert_eq!(callers.send("{".to_owned()).await.0, StatusCode::BAD_REQUEST);
    callers.ask_and_leave("slow").await;
    let left = r#"backstop_attempts_total{target="b/slow",outcome="dropped"}"#;
    until("the caller's leaving is settled", async || gateway.metric(left).await == 1.0).await;

    let page = gateway.metrics().await;
    let request = |chain: &str, status: u16, outcome: &str| {
        format!(
            "backstop_requests_total{{chain=\"{chain}\",dialect=\"openai-chat\",status=\"{status}\",outcome=\"{outcome}\"}}"
        )
    };
    let expected = [
        (&*request("writer", 200, "success"), 6.0),
        (&request("patient", 200, "success"), 1.0),
        (&request("refused", 200, "success"), 1.0),
        // b is not in the catalogue, so whoever names a model there may write anything.
        (&request("other", 200, "success"), 3.0),
        (&request("none", 404, "model_not_found"), 1.0),
        (&request("none", 400, "invalid_request"), 1.0),
        (&request("slow", 200, "dropped"), 1.0),
        (r#"backstop_fallback_requests_total{chain="writer",reason="overloaded"}"#, 5.0),
        (r#"backstop_fallback_requests_total{chain="writer",reason="refused_breaker_open"}"#, 1.0),
        (r#"backstop_fallbacks_total{chain="writer",reason="overloaded"}"#, 5.0),
        (r#"backstop_attempts_total{target="a/busy",outcome="overloaded"}"#, 5.0),
        (r#"backstop_attempts_total{target="a/busy",outcome="refused_breaker_open"}"#, 1.0),
        (r#"backstop_attempts_total{target="b/good",outcome="success"}"#, 10.0),
        (r#"backstop_attempts_total{target="other",outcome="success"}"#, 1.0),
        (r#"backstop_attempts_total{target="b/busy",outcome="overloaded"}"#, 2.0),
        (r#"backstop_retries_total{target="b/busy",reason="overloaded",credential="same"}"#, 1.0),
        (r#"backstop_attempt_duration_seconds_count{target="b/good",outcome="success"}"#, 10.0),
        (r#"backstop_attempt_first_token_seconds_count{target="b/good"}"#, 10.0),
        (r#"backstop_request_first_token_seconds_count{chain="writer"}"#, 6.0),
        (r#"backstop_token_gap_seconds_count{target="b/good"}"#, 18.0),
        (r#"backstop_tokens_total{target="b/good",kind="input"}"#, 90.0),
        (r#"backstop_tokens_total{target="b/good",kind="output"}"#, 32.0),
        (r#"backstop_breaker_state{target="a/busy",state="open"}"#, 1.0),
        (r#"backstop_breaker_state{target="b/good",state="closed"}"#, 1.0),
        (r#"backstop_breaker_transitions_total{target="a/busy",to="open"}"#, 1.0),
        (r#"backstop_breaker_refusals_total{target="a/busy"}"#, 1.0),
        (r#"backstop_cooldowns_total{provider="a",scope="key",reason="unauthorized"}"#, 1.0),
        (r#"backstop_cooling{provider="a",scope="key"}"#, 1.0),
        (r#"backstop_alerts_total{provider="a",reason="unauthorized"}"#, 1.0),
        ("backstop_open_streams", 0.0),
        ("backstop_requests_in_flight", 0.0),
        ("backstop_bodies_in_flight_bytes", 0.0),
        ("backstop_config_good", 1.0),
        ("backstop_stacks", 1.0),
    ];
    for (series, expected) in expected {
        assert_eq!(value(&page, series), expected, "{series} in\n{page}");
    }
    // The gateway's own share is a part of the whole, and not nothing.
    let sum = |name: &str| value(&page, &format!("{name}_seconds_sum{{chain=\"writer\"}}"));
    let (own, all) = (sum("backstop_gateway_overhead"), sum("backstop_request_first_token"));
    assert!(own > 0.0 && own < all, "{own} of {all}");
    assert_eq!(value(&page, r#"backstop_gateway_overhead_seconds_count{chain="writer"}"#), 6.0);

    for secret in ["sk-secret", "sk-of-the-caller", PROMPT, "previous instructions", "whatever the caller"] {
        assert!(!page.contains(secret), "{secret} in\n{page}");
    }
}

#[tokio::test]
async fn what_runs_is_in_the_gauges() {
    let provider = Provider::start().await;
    let yaml = format!(
        "
providers: {{ a: {{ dialect: openai-chat, base_url: \"{}\" }} }}
chains: {{ slow: {{ targets: [a/slow] }} }}
",
        provider.base_url
    );
    let gateway = Gateway::start(&yaml, &[]).await;
    let asking = async {
        assert_eq!(tokens(&gateway.callers.ask("slow", true).await.1), Some(20));
    };
    let watching = async {
        until("the stream is seen", async || {
            let page = gateway.metrics().await;
            value(&page, "backstop_open_streams") == 1.0
                && value(&page, "backstop_requests_in_flight") == 1.0
                && value(&page, r#"backstop_attempts_in_flight{target="a/slow"}"#) == 1.0
                && value(&page, "backstop_bodies_in_flight_bytes") > 100.0
        })
        .await;
    };
    tokio::join!(asking, watching);
    let page = gateway.metrics().await;
    for series in ["backstop_open_streams", "backstop_bodies_in_flight_bytes"] {
        assert_eq!(value(&page, series), 0.0, "{series}");
    }
    // 20 tokens, 50 ms apart: 19 gaps that make up 950 ms. The first comes at once, with the role before it.
    let (count, sum) = (
        value(&page, r#"backstop_token_gap_seconds_count{target="a/slow"}"#),
        value(&page, r#"backstop_token_gap_seconds_sum{target="a/slow"}"#),
    );
    assert_eq!(count, 19.0);
    assert!((0.9..3.0).contains(&sum), "{sum}");
}
