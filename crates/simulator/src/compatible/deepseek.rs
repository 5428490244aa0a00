//! DeepSeek, as recorded, and as its pages say: "Create Chat Completion", "Thinking Mode" and "Error Codes"
//! (<https://api-docs.deepseek.com/>).

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::manner::{Calls, Manner, Thoughts, Told};
use crate::{
    api_error::{ApiError, Circumstances},
    ask::Reasoning,
    dialect::{Head, set},
    ids::{Ids, hash},
    reply::Stop,
    rules,
    usage::Usage,
};

pub(crate) static MANNER: Manner = Manner {
    models: &["deepseek-v4-flash", "deepseek-v4-pro"],
    owner: "deepseek",
    event_stream: "text/event-stream; charset=utf-8",
    refuse: rules::deepseek,
    reasoning,
    logprobs: true,
    id: |ids| ids.uuid("completion"),
    call_id: |ids, call, nth| ids.letters(&format!("call_{nth:02}_"), &call.to_string(), 20),
    fixed: |reply| {
        let backend = hash(reply.model.as_bytes()) & 0xff_ffff_ffff;
        json!({"system_fingerprint": format!("fp_{backend:010x}_prod0820_fp8_kvcache_20260402")})
    },
    thoughts: Thoughts::Beside,
    calls: Calls::Pieces,
    usage,
    told: Told::AtFinish,
    padded: false,
    null_calls: false,
    finish: |stop| match stop {
        Stop::End | Stop::Sequence(_) | Stop::Refused => "stop",
        Stop::Length => "length",
        Stop::Calls => "tool_calls",
        Stop::Filtered => "content_filter",
    },
    error,
    status,
    sign: |_, _| {},
    headers,
};

/// The newer models think unless they are told not to; `deepseek-reasoner` always.
fn reasoning(body: &Value) -> Reasoning {
    let model = body["model"].as_str().unwrap_or_default();
    let by_default = model.starts_with("deepseek-v4") || model == "deepseek-reasoner";
    match body["thinking"]["type"].as_str() {
        Some("disabled") => Reasoning::Off,
        Some(_) => Reasoning::Shown,
        None if by_default || !body["reasoning_effort"].is_null() => Reasoning::Shown,
        None => Reasoning::Off,
    }
}

fn usage(usage: Usage, _streamed: bool) -> Value {
    let mut told = json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "prompt_cache_hit_tokens": usage.cache_read,
        "prompt_cache_miss_tokens": usage.input - usage.cache_read,
    });
    if usage.reasoning > 0 {
        told["completion_tokens_details"] = json!({"reasoning_tokens": usage.reasoning});
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
    let (message, kind) = match error {
        ApiError::MissingKey => {
            ("Authentication Fails (auth header format should be Bearer sk-...)".to_owned(), AUTHENTICATION)
        }
        ApiError::WrongKey | ApiError::QuotedKey => {
            let tail: String =
                about.key.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
            let shown = if *error == ApiError::QuotedKey { about.key.clone() } else { format!("****{tail}") };
            (format!("Authentication Fails, Your api key: {shown} is invalid"), AUTHENTICATION)
        }
        ApiError::Quota => ("Insufficient Balance".to_owned(), "unknown_error"),
        ApiError::ContextLength => {
            let (window, tokens) = (about.prompt_tokens.saturating_sub(1).max(1), about.prompt_tokens.max(2));
            let message = format!(
                "This model's maximum context length is {window} tokens. However, you requested {tokens} tokens \
                 ({tokens} in the messages, 0 in the completion). Please reduce the length of the messages or completion."
            );
            (message, INVALID)
        }
        ApiError::ContentPolicy => ("Content Exists Risk".to_owned(), INVALID),
        ApiError::ModelNotFound => ("Model Not Exist".to_owned(), INVALID),
        ApiError::TooLarge => (format!("Request body of {} bytes is too large.", about.body_bytes), INVALID),
        ApiError::BrokenJson => ("Failed to parse the request body as JSON".to_owned(), INVALID),
        ApiError::UnknownPath => (format!("Not found: {}", about.path), INVALID),
        ApiError::WrongMethod => (format!("{} is not allowed on {}", about.method, about.path), INVALID),
        ApiError::Status(status) => by_status(*status),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": INVALID}})
}

fn by_status(status: StatusCode) -> (String, &'static str) {
    match status.as_u16() {
        401 => ("Authentication Fails (no such user)".to_owned(), AUTHENTICATION),
        402 => ("Insufficient Balance".to_owned(), "unknown_error"),
        429 => ("Rate Limit Reached. Please pace your requests.".to_owned(), "rate_limit_error"),
        503 => ("Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.".to_owned(), "service_unavailable_error"),
        code @ 500.. => (format!("Internal Server Error ({code})"), "server_error"),
        code => (format!("The request was refused ({code})."), INVALID),
    }
}

/// No rate-limit headers: DeepSeek tells none.
fn headers(headers: &mut HeaderMap, head: &Head) {
    set(headers, "x-ds-trace-id", &head.ids.hex("", "trace", 32));
}

const INVALID: &str = "invalid_request_error";
const AUTHENTICATION: &str = "authentication_error";
