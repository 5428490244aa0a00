//! Errors in each provider's words, and who gets them.

use backstop_simulator::{ApiError, Dialect, Fault, Simulator};
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::{KEY, Read, anthropic, ask, call, openai, request, say, streamed};

/// Type and code (`details.error_code` at Anthropic) of an error document, whose shape is checked on the way.
fn kind(dialect: Dialect, read: &Read) -> (String, Value) {
    assert!(read.header("content-type").starts_with("application/json"));
    let document = read.json();
    if dialect == Dialect::GeminiGenerate {
        assert_eq!(document["error"]["code"], read.status.as_u16());
        let status = document["error"]["status"].as_str().unwrap().to_owned();
        return (status, document["error"]["details"][0]["reason"].clone());
    }
    let error = &document["error"];
    assert!(!error["message"].as_str().unwrap().is_empty());
    let kind = error["type"].as_str().unwrap().to_owned();
    if dialect == Dialect::OpenAiChat {
        let fields: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(
            ["code", "message", "param", "type"].iter().all(|field| fields.contains(field)),
            "{fields:?}"
        );
        return (kind, error["code"].clone());
    }
    assert_eq!(document["type"], "error");
    assert_eq!(document["request_id"].as_str().unwrap(), read.header("request-id"));
    (kind, error["details"]["error_code"].clone())
}

