//! What a caller is told that a request cost, against sums done by hand. In process.

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
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::json;
use tower::{ServiceExt as _, service_fn};

const YAML: &str = "
providers:
  openai: { dialect: openai-chat, base_url: \"http://openai.invalid/v1\", api_key: k }
  down: { dialect: openai-chat, base_url: \"http://down.invalid/v1\", api_key: k }
  mine: { dialect: openai-chat, base_url: \"http://mine.invalid/v1\", api_key: k }
chains:
  one: { targets: [openai/gpt-4.1-mini] }
  second: { retries: 0, targets: [{ model: down/down, price: { input: \"1\", output: \"1\" } }, openai/gpt-4.1-mini] }
  unknown: { targets: [mine/gpt-4.1-mini] }
  own: { targets: [{ model: mine/m, price: { input: \"0.041666666666666664\", output: \"2\", cache_read: \"0.01\" } }] }
  dear: { max_cost: \"0.000001\", targets: [{ model: mine/m, price: { input: \"1000\", output: \"1\" } }, { model: mine/n, price: { input: \"0\", output: \"0\" } }] }
  broke: { max_cost: \"0.000001\", targets: [{ model: mine/m, price: { input: \"1000\", output: \"1\" } }] }
";

fn gateway() -> Gateway {
    let config = Config::parse("test.yaml", YAML, &Environment::empty()).unwrap();
    let stack = StackBuilder::new(config)
        .with_leaf(|_| {
            Box::new(|layers| {
                layers.over(service_fn(|request: Request<Payload>| {
                    let answer = answer(&request);
                    async move { Ok::<_, Infallible>(answer) }
                }))
            })
        })
        .build()
        .unwrap();
    Gateway::new(&ServerConfig::default(), Arc::new(ArcSwap::from_pointee(stack)), Health::new())
}

/// 1,000 tokens in, 200 of them cached, and 50 out; `down` refuses.
fn answer(request: &Request<Payload>) -> Response<Full<Bytes>> {
    let body: serde_json::Value = serde_json::from_slice(request.body().bytes()).unwrap();
    if request.uri().host() == Some("down.invalid")
        || body["model"] == "down"
        || request.uri().to_string().contains("down")
    {
        let error = json!({"error": {"message": "no", "type": "server_error"}}).to_string();
        let mut response = Response::new(Full::new(Bytes::from(error)));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    }
    let usage = json!({"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050,
        "prompt_tokens_details": {"cached_tokens": 200}});
    let text = if body["stream"] == true {
        let chunk = |choices: serde_json::Value| json!({"id": "a", "object": "chat.completion.chunk", "created": 7, "model": "gpt", "choices": choices});
        let mut last = chunk(json!([]));
        last["usage"] = usage;
        let first = chunk(json!([{"index": 0, "delta": {"content": "Hello!"}, "finish_reason": "stop"}]));
        format!("data: {first}\n\ndata: {last}\n\ndata: [DONE]\n\n")
    } else {
        json!({"id": "a", "object": "chat.completion", "created": 7, "model": "gpt", "usage": usage, "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}]})
        .to_string()
    };
    Response::new(Full::new(Bytes::from(text)))
}

async fn ask(gateway: &Gateway, path: &str, chain: &str, stream: bool) -> (StatusCode, HeaderMap, String) {
    let body = json!({"model": chain, "stream": stream, "max_tokens": 99, "messages": [{"role": "user", "content": "Hi"}]});
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let (head, body) = gateway.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn cost(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-backstop-cost-usd").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn callers_are_told_the_cost_to_the_last_digit() {
    let gateway = gateway();
    for (chain, dollars) in [
        // 800 × $0.40 + 200 × $0.10 + 50 × $1.60, each a million.
        ("one", Some("0.00042")),
        // A refused attempt costs nothing.
        ("second", Some("0.00042")),
        // A server of one's own does not cost what OpenAI takes.
        ("unknown", None),
        // 800 × 0.041666666666666664 + 200 × 0.01 + 50 × 2.
        ("own", Some("0.0001353333333333333312")),
    ] {
        let (status, headers, body) = ask(&gateway, "/v1/chat/completions", chain, false).await;
        assert_eq!(status, 200, "{chain}: {body}");
        assert_eq!(cost(&headers), dollars, "{chain}");
        assert_eq!(headers.get("x-backstop-cost-estimated"), None, "{chain}");
        for (path, end) in [("/v1/chat/completions", "data: [DONE]"), ("/v1/messages", "event: message_stop")]
        {
            let (_, headers, body) = ask(&gateway, path, chain, true).await;
            assert_eq!(cost(&headers), None, "{chain}");
            let comment = dollars.map(|dollars| format!(": x-backstop-cost-usd {dollars}\n\n"));
            match comment {
                Some(comment) => {
                    let at = body.find(&comment).unwrap_or_else(|| panic!("{chain}: {body}"));
                    assert!(at < body.find(end).unwrap(), "{chain}: {body}");
                }
                None => assert!(!body.contains("x-backstop-cost"), "{chain}: {body}"),
            }
        }
    }
}

#[tokio::test]
async fn targets_that_are_too_dear_are_passed_over() {
    let gateway = gateway();
    let (status, headers, body) = ask(&gateway, "/v1/chat/completions", "dear", false).await;
    assert_eq!(
        (status, headers["x-backstop-target"].to_str().unwrap()),
        (StatusCode::OK, "mine/n"),
        "{body}"
    );
    assert_eq!(
        (cost(&headers), headers["x-backstop-fallback-reason"].to_str().unwrap()),
        (Some("0"), "refused_budget")
    );
    let (status, _, body) = ask(&gateway, "/v1/chat/completions", "broke", false).await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{body}");
}
