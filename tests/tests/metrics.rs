//! `/metrics` as a scraper reads it: the page in the hands of the OpenMetrics reference parser, after traffic that leaves
//! something in every metric.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use backstop_core::Dialect;
use backstop_simulator::{Answer, Fault, Scope, Script, Simulator};
use backstop_tests::{
    client::{self, Ask},
    gateway::Gateway,
    live::Live,
    wait::within,
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use tokio::{io::AsyncWriteExt as _, process::Command};

#[derive(Debug, Deserialize)]
struct Family {
    r#type: String,
    unit: String,
    help: String,
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

struct Page(BTreeMap<String, Family>);

impl Page {
    /// The page of `gateway`, read by the reference parser.
    async fn of(gateway: &Gateway) -> (Self, String) {
        let (content_type, text) = scrape(gateway).await;
        assert_eq!(content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk/openmetrics.py");
        let mut parser = Command::new(python())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        parser.stdin.take().unwrap().write_all(text.as_bytes()).await.unwrap();
        let output = parser.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        (Self(serde_json::from_slice(&output.stdout).unwrap()), text)
    }

    /// The value of a sample; 0 where there is none.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let samples = self.0.values().flat_map(|family| &family.samples);
        let mut found = samples.filter(|(known, with, _)| {
            known == name
                && labels.iter().all(|(label, value)| with.get(*label).is_some_and(|known| known == value))
        });
        let value = found.next().map_or(0.0, |(.., value)| *value);
        assert!(found.next().is_none(), "{name} with {labels:?} is more than one");
        value
    }
}

async fn scrape(gateway: &Gateway) -> (String, String) {
    let response =
        client::request(gateway.admin(), Method::GET, "/metrics", HeaderMap::new(), Bytes::new()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let text = response.into_body().collect().await.unwrap().to_bytes();
    (content_type, String::from_utf8(text.to_vec()).unwrap())
}

/// The Python that the parser is installed for.
fn python() -> PathBuf {
    let given = std::env::var_os("BACKSTOP_PYTHON").map(PathBuf::from);
    given.unwrap_or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-tools/python/bin/python")
    })
}

/// What a label must be escaped for.
const ODD: &str = "an \\odd\\ \"name\"\nof two lines";
const PROMPT: &str = "what the caller would not tell anybody else";

#[tokio::test]
async fn a_strict_parser_reads_all_that_has_happened() {
    let (a, b) = (Simulator::new("a").with_key("sk-secret-a"), Simulator::new("b").with_key("sk-secret-b"));
    let (at_a, at_b) = (a.start().await.unwrap(), b.start().await.unwrap());
    let chains = format!(
        "
providers:
  a: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-secret-a }}
  b: {{ dialect: anthropic-messages, base_url: \"{}\", api_key: sk-secret-b }}
  c: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-wrong }}
chains:
  breaks: {{ retries: 0, breaker: {{ consecutive_failures: 2, open: 1h, max_open: 1h }}, targets: [a/busy, b/good] }}
  retries: {{ targets: [a/once] }}
  cools: {{ targets: [c/refused, b/good] }}
  judges: {{ validate: {{ non_empty: true }}, targets: [a/blank, b/good] }}
  dies: {{ retries: 0, targets: [a/dead] }}
  streams: {{ targets: [b/paced] }}
  odd: {{ targets: [{}] }}
",
        at_a.v1(),
        at_b.url(),
        at_a.v1(),
        serde_json::to_string(&format!("b/{ODD}")).unwrap(),
    );
    a.script("busy", Script::always(Fault::status(503)));
    a.script("once", Script::new([Fault::status(500)]));
    a.script("blank", Script::always(Answer::blank()));
    a.script("dead", Script::always(Fault::status(500)));
    b.script(
        "paced",
        Script::always(
            backstop_simulator::Behaviour::from(Answer::tokens(2000))
                .with(Fault::token_every(Duration::from_millis(20))),
        ),
    );
    b.script(Scope::All, Script::always(Answer::text("Hello from B.")));
    let gateway = Gateway::start(&chains).await;
    let ask = async |chain: &str, dialect, streamed: bool| {
        let (seen, _) = Ask::new(dialect, chain, PROMPT).streamed(streamed).send(gateway.address()).await;
        (seen.is_success(), seen.text)
    };
    for number in 0..3 {
        assert!(ask("breaks", Dialect::OpenaiChat, number == 0).await.0);
    }
    assert!(ask("retries", Dialect::AnthropicMessages, false).await.0);
    assert!(ask("cools", Dialect::OpenaiChat, true).await.0);
    assert!(ask("cools", Dialect::OpenaiChat, true).await.0);
    assert!(ask("judges", Dialect::AnthropicMessages, true).await.0);
    assert!(!ask("dies", Dialect::OpenaiChat, false).await.0);
    assert!(ask("odd", Dialect::OpenaiChat, false).await.0);
    let gemini = serde_json::json!({"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]});
    let path = "/v1beta/models/odd:generateContent";
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, "application/json".parse().unwrap())]);
    let response =
        client::request(gateway.address(), Method::POST, path, headers, gemini.to_string().into()).await;
    assert_eq!(response.status(), StatusCode::OK);
    drop(response.into_body().collect().await.unwrap());
    // One stream is open while the page is read, and left then.
    let open = Ask::new(Dialect::OpenaiChat, "streams", PROMPT).streamed(true).start(gateway.address()).await;
    let mut open = Live::new(Dialect::OpenaiChat, open);
    open.until("w3").await;
    let (page, _) = Page::of(&gateway).await;
    assert_eq!(page.value("backstop_open_streams", &[]), 1.0);
    assert_eq!(page.value("backstop_attempts_in_flight", &[("target", "b/paced")]), 1.0);
    assert!(page.value("backstop_bodies_in_flight_bytes", &[]) > 0.0);
    drop(open);
    let left = "backstop_attempts_total{target=\"b/paced\",outcome=\"dropped\"} 1\n";
    within(Duration::from_secs(20), "the caller's leaving is settled", async {
        while !scrape(&gateway).await.1.contains(left) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let (page, text) = Page::of(&gateway).await;

    let odd = format!("b/{ODD}");
    let expected: &[(&str, &[(&str, &str)], f64)] = &[
        ("backstop_attempts_total", &[("target", "a/busy"), ("outcome", "overloaded")], 2.0),
        ("backstop_attempts_total", &[("target", "a/busy"), ("outcome", "refused_breaker_open")], 1.0),
        ("backstop_attempts_total", &[("target", "a/once"), ("outcome", "server")], 1.0),
        ("backstop_attempts_total", &[("target", "a/once"), ("outcome", "success")], 1.0),
        ("backstop_attempts_total", &[("target", "c/refused"), ("outcome", "unauthorized")], 1.0),
        ("backstop_attempts_total", &[("target", "c/refused"), ("outcome", "refused_cooling")], 1.0),
        ("backstop_attempts_total", &[("target", "a/blank"), ("outcome", "rejected")], 1.0),
        ("backstop_fallback_requests_total", &[("chain", "breaks"), ("reason", "overloaded")], 2.0),
        ("backstop_fallback_requests_total", &[("chain", "breaks"), ("reason", "refused_breaker_open")], 1.0),
        ("backstop_fallbacks_total", &[("chain", "judges"), ("reason", "rejected")], 1.0),
        ("backstop_exhausted_total", &[("chain", "dies"), ("reason", "server")], 1.0),
        ("backstop_retries_total", &[("target", "a/once"), ("reason", "server")], 1.0),
        ("backstop_answers_rejected_total", &[("target", "a/blank"), ("rule", "empty")], 1.0),
        ("backstop_breaker_state", &[("target", "a/busy"), ("state", "open")], 1.0),
        // One with the figures of `breaks`, one with those of the other chains.
        ("backstop_breaker_state", &[("target", "b/good"), ("state", "closed")], 2.0),
        ("backstop_breaker_refusals_total", &[("target", "a/busy")], 1.0),
        ("backstop_cooling", &[("provider", "c"), ("scope", "key")], 1.0),
        ("backstop_cooldowns_total", &[("provider", "c"), ("scope", "key"), ("reason", "unauthorized")], 1.0),
        ("backstop_cooldown_refusals_total", &[("provider", "c")], 1.0),
        ("backstop_alerts_total", &[("provider", "c"), ("reason", "unauthorized")], 1.0),
        (
            "backstop_requests_total",
            &[("chain", "odd"), ("dialect", "gemini-generate"), ("status", "200"), ("outcome", "success")],
            1.0,
        ),
        (
            "backstop_requests_total",
            &[("chain", "retries"), ("dialect", "anthropic-messages"), ("status", "200")],
            1.0,
        ),
        (
            "backstop_requests_total",
            &[("chain", "dies"), ("dialect", "openai-chat"), ("status", "502"), ("outcome", "server")],
            1.0,
        ),
        ("backstop_attempts_total", &[("target", &odd), ("outcome", "success")], 2.0),
        ("backstop_request_duration_seconds_count", &[("chain", "breaks")], 3.0),
        ("backstop_request_first_token_seconds_count", &[("chain", "breaks")], 3.0),
        ("backstop_gateway_overhead_seconds_count", &[("chain", "breaks")], 3.0),
        ("backstop_attempt_first_token_seconds_count", &[("target", "a/once")], 1.0),
        ("backstop_attempt_duration_seconds_count", &[("target", "a/busy"), ("outcome", "failed")], 2.0),
        ("backstop_open_streams", &[], 0.0),
        ("backstop_requests_in_flight", &[], 0.0),
    ];
    for (name, labels, expected) in expected {
        assert_eq!(page.value(name, labels), *expected, "{name} {labels:?} in\n{text}");
    }
    assert!(page.value("backstop_token_gap_seconds_count", &[("target", "b/paced")]) > 0.0);
    assert!(page.value("backstop_gateway_overhead_seconds_sum", &[("chain", "breaks")]) > 0.0);

    for (name, family) in &page.0 {
        assert!(family.help.len() > 10, "{name} says what it is");
        assert!(matches!(&*family.r#type, "counter" | "gauge" | "histogram"), "{name}: {}", family.r#type);
        assert_eq!(
            family.unit.is_empty(),
            !(name.ends_with("_seconds") || name.ends_with("_bytes")),
            "{name}"
        );
    }
    for secret in ["sk-secret", "sk-wrong", PROMPT] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

#[tokio::test]
async fn callers_words_make_no_series() {
    let simulator = Simulator::new("a");
    let server = simulator.start().await.unwrap();
    let yaml = format!(
        "
providers: {{ a: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-a }} }}
chains: {{ writer: {{ targets: [a/m] }} }}
",
        server.v1()
    );
    let gateway = Gateway::start(&yaml).await;
    let ask =
        async |model: &str| Ask::new(Dialect::OpenaiChat, model, "Hi").send(gateway.address()).await.0.status;
    assert_eq!(ask("writer").await, StatusCode::OK);
    assert_eq!(ask("a/0").await, StatusCode::OK);
    assert_eq!(ask("nobody/0").await, StatusCode::NOT_FOUND);
    let (before, _) = Page::of(&gateway).await;
    for number in 1..=200 {
        assert_eq!(ask(&format!("a/{number}")).await, StatusCode::OK);
        assert_eq!(ask(&format!("nobody/{number}")).await, StatusCode::NOT_FOUND);
    }
    let (after, text) = Page::of(&gateway).await;
    let samples = |page: &Page| page.0.values().map(|family| family.samples.len()).sum::<usize>();
    assert_eq!(samples(&before), samples(&after), "{text}");
    assert_eq!(after.value("backstop_attempts_total", &[("target", "other")]), 201.0);
}
