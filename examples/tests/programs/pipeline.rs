//! An app's own pipeline keeps answering while its providers fail.

use backstop_simulator::{Dialect, Fault, Script, Simulator};
use serde_json::json;

use crate::program::{Program, environment, started};

struct Stage {
    openai: Simulator,
    anthropic: Simulator,
    app: Program,
    _servers: [backstop_simulator::Server; 2],
}

async fn stage() -> Stage {
    let openai = Simulator::new("openai").with_dialect(Dialect::OpenAiChat).with_key("sk-openai");
    let anthropic =
        Simulator::new("anthropic").with_dialect(Dialect::AnthropicMessages).with_key("sk-anthropic");
    let ((one, one_url), (two, two_url)) = (started(&openai).await, started(&anthropic).await);
    let app = Program::start(env!("CARGO_BIN_EXE_pipeline"), &environment(&one_url, &two_url)).await;
    Stage { openai, anthropic, app, _servers: [one, two] }
}

#[tokio::test]
async fn healthy_the_first_answers() {
    let stage = stage().await;
    for stream in [false, true] {
        let reply = stage.app.chat(stream).await;
        assert_eq!(reply.said(), "Hello there");
        assert_eq!(reply.header("x-backstop-target"), "openai/gpt-4.1-mini");
    }
    let question =
        json!({"model": "any", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]});
    let reply = stage.app.post("/v1/messages", &question).await;
    assert_eq!(reply.json()["content"][0]["text"], "Hi", "{}", reply.text);
    assert!(stage.anthropic.requests().is_empty());
}

#[tokio::test]
async fn the_next_answers_while_the_first_is_down_and_is_soon_left_alone() {
    let stage = stage().await;
    stage.openai.down(Fault::status(503));
    for stream in [false, true, false, true, false] {
        let reply = stage.app.chat(stream).await;
        assert_eq!(reply.said(), "Hello there");
        assert_eq!(reply.header("x-backstop-target"), "anthropic/claude-sonnet-4-5");
        assert!(!reply.header("x-backstop-fallback-reason").is_empty());
    }
    // Two attempts a request, until five have failed: then its breaker is open.
    assert_eq!(stage.openai.requests().len(), 5);
    assert_eq!(stage.anthropic.requests().len(), 5);
}

#[tokio::test]
async fn nothing_is_half_said() {
    let stage = stage().await;
    // It says 200 and its role, and then an error.
    stage.openai.script("gpt-4.1-mini", Script::always(Fault::error_event(0)));
    let reply = stage.app.chat(true).await;
    assert_eq!(reply.said(), "Hello there");
    assert_eq!(reply.header("x-backstop-target"), "anthropic/claude-sonnet-4-5");
}

#[tokio::test]
async fn where_nobody_answers_there_is_one_error_with_the_trail() {
    let stage = stage().await;
    stage.openai.down(Fault::status(500));
    stage.anthropic.down(Fault::status(529));
    let reply = stage.app.chat(false).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("x-should-retry"), "false");
    let error = reply.json();
    assert_eq!(error["error"]["error_type"], "provider_overloaded", "{error}");
    assert!(reply.text.contains("openai/gpt-4.1-mini") && reply.text.contains("anthropic/claude-sonnet-4-5"));
}

#[test]
fn it_is_short() {
    let lines = include_str!("../../src/bin/pipeline.rs").lines().count();
    assert!(lines < 60, "{lines} lines");
}
