//! Mistral, as recorded, and as its API reference says (<https://docs.mistral.ai/api/>).

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::manner::{Calls, Manner, Thoughts, Told};
use crate::{
    api_error::{ApiError, Circumstances},
    ask::Reasoning,
    dialect::{Head, set},
    ids::Ids,
    reply::Stop,
    rules,
    usage::Usage,
};

pub(crate) static MANNER: Manner = Manner {
    models: &["mistral-small-latest", "mistral-medium-latest", "magistral-medium-latest"],
    owner: "mistralai",
    event_stream: "text/event-stream; charset=utf-8",
    refuse: rules::mistral,
    reasoning,
    logprobs: false,
    id: |ids| ids.hex("", "completion", 32),
    call_id: |ids, call, _| ids.letters("", &call.to_string(), 9),
    fixed: |_| json!({}),
    thoughts: Thoughts::Within,
    calls: Calls::Whole,
    usage,
    told: Told::AtFinish,
    padded: true,
    null_calls: true,
    finish: |stop| match stop {
        Stop::End | Stop::Sequence(_) | Stop::Refused => "stop",
        Stop::Length => "length",
        Stop::Calls => "tool_calls",
        // It has no word for a filter.
        Stop::Filtered => "error",
    },
    error,
    status,
    sign: |_, _| {},
    headers,
};

fn reasoning(body: &Value) -> Reasoning {
    let is_magistral = body["model"].as_str().is_some_and(|model| model.starts_with("magistral"));
    let is_told = body["reasoning_effort"] == "high" || body["prompt_mode"] == "reasoning";
    if is_told || (is_magistral && body["reasoning_effort"] != "none") {
        Reasoning::Shown
    } else {
        Reasoning::Off
    }
}

fn usage(usage: Usage, streamed: bool) -> Value {
    let mut told = json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
    });
    if !streamed {
        told["service_tier"] = json!("standard");
    }
    told
}

fn status(error: &ApiError) -> Option<StatusCode> {
    match error {
        ApiError::Quota => Some(StatusCode::PAYMENT_REQUIRED),
        ApiError::ModelNotFound => Some(StatusCode::BAD_REQUEST),
        _ => None,
    }
}

fn error(error: &ApiError, about: &Circumstances, _ids: Ids) -> Value {
    match error {
        ApiError::MissingKey | ApiError::WrongKey => json!({"detail": "Invalid API Key"}),
        ApiError::QuotedKey => json!({"detail": format!("Invalid API Key: {}", about.key)}),
        ApiError::Quota => document(402, "invalid_request_billing", None, "The account has no funds left."),
        ApiError::ContextLength => {
            let (window, tokens) = (about.prompt_tokens.saturating_sub(1).max(1), about.prompt_tokens.max(2));
            let message = format!(
                "Prompt contains {tokens} tokens and 0 draft tokens, too large for model with {window} maximum context length"
            );
            document(400, "invalid_request_prompt", Some("3051"), &message)
        }
        ApiError::ContentPolicy => document(
            400,
            "content_moderation",
            None,
            "The prompt was refused by the content moderation policy.",
        ),
        ApiError::ModelNotFound => {
            document(400, "invalid_model", Some("1500"), &format!("Invalid model: {}", about.model))
        }
        ApiError::TooLarge => document(
            413,
            "request_too_large",
            None,
            &format!("Request of {} bytes is too large.", about.body_bytes),
        ),
        ApiError::BrokenJson => json!({"detail": [
            {"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "input": {}, "ctx": {"error": "Expecting value"}}
        ]}),
        ApiError::UnknownPath => json!({"detail": "Not Found"}),
        ApiError::WrongMethod => json!({"detail": "Method Not Allowed"}),
        ApiError::Status(status) => by_status(*status),
    }
}

fn by_status(status: StatusCode) -> Value {
    match status.as_u16() {
        401 => json!({"detail": "Invalid API Key"}),
        429 => document(429, "rate_limited", Some("1300"), "Rate limit exceeded"),
        503 => document(503, "service_unavailable", Some("3000"), "Service unavailable."),
        code @ 500.. => document(code, "internal_server_error", Some("3000"), "Internal server error"),
        code => document(code, "invalid_request_error", None, &format!("The request was refused ({code}).")),
    }
}

fn document(status: u16, kind: &str, code: Option<&str>, message: &str) -> Value {
    json!({
        "object": "error", "message": message, "type": kind, "param": null, "code": code, "raw_status_code": status,
    })
}

fn headers(headers: &mut HeaderMap, head: &Head) {
    let id = head.ids.uuid("request");
    set(headers, "mistral-correlation-id", &id);
    set(headers, "x-kong-request-id", &id);
    set(headers, "x-ratelimit-limit-req-minute", &head.limit.to_string());
    set(headers, "x-ratelimit-remaining-req-minute", &head.remaining.to_string());
    set(headers, "x-ratelimit-limit-tokens-minute", &TOKENS.to_string());
    set(
        headers,
        "x-ratelimit-remaining-tokens-minute",
        &TOKENS.saturating_sub(head.prompt_tokens).to_string(),
    );
    set(headers, "x-ratelimit-tokens-query-cost", &head.prompt_tokens.to_string());
}

/// The tokens a minute of a large account.
const TOKENS: u64 = 2_000_000;