#[tokio::test(start_paused = true)]
async fn every_status_has_its_providers_type() {
    let openai = [
        (400, "invalid_request_error", Value::Null),
        (401, "invalid_request_error", json!("invalid_api_key")),
        (402, "invalid_request_error", Value::Null),
        (403, "request_forbidden", json!("unsupported_country_region_territory")),
        (404, "invalid_request_error", json!("model_not_found")),
        (408, "invalid_request_error", Value::Null),
        (409, "conflict_error", Value::Null),
        (413, "invalid_request_error", json!("request_too_large")),
        (429, "requests", json!("rate_limit_exceeded")),
        (500, "server_error", Value::Null),
        (502, "server_error", Value::Null),
        (503, "service_unavailable_error", json!("server_is_overloaded")),
        (529, "server_error", Value::Null),
    ];
    let anthropic = [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (408, "timeout_error"),
        (409, "conflict_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ];
    let anthropic = anthropic.map(|(status, kind)| (status, kind, Value::Null));
    let gemini = [
        (400, "INVALID_ARGUMENT", Value::Null),
        (401, "UNAUTHENTICATED", json!("ACCESS_TOKEN_TYPE_UNSUPPORTED")),
        (402, "UNKNOWN", Value::Null),
        (403, "PERMISSION_DENIED", json!("SERVICE_DISABLED")),
        (404, "NOT_FOUND", Value::Null),
        (408, "DEADLINE_EXCEEDED", Value::Null),
        (409, "ABORTED", Value::Null),
        (413, "INVALID_ARGUMENT", Value::Null),
        (429, "RESOURCE_EXHAUSTED", Value::Null),
        (500, "INTERNAL", Value::Null),
        (503, "UNAVAILABLE", Value::Null),
        (504, "DEADLINE_EXCEEDED", Value::Null),
        (529, "UNAVAILABLE", Value::Null),
    ];
    for (dialect, table) in [
        (Dialect::OpenAiChat, openai),
        (Dialect::AnthropicMessages, anthropic),
        (Dialect::GeminiGenerate, gemini),
    ] {
        for (status, expected, code) in table {
            let simulator = Simulator::new("a").with_behaviour(Fault::status(status));
            // A stream that is refused is refused like anything else.
            for body in [ask(dialect, "x"), streamed(ask(dialect, "x"))] {
                let read = say(&simulator, dialect, &body).await;
                assert_eq!(read.status.as_u16(), status);
                assert_eq!(kind(dialect, &read), (expected.to_owned(), code.clone()), "{dialect} {status}");
            }
            assert_eq!((simulator.told(), simulator.billed()), Default::default());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn other_errors_have_their_providers_wording() {
    let table = [
        (Dialect::OpenAiChat, ApiError::Quota, 429, "exceeded your current quota"),
        (Dialect::OpenAiChat, ApiError::ContextLength, 400, "maximum context length"),
        (Dialect::OpenAiChat, ApiError::ContentPolicy, 400, "violating our usage policy"),
        (Dialect::AnthropicMessages, ApiError::Quota, 429, "usage limits"),
        (Dialect::AnthropicMessages, ApiError::ContextLength, 400, "prompt is too long: "),
        (Dialect::AnthropicMessages, ApiError::ContentPolicy, 400, "content filtering policy"),
        (Dialect::GeminiGenerate, ApiError::Quota, 429, "PerDay"),
        (Dialect::GeminiGenerate, ApiError::ContextLength, 400, "The input token count ("),
        (Dialect::GeminiGenerate, ApiError::ContentPolicy, 400, "Responsible AI practices"),
    ];
    for (dialect, error, status, words) in table {
        let simulator = Simulator::new("a").with_behaviour(Fault::error(error));
        let read = say(&simulator, dialect, &ask(dialect, "x")).await;
        assert_eq!(read.status.as_u16(), status);
        assert!(read.text().contains(words), "{}", read.text());
        kind(dialect, &read);
    }
    let code = |error| async {
        let simulator = Simulator::new("a").with_behaviour(Fault::error(error));
        kind(Dialect::OpenAiChat, &say(&simulator, Dialect::OpenAiChat, &openai("x")).await)
    };
    let quota = ("insufficient_quota".to_owned(), json!("insufficient_quota"));
    assert_eq!(code(ApiError::Quota).await, quota);
    assert_eq!(code(ApiError::ContextLength).await.1, "context_length_exceeded");
    assert_eq!(code(ApiError::ContentPolicy).await.1, "invalid_prompt");
    let simulator = Simulator::new("a").with_behaviour(Fault::error(ApiError::Quota));
    let read = say(&simulator, Dialect::AnthropicMessages, &anthropic("x")).await;
    assert_eq!(kind(Dialect::AnthropicMessages, &read).1, "enforced_spend_limit_reached");
}

#[tokio::test(start_paused = true)]
async fn only_good_keys_are_let_in() {
    let simulator = Simulator::new("a").with_key(KEY).with_key("sk-other");
    for dialect in Dialect::ALL {
        assert_eq!(say(&simulator, dialect, &ask(dialect, "x")).await.status, 200);
        let body = ask(dialect, "x").to_string();
        let mut without = request(dialect, body.clone());
        without.headers_mut().remove("authorization");
        without.headers_mut().remove("x-api-key");
        without.headers_mut().remove("x-goog-api-key");
        let google = dialect == Dialect::GeminiGenerate;
        assert_eq!(call(&simulator, without).await.unwrap().status, if google { 403 } else { 401 });
        let mut wrong = request(dialect, body);
        let wrong_key = "sk-wrong-0123456789abcdef";
        if dialect == Dialect::OpenAiChat {
            wrong.headers_mut().insert("authorization", format!("Bearer {wrong_key}").parse().unwrap());
        } else {
            let name = if google { "x-goog-api-key" } else { "x-api-key" };
            wrong.headers_mut().insert(name, wrong_key.parse().unwrap());
        }
        let read = call(&simulator, wrong).await.unwrap();
        assert_eq!(read.status, if google { 400 } else { 401 });
        assert!(!read.text().contains(wrong_key), "a key is not quoted in full");
        kind(dialect, &read);
    }
    let keys: Vec<_> = simulator.requests().into_iter().map(|record| record.key).collect();
    let expected = [Some(KEY), None, Some("sk-wrong-0123456789abcdef")].map(|key| key.map(str::to_owned));
    assert_eq!(keys[..3], expected);
    simulator.revoke(KEY);
    simulator.revoke("sk-other");
    assert_eq!(say(&simulator, Dialect::OpenAiChat, &openai("x")).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn a_careless_error_quotes_the_key() {
    let simulator = Simulator::new("a").with_behaviour(Fault::error(ApiError::QuotedKey));
    for dialect in Dialect::ALL {
        let read = say(&simulator, dialect, &ask(dialect, "x")).await;
        assert_eq!(read.status, if dialect == Dialect::GeminiGenerate { 400 } else { 401 });
        assert!(read.text().contains(KEY));
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_models_paths_and_methods_are_told_so() {
    let simulator = Simulator::new("a").with_model("known").with_dialect(Dialect::OpenAiChat);
    let read = say(&simulator, Dialect::OpenAiChat, &openai("x")).await;
    assert_eq!((read.status.as_u16(), kind(Dialect::OpenAiChat, &read).1), (404, json!("model_not_found")));
    // Another dialect's path is none of this one's.
    assert_eq!(say(&simulator, Dialect::AnthropicMessages, &anthropic("x")).await.status, 404);
    let ask = |method: Method, path: &str| {
        let request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {KEY}"));
        request.body(Full::default()).unwrap()
    };
    let read = call(&simulator, ask(Method::POST, "/v1/nothing")).await.unwrap();
    assert_eq!(read.status, 404);
    assert!(read.text().contains("Invalid URL (POST /v1/nothing)"));
    assert_eq!(call(&simulator, ask(Method::GET, "/v1/chat/completions")).await.unwrap().status, 405);
    // Where there is only one dialect, nothing of another is said.
    let simulator = Simulator::new("a").with_dialect(Dialect::AnthropicMessages);
    assert_eq!(
        call(&simulator, ask(Method::POST, "/v1/nothing")).await.unwrap().json()["error"]["type"],
        "not_found_error"
    );
    assert_eq!(
        call(&simulator, ask(Method::GET, "/v1/models")).await.unwrap().json()["data"][0]["type"],
        "model"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_json_or_too_large_is_refused() {
    let simulator = Simulator::new("a").with_body_limit(1000);
    for dialect in Dialect::ALL {
        for broken in ["", "{", "[1,", "\u{fffd}{}"] {
            let read = call(&simulator, request(dialect, broken.to_owned())).await.unwrap();
            assert_eq!(read.status, 400, "{broken}");
            kind(dialect, &read);
        }
        let read = say(&simulator, dialect, &ask(dialect, &"x".repeat(1000))).await;
        assert_eq!(read.status, if dialect == Dialect::GeminiGenerate { 400 } else { 413 });
        kind(dialect, &read);
        // The whole megabyte of row 22, with room for it.
        let roomy = Simulator::new("b");
        assert_eq!(say(&roomy, dialect, &ask(dialect, &"word ".repeat(200_000))).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_real_api_refuses_is_refused_after_the_key() {
    let simulator = Simulator::new("a").with_key(KEY);
    let mut body = anthropic("x");
    body.as_object_mut().unwrap().remove("max_tokens");
    let read = say(&simulator, Dialect::AnthropicMessages, &body).await;
    assert_eq!(read.status, 400);
    assert_eq!(kind(Dialect::AnthropicMessages, &read).0, "invalid_request_error");
    assert_eq!(read.header("x-should-retry"), "false");
    assert!(simulator.requests()[0].refused_by.is_some());
    // A fault that was scripted does not hide a mistake.
    simulator.set_behaviour(Fault::status(503));
    assert_eq!(say(&simulator, Dialect::AnthropicMessages, &body).await.status, 400);
    let mut anonymous = request(Dialect::AnthropicMessages, body.to_string());
    anonymous.headers_mut().remove("x-api-key");
    assert_eq!(call(&simulator, anonymous).await.unwrap().status, 401);
}
