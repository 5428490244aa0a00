//! Limits of keys and models.

use std::time::Duration;

use backstop_simulator::{Dialect, Fault, Scope, Script, Simulator};
use http::Request;
use http_body_util::Full;
use tokio::time::advance;

use crate::common::{Read, call, openai, say};

async fn with_key(simulator: &Simulator, key: &str) -> Read {
    let request = Request::post("/v1/chat/completions").header("authorization", format!("Bearer {key}"));
    call(simulator, request.body(Full::new(openai("x").to_string().into())).unwrap()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_key_has_its_own_limit() {
    let simulator = Simulator::new("a").with_key("sk-a").with_key("sk-b");
    simulator.limit(Scope::Key("sk-a".to_owned()), 2, Duration::from_secs(60));
    let first = with_key(&simulator, "sk-a").await;
    assert_eq!((first.status.as_u16(), first.header("x-ratelimit-remaining-requests")), (200, "1"));
    assert_eq!(first.header("x-ratelimit-limit-requests"), "2");
    assert_eq!(with_key(&simulator, "sk-a").await.status, 200);
    advance(Duration::from_millis(19_500)).await;
    let limited = with_key(&simulator, "sk-a").await;
    assert_eq!((limited.status.as_u16(), limited.header("retry-after")), (429, "41"));
    assert_eq!(limited.header("x-ratelimit-remaining-requests"), "0");
    assert_eq!(limited.header("x-ratelimit-reset-requests"), "40.5s");
    assert_eq!(with_key(&simulator, "sk-b").await.status, 200);
    advance(Duration::from_secs(41)).await;
    assert_eq!(with_key(&simulator, "sk-a").await.status, 200);
    simulator.limit(Scope::All, 0, Duration::from_secs(60));
    assert_eq!(with_key(&simulator, "sk-b").await.status, 429);
    simulator.lift(Scope::All);
    assert_eq!(with_key(&simulator, "sk-b").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_key_has_its_own_script() {
    let simulator = Simulator::new("a");
    simulator.script(
        Scope::Key("sk-poor".to_owned()),
        Script::always(Fault::error(backstop_simulator::ApiError::Quota)),
    );
    let read = with_key(&simulator, "sk-poor").await;
    assert_eq!(
        (read.status.as_u16(), read.json()["error"]["code"].as_str()),
        (429, Some("insufficient_quota"))
    );
    assert_eq!(with_key(&simulator, "sk-rich").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_not_used_up_by_what_is_refused() {
    let simulator = Simulator::new("a");
    simulator.limit("gpt-4.1", 1, Duration::from_secs(60));
    let mut wrong = openai("x");
    wrong["messages"] = serde_json::json!([]);
    assert_eq!(say(&simulator, Dialect::OpenAiChat, &wrong).await.status, 400);
    assert_eq!(say(&simulator, Dialect::OpenAiChat, &openai("x")).await.status, 200);
    assert_eq!(say(&simulator, Dialect::OpenAiChat, &openai("x")).await.status, 429);
}
