//! Google's errors: `{"error": {code, message, status, details}}` (<https://ai.google.dev/gemini-api/docs/troubleshooting>,
//! <https://cloud.google.com/apis/design/errors>), worded as recorded and as quoted in public issues.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    api_error::{ApiError, Circumstances},
    reply::{Event, Mark},
};

/// The status that an error comes with. Google refuses a key that it does not know as a bad argument, a request without
/// one as not permitted, and a body that is too large as a bad argument.
pub(super) fn status(error: &ApiError) -> StatusCode {
    match error {
        ApiError::WrongKey | ApiError::QuotedKey | ApiError::TooLarge => StatusCode::BAD_REQUEST,
        ApiError::MissingKey => StatusCode::FORBIDDEN,
        ApiError::WrongMethod => StatusCode::NOT_FOUND,
        error => error.status(),
    }
}

pub(super) fn document(error: &ApiError, about: &Circumstances) -> Value {
    let (message, details) = words(error, about);
    let code = status(error).as_u16();
    shape(code, status_word(code), &message, details)
}

pub(super) fn shape(code: u16, status: &str, message: &str, details: Vec<Value>) -> Value {
    let mut document = json!({"error": {"code": code, "message": message, "status": status}});
    if !details.is_empty() {
        document["error"]["details"] = Value::Array(details);
    }
    document
}

/// The error that comes in a stream in place of what was to follow.
pub(super) fn event() -> Event {
    let error = shape(503, status_word(503), OVERLOADED, Vec::new());
    Event::new(None, error.to_string(), Mark::Error)
}

fn words(error: &ApiError, about: &Circumstances) -> (String, Vec<Value>) {
    let plain = |message: &str| (message.to_owned(), Vec::new());
    match error {
        ApiError::MissingKey => plain(MISSING_KEY),
        ApiError::WrongKey => (WRONG_KEY.to_owned(), wrong_key(WRONG_KEY)),
        ApiError::QuotedKey => {
            let message = format!("API key not valid: {}. Please pass a valid API key.", about.key);
            (message.clone(), wrong_key(&message))
        }
        ApiError::Quota => quota(about, "GenerateRequestsPerDayPerProjectPerModel", "250"),
        ApiError::ContextLength => {
            let (tokens, window) = (about.prompt_tokens.max(2), about.prompt_tokens.saturating_sub(1).max(1));
            let message = format!(
                "The input token count ({tokens}) exceeds the maximum number of tokens allowed ({window})."
            );
            (message, Vec::new())
        }
        ApiError::ContentPolicy => plain(POLICY),
        ApiError::ModelNotFound => (model_not_found(about), Vec::new()),
        ApiError::TooLarge => plain("Request payload size exceeds the limit: 20971520 bytes."),
        ApiError::BrokenJson => (BROKEN_JSON.to_owned(), vec![bad_request(BROKEN_JSON)]),
        ApiError::UnknownPath | ApiError::WrongMethod => plain("Requested entity was not found."),
        ApiError::Status(status) => by_status(*status, about),
    }
}

fn by_status(status: StatusCode, about: &Circumstances) -> (String, Vec<Value>) {
    let plain = |message: &str| (message.to_owned(), Vec::new());
    match status.as_u16() {
        400 => plain("Request contains an invalid argument."),
        401 => (UNAUTHENTICATED.to_owned(), vec![reason("ACCESS_TOKEN_TYPE_UNSUPPORTED")]),
        402 => plain(PREPAID),
        403 => (DISABLED.to_owned(), vec![reason("SERVICE_DISABLED")]),
        404 => (model_not_found(about), Vec::new()),
        408 | 504 => plain("Deadline expired before operation could complete."),
        409 => plain("The operation was aborted."),
        413 => plain("Request payload size exceeds the limit: 20971520 bytes."),
        429 => quota(about, "GenerateRequestsPerMinutePerProjectPerModel", "1000"),
        499 => plain("The operation was cancelled."),
        503 => plain(OVERLOADED),
        500.. => plain(INTERNAL),
        _ => plain("Request contains an invalid argument."),
    }
}

/// A quota is used up: which one, and where there is one, how long to wait.
fn quota(about: &Circumstances, id: &str, value: &str) -> (String, Vec<Value>) {
    let model = &about.model;
    let metric = "generativelanguage.googleapis.com/generate_content_paid_tier_requests";
    let mut message =
        format!("{QUOTA} \n* Quota exceeded for metric: {metric}, limit: {value}, model: {model}");
    let violation = json!({
        "quotaMetric": metric,
        "quotaId": id,
        "quotaDimensions": {"model": model, "location": "global"},
        "quotaValue": value,
    });
    let link = json!({"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"});
    let mut details = vec![
        json!({"@type": "type.googleapis.com/google.rpc.Help", "links": [link]}),
        json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}),
    ];
    if let Some(wait) = about.wait {
        message.push_str(&format!("\nPlease retry in {}.", seconds(wait)));
        details
            .push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds(wait)}));
    }
    (message, details)
}

/// A duration as protocol buffers write it in JSON.
fn seconds(wait: Duration) -> String {
    format!("{}s", wait.as_secs_f64())
}

fn wrong_key(message: &str) -> Vec<Value> {
    let localised = json!({"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message});
    vec![reason("API_KEY_INVALID"), localised]
}

fn reason(reason: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    })
}

fn bad_request(message: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"description": message}]})
}

fn model_not_found(about: &Circumstances) -> String {
    let version = about.path.trim_start_matches('/').split('/').next().unwrap_or("v1beta");
    format!(
        "models/{} is not found for API version {version}, or is not supported for generateContent. Call ListModels to see \
         the list of available models and their supported methods.",
        about.model
    )
}

/// Google's canonical code for a status (google.rpc.Code).
fn status_word(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        // None of the canonical codes is for it.
        402 => "UNKNOWN",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 | 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        502 | 503 | 529 => "UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}

const MISSING_KEY: &str = "Method doesn't allow unregistered callers (callers without established identity). Please use \
    API Key or other form of API consumer identity to call this API.";
const WRONG_KEY: &str = "API key not valid. Please pass a valid API key.";
const UNAUTHENTICATED: &str = "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
    cookie or other valid authentication credential. See \
    https://developers.google.com/identity/sign-in/web/devconsole-project.";
const DISABLED: &str = "Generative Language API has not been used in project 1234567890 before or it is disabled. \
    Enable it by visiting \
    https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=1234567890 then \
    retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.";
const PREPAID: &str =
    "Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing.";
const QUOTA: &str = "You exceeded your current quota, please check your plan and billing details. For more information \
    on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: \
    https://ai.dev/rate-limit.";
const POLICY: &str = "The prompt could not be submitted. This prompt contains sensitive words that violate Google's \
    Responsible AI practices. Try rephrasing the prompt. If you think this was an error, send feedback.";
const BROKEN_JSON: &str = "Invalid JSON payload received. Unexpected token.";
const OVERLOADED: &str = "The model is overloaded. Please try again later.";
const INTERNAL: &str = "An internal error has occurred. Please retry or report in \
    https://developers.generativeai.google/guide/troubleshooting";
