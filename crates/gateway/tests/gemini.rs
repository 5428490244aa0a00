//! Gemini's callers at the gateway, and Gemini as a target: paths, keys, streams and errors. In process.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::{convert::Infallible, sync::Arc};

use arc_swap::ArcSwap;
use backstop_config::{Config, Environment, ServerConfig};
use backstop_core::Payload;
use backstop_gateway::{
    server::{Gateway, Health},
    stack::StackBuilder,
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tower::{ServiceExt as _, service_fn};

const YAML: &str = "
providers:
  google: { dialect: gemini-generate, base_url: \"http://google.invalid\", api_key: key-of-google }
  openai: { dialect: openai-chat, base_url: \"http://openai.invalid/v1\", api_key: key-of-openai }
chains:
  g: { targets: [google/gemini-2.5-flash] }
  o: { targets: [openai/gpt-4.1-mini] }
";

#[derive(Debug)]
struct Seen {
    uri: String,
    headers: String,
    body: Value,
}

struct World {
    gateway: Gateway,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl World {
    /// Providers that answer `text` whole, or as a stream where they are asked for one.
    fn new() -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let config = Config::parse("test.yaml", YAML, &Environment::empty()).unwrap();
        let stack = StackBuilder::new(config)
            .with_leaf(|_| {
                let seen = Arc::clone(&seen);
                Box::new(move |layers| {
                    let seen = Arc::clone(&seen);
                    layers.over(service_fn(move |request: Request<Payload>| {
                        let answer = answer(&request, &seen);
                        async move { Ok::<_, Infallible>(answer) }
                    }))
                })
            })
            .build()
            .unwrap();
        let gateway =
            Gateway::new(&ServerConfig::default(), Arc::new(ArcSwap::from_pointee(stack)), Health::new());
        Self { gateway, seen }
    }

    async fn send(&self, method: Method, uri: &str, body: &Value) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("content-type", "application/json")
            .header("x-goog-api-key", "key-of-the-caller")
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let (head, body) = self.gateway.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn last(&self) -> Seen {
        self.seen.lock().pop().unwrap()
    }
}

fn answer(request: &Request<Payload>, seen: &Mutex<Vec<Seen>>) -> Response<Full<Bytes>> {
    let uri = request.uri().to_string();
    let body: Value = serde_json::from_slice(request.body().bytes()).unwrap();
    let stream = uri.contains("streamGenerateContent") || body["stream"] == true;
    let gemini = json!({"candidates": [{"content": {"parts": [{"text": "Hello!"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}, "modelVersion": "gemini-2.5-flash", "responseId": "r"});
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let text = match (uri.contains("/models/"), stream) {
        (true, true) => format!("data: {gemini}\r\n\r\n"),
        (true, false) => gemini.to_string(),
        (false, true) => {
            let chunk = |choices: Value| json!({"id": "a", "object": "chat.completion.chunk", "created": 7, "model": "gpt", "choices": choices});
            let mut last = chunk(json!([]));
            last["usage"] = usage;
            format!(
                "data: {}\n\ndata: {last}\n\ndata: [DONE]\n\n",
                chunk(json!([{"index": 0, "delta": {"content": "Hello!"}, "finish_reason": "stop"}]))
            )
        }
        (false, false) => json!({"id": "a", "object": "chat.completion", "created": 7, "model": "gpt", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}], "usage": usage})
        .to_string(),
    };
    seen.lock().push(Seen { uri, headers: format!("{:?}", request.headers()), body });
    Response::new(Full::new(Bytes::from(text)))
}

fn question() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 9}})
}

#[tokio::test]
async fn a_caller_of_gemini_is_answered_by_any_target() {
    let world = World::new();
    for chain in ["g", "o"] {
        let uri = format!("/v1beta/models/{chain}:generateContent?key=key-in-the-query");
        let (status, body) = world.send(Method::POST, &uri, &question()).await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["candidates"][0]["content"]["parts"], json!([{"text": "Hello!"}]));
        assert_eq!(
            (&body["candidates"][0]["finishReason"], &body["usageMetadata"]["totalTokenCount"]),
            (&json!("STOP"), &json!(5))
        );
        let seen = world.last();
        assert!(!seen.uri.contains("key") && !seen.headers.contains("the-caller"), "{seen:?}");
        if chain == "g" {
            assert_eq!(
                (seen.uri.as_str(), &seen.body),
                ("/v1beta/models/gemini-2.5-flash:generateContent", &question())
            );
        } else {
            assert_eq!(
                (&seen.body["model"], &seen.body["messages"][0]["content"]),
                (&json!("gpt-4.1-mini"), &json!("Hi"))
            );
        }
        let uri = format!("/v1beta/models/{chain}:streamGenerateContent?alt=sse");
        let (status, body) = world.send(Method::POST, &uri, &question()).await;
        assert_eq!(status, 200, "{body}");
        let chunks: Vec<Value> = body
            .split("\r\n\r\n")
            .filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok())
            .collect();
        assert_eq!(chunks[0]["candidates"][0]["content"]["parts"][0]["text"], "Hello!", "{body}");
        let last = chunks.last().unwrap();
        assert_eq!(
            (&last["candidates"][0]["finishReason"], &last["usageMetadata"]["promptTokenCount"]),
            (&json!("STOP"), &json!(3))
        );
        let seen = world.last();
        assert!(
            seen.uri.ends_with("streamGenerateContent?alt=sse") || seen.body["stream"] == true,
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn gemini_answers_callers_of_openai_and_anthropic() {
    let world = World::new();
    let question = json!({"model": "g", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]});
    for (path, text) in
        [("/v1/chat/completions", "/choices/0/message/content"), ("/v1/messages", "/content/0/text")]
    {
        let (status, body) = world.send(Method::POST, path, &question).await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body.pointer(text), Some(&json!("Hello!")), "{body}");
        let seen = world.last();
        assert_eq!(seen.uri, "/v1beta/models/gemini-2.5-flash:generateContent");
        assert_eq!(
            seen.body,
            json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 9}})
        );
    }
}

#[tokio::test]
async fn what_is_not_served_is_said_in_googles_words() {
    let world = World::new();
    for (method, uri, status) in [
        (Method::POST, "/v1beta/models/nobody:generateContent", 404),
        (Method::POST, "/v1beta/models/g:countTokens", 404),
        (Method::POST, "/v1beta/models/g:streamGenerateContent", 400),
        (Method::GET, "/v1beta/models/g:generateContent", 405),
        (Method::POST, "/v1beta/elsewhere", 404),
    ] {
        let (got, body) = world.send(method, uri, &question()).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((got.as_u16(), &body["error"]["code"]), (status, &json!(status)), "{uri}: {body}");
        assert!(body["error"]["status"].is_string() && body["error"]["message"].is_string(), "{body}");
    }
    let (status, body) =
        world.send(Method::POST, "/v1beta/models/g:generateContent", &json!({"contents": []})).await;
    assert!(status == 400 && body.contains("INVALID_ARGUMENT") && body.contains("contents"), "{body}");
    assert!(world.seen.lock().is_empty());
    let (status, body) = world.send(Method::GET, "/v1beta/models", &json!({})).await;
    assert!(status == 200 && body.contains("models/g"), "{body}");
}
