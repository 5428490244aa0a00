//! The whole stack, embedded: over simulated providers, through sockets.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use backstop::{Backstop, core::Failure};
use backstop_simulator::{Dialect, Fault, Server, Simulator};
use backstop_test_support::{read_events, ready_call, sample};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower::ServiceExt as _;

struct Stage {
    openai: Simulator,
    anthropic: Simulator,
    servers: [Server; 2],
}

impl Stage {
    async fn new() -> Self {
        let openai = Simulator::new("openai").with_dialect(Dialect::OpenAiChat).with_key("sk-openai");
        let anthropic =
            Simulator::new("anthropic").with_dialect(Dialect::AnthropicMessages).with_key("sk-anthropic");
        let servers = [openai.start().await.unwrap(), anthropic.start().await.unwrap()];
        Self { openai, anthropic, servers }
    }

    fn yaml(&self, chain: &str) -> String {
        format!(
            "
server: {{ body_limit: 10KiB }}
providers:
  openai:    {{ base_url: \"{}\", api_key: sk-openai }}
  anthropic: {{ base_url: \"{}\", api_key: sk-anthropic }}
chains:
  {chain}: {{ retries: 0, targets: [openai/gpt-4.1-mini, anthropic/claude-sonnet-4-5] }}
",
            self.servers[0].v1(),
            self.servers[1].v1()
        )
    }
}

async fn ask(backstop: &Backstop, model: &str, prompt: &str) -> (StatusCode, Value) {
    let body = json!({"model": model, "messages": [{"role": "user", "content": prompt}]}).to_string();
    let request = Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = backstop.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn the_whole_stack_is_one_service() {
    let stage = Stage::new().await;
    let backstop = backstop::from_yaml(&stage.yaml("writer")).unwrap();
    assert!(backstop.models().contains(&"writer".to_owned()));
    let (status, answer) = ask(&backstop, "writer", "Hello there").await;
    assert_eq!(
        (status, &answer["choices"][0]["message"]["content"]),
        (StatusCode::OK, &"Hello there".into())
    );
    stage.openai.down(Fault::status(503));
    let (status, answer) = ask(&backstop, "writer", "Hello there").await;
    assert_eq!(
        (status, &answer["choices"][0]["message"]["content"]),
        (StatusCode::OK, &"Hello there".into())
    );
    assert_eq!((stage.openai.requests().len(), stage.anthropic.requests().len()), (2, 1));
    // The limits of `server` hold, and what is counted can be read.
    assert_eq!(ask(&backstop, "writer", &"x".repeat(11_000)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let page = backstop.metrics();
    let fell = r#"backstop_fallback_requests_total{chain="writer",reason="overloaded"} 1"#;
    assert!(page.contains(fell), "{page}");
}

#[tokio::test]
async fn the_chains_are_a_boxed_service_of_calls() {
    let stage = Stage::new().await;
    // The name that a sample call asks for.
    let backstop = backstop::from_yaml(&stage.yaml("scripted")).unwrap();
    let mut calls = backstop.calls();
    let answer = ready_call(&mut calls, sample::request(sample::streamed())).await.unwrap();
    let (events, failure) = read_events(answer.into_body()).await;
    assert!(failure.is_none() && events.iter().any(backstop::core::Event::is_semantic));
    let calls: Result<_, Failure> = ready_call(&mut calls, sample::request(sample::unstreamed())).await;
    assert!(calls.is_ok());
}

#[tokio::test]
async fn a_reload_is_all_or_nothing() {
    let stage = Stage::new().await;
    let backstop = backstop::from_yaml(&stage.yaml("one")).unwrap();
    let error = backstop.reload(&stage.yaml("two").replace("targets", "tragets")).unwrap_err();
    assert!(error.to_string().starts_with("yaml:7:"), "{error}");
    assert_eq!(ask(&backstop, "one", "Hi").await.0, StatusCode::OK);
    backstop.reload(&stage.yaml("two")).unwrap();
    assert_eq!(ask(&backstop, "two", "Hi").await.0, StatusCode::OK);
    assert_eq!(ask(&backstop, "one", "Hi").await.0, StatusCode::NOT_FOUND);
}

#[test]
fn variables_come_from_where_one_says() {
    let yaml = "
providers: { openai: { api_key: ${KEY} } }
chains: { a: { targets: [openai/gpt-4.1] } }
";
    assert!(backstop::from_yaml_with(yaml, |name| (name == "KEY").then(|| "sk".to_owned())).is_ok());
    let error = backstop::from_yaml_with(yaml, |_| None).unwrap_err().to_string();
    assert_eq!(
        error.lines().next(),
        Some("yaml:2:33: environment variable `KEY` is not set; set it, or write `${KEY:-default}`")
    );
}
