//! Each layer alone. (The breaker is in `layers`.)

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use backstop_simulator::{Answer, Fault, Script, Simulator};
use serde_json::json;
use tokio::{net::TcpListener, process::Command};

use crate::program::{Program, environment, started};

/// A server that answers its first, second … call with what `answer` says, and counts.
#[expect(clippy::disallowed_methods, reason = "a test's server is a program of its own")]
async fn server<F>(answer: impl Fn(u32) -> F + Clone + Send + Sync + 'static) -> (String, Arc<AtomicU32>)
where
    F: Future<Output = Response> + Send + 'static,
{
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let app = Router::new().fallback(move || answer(counted.fetch_add(1, Ordering::Relaxed)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, calls)
}

/// The lines that the program at `path` prints.
async fn lines(path: &str, arguments: &[&str]) -> Vec<String> {
    let output = Command::new(path).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn retry() {
    let status = |call| if call == 0 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let (url, calls) = server(move |call| async move { status(call).into_response() }).await;
    assert_eq!(lines(env!("CARGO_BIN_EXE_retry"), &[&url]).await, ["200 OK"]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn fallback() {
    let (one, one_calls) = server(|_| async { StatusCode::SERVICE_UNAVAILABLE.into_response() }).await;
    let (two, two_calls) = server(|_| async { "from the second".into_response() }).await;
    let said = lines(env!("CARGO_BIN_EXE_fallback"), &[&one, &two]).await;
    assert_eq!(said, ["200 OK: from the second"]);
    assert_eq!((one_calls.load(Ordering::Relaxed), two_calls.load(Ordering::Relaxed)), (1, 1));
    // A caller's own mistake is nobody else's to mend.
    let (wrong, _) = server(|_| async { StatusCode::BAD_REQUEST.into_response() }).await;
    let said = lines(env!("CARGO_BIN_EXE_fallback"), &[&wrong, &two]).await;
    assert!(said[0].starts_with("400 Bad Request"), "{said:?}");
    assert_eq!(two_calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn timeout() {
    let (url, _) = server(|_| pending()).await;
    let said = lines(env!("CARGO_BIN_EXE_timeout"), &[&url, "50"]).await;
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("first_byte") && said[0].contains("50ms"), "{said:?}");
    let (url, _) = server(|_| async { "well".into_response() }).await;
    assert_eq!(lines(env!("CARGO_BIN_EXE_timeout"), &[&url, "20000"]).await, ["200 OK"]);
}

#[tokio::test]
async fn cooldown() {
    let throttled = || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "60")]).into_response();
    let (url, calls) = server(move |_| async move { throttled() }).await;
    let said = lines(env!("CARGO_BIN_EXE_cooldown"), &[&url]).await;
    assert_eq!((said.len(), &*said[0]), (3, "429 Too Many Requests"));
    for refused in &said[1..] {
        assert!(refused.contains("cooling") || refused.contains("left alone"), "{refused}");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn normalize() {
    let openai = Simulator::new("openai").with_key("sk-openai");
    let (_server, url) = started(&openai).await;
    let app = Program::start(env!("CARGO_BIN_EXE_normalize"), &environment(&url, "")).await;
    let question =
        json!({"model": "gpt-4.1-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]});
    let reply = app.post("/v1/messages", &question).await;
    assert_eq!(reply.json()["content"][0]["text"], "Hi", "{}", reply.text);
    assert!(openai.requests()[0].uri.path().ends_with("/chat/completions"));
    openai.script("gpt-4.1-mini", Script::always(Fault::status(503)));
    let reply = app.post("/v1/messages", &question).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["type"]), (503, &json!("error")));
}

#[tokio::test]
async fn commit() {
    let openai = Simulator::new("openai").with_key("sk-openai");
    let (_server, url) = started(&openai).await;
    let app = Program::start(env!("CARGO_BIN_EXE_commit"), &environment(&url, "")).await;
    assert_eq!(app.chat(true).await.said(), "Hello there");
    openai.script("gpt-4.1-mini", Script::always(Fault::error_event(1)));
    let reply = app.chat(true).await;
    assert!(reply.status.is_server_error() && !reply.text.contains("Hello"), "{}", reply.text);
}

#[tokio::test]
async fn adapt() {
    let openai = Simulator::new("openai").with_key("sk-openai");
    let (_server, url) = started(&openai).await;
    let app = Program::start(env!("CARGO_BIN_EXE_adapt"), &environment(&url, "")).await;
    let question = json!({
        "model": "writer", "seed": 7, "max_tokens": 9000, "messages": [{"role": "user", "content": "Hello there"}],
    });
    assert_eq!(app.post("/v1/chat/completions", &question).await.said(), "Hello there");
    let asked = openai.requests()[0].json();
    assert_eq!((&asked["model"], &asked["seed"]), (&json!("gpt-4.1-mini"), &json!(null)));
    let most = [&asked["max_tokens"], &asked["max_completion_tokens"]];
    assert!(most.contains(&&json!(500)), "{asked}");
    assert_eq!(asked["messages"][0]["content"], "Answer briefly.");
}

#[tokio::test]
async fn validate() {
    let openai = Simulator::new("openai").with_key("sk-openai");
    let (_server, url) = started(&openai).await;
    let app = Program::start(env!("CARGO_BIN_EXE_validate"), &environment(&url, "")).await;
    assert_eq!(app.chat(true).await.said(), "Hello there");
    for wrong in [Answer::blank(), Answer::repeated("la ")] {
        openai.script("gpt-4.1-mini", Script::always(wrong));
        for stream in [false, true] {
            let reply = app.chat(stream).await;
            assert_eq!(
                (reply.status.as_u16(), reply.header("x-backstop-error-type")),
                (502, "answer_rejected")
            );
        }
    }
}

#[tokio::test]
async fn telemetry() {
    let openai = Simulator::new("openai").with_key("sk-openai");
    let (_server, url) = started(&openai).await;
    let app = Program::start(env!("CARGO_BIN_EXE_telemetry"), &environment(&url, "")).await;
    assert_eq!(app.chat(true).await.said(), "Hello there");
    openai.script("gpt-4.1-mini", [Fault::status(503)]);
    assert_eq!(app.chat(false).await.status, 503);
    let page = app.get("/metrics").await.text;
    for outcome in ["success", "overloaded"] {
        let series =
            format!("backstop_attempts_total{{target=\"openai/gpt-4.1-mini\",outcome=\"{outcome}\"}} 1");
        assert!(page.contains(&series), "{series} in\n{page}");
    }
}
