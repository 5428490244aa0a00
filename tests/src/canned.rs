//! Ready answers of providers, written by hand after the providers' own API references.

use backstop_core::Dialect;
use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};

/// A good answer that says `text`.
#[must_use]
pub fn answer(dialect: Dialect, stream: bool, text: &str) -> Response<Bytes> {
    match (dialect, stream) {
        (Dialect::AnthropicMessages, false) => document(StatusCode::OK, &anthropic(text)),
        (Dialect::AnthropicMessages, true) => events(&anthropic_events(text)),
        (_, false) => document(StatusCode::OK, &openai(text)),
        (_, true) => events(&openai_events(text)),
    }
}

/// An error in the provider's dialect.
#[must_use]
pub fn error(dialect: Dialect, status: StatusCode, kind: &str, message: &str) -> Response<Bytes> {
    let body = match dialect {
        Dialect::AnthropicMessages => json!({"type": "error", "error": {"type": kind, "message": message}}),
        _ => json!({"error": {"message": message, "type": kind, "param": null, "code": kind}}),
    };
    document(status, &body)
}

/// A JSON body.
#[must_use]
pub fn document(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// A stream of server-sent events, as one body.
#[must_use]
pub fn events(text: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(text.as_bytes()));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream"));
    response
}

/// The events of an OpenAI stream that says `text`, with usage and sentinel.
#[must_use]
pub fn openai_events(text: &str) -> String {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4.1-mini",
            "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    let mut all = chunk(delta(json!({"role": "assistant", "content": ""}), Value::Null), Value::Null);
    for word in text.split_inclusive(' ') {
        all += &chunk(delta(json!({"content": word}), Value::Null), Value::Null);
    }
    all += &chunk(delta(json!({}), json!("stop")), Value::Null);
    all += &chunk(json!([]), json!({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}));
    all + "data: [DONE]\n\n"
}

/// The events of an Anthropic stream that says `text`.
#[must_use]
pub fn anthropic_events(text: &str) -> String {
    let event =
        |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    let mut all = event(
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
        "model": "claude-sonnet-4-5", "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 7, "output_tokens": 1}}}),
    );
    all += &event(
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    );
    for word in text.split_inclusive(' ') {
        let delta = json!({"type": "text_delta", "text": word});
        all += &event(json!({"type": "content_block_delta", "index": 0, "delta": delta}));
    }
    all += &event(json!({"type": "content_block_stop", "index": 0}));
    all +=
        &event(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
        "usage": {"output_tokens": 3}}));
    all + &event(json!({"type": "message_stop"}))
}

fn openai(text: &str) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4.1-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": null},
            "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}})
}

fn anthropic(text: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 7, "output_tokens": 3}})
}
