//! Anthropic's errors (<https://platform.claude.com/docs/en/api/errors>), worded as recorded.

use serde_json::{Value, json};

use crate::{
    api_error::{ApiError, Circumstances},
    reply::{Event, Mark},
};

/// The document, without its `request_id`.
pub(super) fn document(error: &ApiError, about: &Circumstances) -> Value {
    let error = error.named();
    let (kind, message) = words(&error, about);
    let mut document = shape(kind, &message);
    if error == ApiError::Quota {
        document["error"]["details"] = json!({"error_code": "enforced_spend_limit_reached"});
    }
    document
}

pub(super) fn shape(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

/// The error that comes in a stream in place of what was to follow.
pub(super) fn event() -> Event {
    Event::new(Some("error"), shape("overloaded_error", "Overloaded").to_string(), Mark::Error)
}

fn words(error: &ApiError, about: &Circumstances) -> (&'static str, String) {
    const INVALID: &str = "invalid_request_error";
    match error {
        ApiError::MissingKey => ("authentication_error", "x-api-key header is required".to_owned()),
        ApiError::WrongKey => ("authentication_error", "invalid x-api-key".to_owned()),
        ApiError::QuotedKey => ("authentication_error", format!("invalid x-api-key: {}", about.key)),
        ApiError::Quota => {
            ("rate_limit_error", "You have reached your specified API usage limits.".to_owned())
        }
        ApiError::ContextLength => {
            let (tokens, window) = (about.prompt_tokens.max(2), about.prompt_tokens.saturating_sub(1).max(1));
            (INVALID, format!("prompt is too long: {tokens} tokens > {window} maximum"))
        }
        ApiError::ContentPolicy => (INVALID, "Output blocked by content filtering policy".to_owned()),
        ApiError::ModelNotFound => ("not_found_error", format!("model: {}", about.model)),
        ApiError::TooLarge => ("request_too_large", "Request exceeds the maximum size".to_owned()),
        ApiError::BrokenJson => (INVALID, "The request body is not valid JSON".to_owned()),
        ApiError::UnknownPath => ("not_found_error", "Not Found".to_owned()),
        ApiError::WrongMethod => (INVALID, "Method Not Allowed".to_owned()),
        ApiError::Status(status) => by_status(status.as_u16()),
    }
}

fn by_status(status: u16) -> (&'static str, String) {
    let (kind, message) = match status {
        402 => ("billing_error", BILLING),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource."),
        408 | 504 => ("timeout_error", "Request timed out"),
        409 => ("conflict_error", "The request conflicts with the state of the resource."),
        429 => ("rate_limit_error", RATE),
        503 | 529 => ("overloaded_error", "Overloaded"),
        500.. => ("api_error", "Internal server error"),
        _ => ("invalid_request_error", "The request was refused."),
    };
    (kind, message.to_owned())
}

const BILLING: &str = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to \
    upgrade or purchase credits.";
const RATE: &str = "This request would exceed your organization's rate limit of 50 requests per minute. For details, \
    refer to: https://docs.claude.com/en/api/rate-limits.";
