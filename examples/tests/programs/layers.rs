//! Single layers, an HTTP client of the reader's own, a layer and a provider of the reader's own.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, http::StatusCode};
use backstop_simulator::{Fault, Script, Simulator};
use serde_json::json;
use tokio::{net::TcpListener, process::Command};

use crate::program::{Program, environment, started};

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test's server is a program of its own")]
async fn the_breaker_alone_over_a_plain_client() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let down = Router::new().fallback(move || async move {
        counted.fetch_add(1, Ordering::Relaxed);
        StatusCode::INTERNAL_SERVER_ERROR
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, down).await });

    let output = Command::new(env!("CARGO_BIN_EXE_breaker")).args([&url, "5"]).output().await.unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines[..3], ["500 Internal Server Error"; 3]);
    assert_eq!(lines.len(), 5);
    for line in &lines[3..] {
        assert!(line.starts_with(&format!("the circuit breaker of {url} is open")), "{line}");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn over_reqwest() {
    let openai = Simulator::new("openai").with_key("sk-openai");
    let (server, _) = started(&openai).await;
    openai.script("gpt-4.1-mini", [Fault::status(500)]);
    let app = Program::start(env!("CARGO_BIN_EXE_reqwest"), &environment(&server.url(), "")).await;
    for stream in [false, true] {
        assert_eq!(app.chat(stream).await.said(), "Hello there");
    }
    assert_eq!(openai.requests().len(), 3, "the first was tried once more");
    server.stop().await;
    let reply = app.chat(false).await;
    assert_eq!((reply.status.as_u16(), reply.header("x-backstop-error-type")), (502, "provider_unavailable"));
}

#[tokio::test]
async fn a_layer_of_ones_own_between_ours() {
    let openai = Simulator::new("openai");
    let (_server, url) = started(&openai).await;
    let mut variables = environment(&url, "").to_vec();
    variables.push(("ALLOWANCE", "22"));
    let app = Program::start(env!("CARGO_BIN_EXE_custom_layer"), &variables).await;
    // "Hello there" has eleven characters: two answers are allowed, streamed or not.
    for stream in [false, true] {
        assert_eq!(app.chat(stream).await.said(), "Hello there");
    }
    let reply = app.chat(true).await;
    assert_eq!(reply.status, 402);
    assert_eq!(reply.json()["error"]["message"], "the allowance is used up");
    assert_eq!(openai.requests().len(), 2);
}

#[tokio::test]
async fn a_provider_of_ones_own_has_the_last_word() {
    let openai = Simulator::new("openai");
    let (_server, url) = started(&openai).await;
    let app = Program::start(env!("CARGO_BIN_EXE_custom_provider"), &environment(&url, "")).await;
    assert_eq!(app.chat(false).await.said(), "Hello there");
    openai.script("gpt-4.1-mini", Script::always(Fault::status(503)));
    let canned = "We are busy. Please ask again in a minute.";
    for stream in [false, true] {
        let reply = app.chat(stream).await;
        assert_eq!((reply.said().as_str(), reply.header("x-backstop-target")), (canned, "house/canned"));
    }
    let question =
        json!({"model": "gpt-4.1-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]});
    let reply = app.post("/v1/messages", &question).await;
    assert_eq!(reply.json()["content"][0]["text"], canned, "{}", reply.text);
    assert_eq!(reply.json()["stop_reason"], "end_turn");
}
