//! Qwen at DashScope in its compatible mode, as recorded, and as Alibaba Cloud Model Studio's pages "OpenAI compatible -
//! Chat" and "Error codes" say (<https://www.alibabacloud.com/help/en/model-studio/>).

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
    models: &["qwen-plus", "qwen3-max", "qwen-turbo"],
    owner: "system",
    event_stream: "text/event-stream;charset=UTF-8",
    refuse: rules::qwen,
    reasoning,
    logprobs: true,
    id: |ids| format!("chatcmpl-{}", ids.uuid("completion")),
    call_id: |ids, call, _| ids.hex("call_", &call.to_string(), 22),
    fixed: |_| json!({"system_fingerprint": null}),
    thoughts: Thoughts::Beside,
    calls: Calls::EmptyIds,
    usage,
    told: Told::Asked,
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
    sign,
    headers,
};

fn reasoning(body: &Value) -> Reasoning {
    if body["enable_thinking"] == true { Reasoning::Shown } else { Reasoning::Off }
}

fn usage(usage: Usage, _streamed: bool) -> Value {
    let mut told = json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
    });
    if usage.cache_write > 0 {
        told["prompt_tokens_details"]["cache_creation_input_tokens"] = json!(usage.cache_write);
    }
    if usage.reasoning > 0 {
        told["completion_tokens_details"] = json!({"reasoning_tokens": usage.reasoning});
    }
    told
}

fn status(error: &ApiError) -> Option<StatusCode> {
    // An account in arrears; what looks like an empty account with a 429 is a throttle of a minute.
    matches!(error, ApiError::Quota).then_some(StatusCode::BAD_REQUEST)
}

fn error(error: &ApiError, about: &Circumstances, ids: Ids) -> Value {
    let invalid = |message: &str, code: Option<&'static str>| (message.to_owned(), INVALID, code);
    let (message, kind, code) = match error {
        ApiError::MissingKey => invalid(MISSING_KEY, None),
        ApiError::WrongKey => invalid("Incorrect API key provided. ", Some("invalid_api_key")),
        ApiError::QuotedKey => {
            invalid(&format!("Incorrect API key provided: {}. ", about.key), Some("invalid_api_key"))
        }
        ApiError::Quota => (ARREARS.to_owned(), "Arrearage", Some("Arrearage")),
        ApiError::ContextLength => {
            let window = about.prompt_tokens.saturating_sub(1).max(1);
            let message = format!(
                "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, {window}]"
            );
            invalid(&message, Some("invalid_parameter_error"))
        }
        ApiError::ContentPolicy => (
            "<400> InternalError.Algo.DataInspectionFailed: Input data may contain inappropriate content."
                .to_owned(),
            "data_inspection_failed",
            Some("data_inspection_failed"),
        ),
        ApiError::ModelNotFound => {
            let model = &about.model;
            let message = format!("The model `{model}` does not exist or you do not have access to it.");
            invalid(&message, Some("model_not_found"))
        }
        ApiError::TooLarge => {
            invalid(&format!("Exceeded limit on max bytes to buffer: {}", about.body_bytes), None)
        }
        ApiError::BrokenJson => invalid(
            "Required body invalid, please check the request body format.",
            Some("invalid_parameter_error"),
        ),
        ApiError::UnknownPath => invalid(&format!("Not Found: {}", about.path), None),
        ApiError::WrongMethod => invalid(
            &format!("Request method '{}' not supported", about.method),
            Some("invalid_request_error"),
        ),
        ApiError::Status(status) => by_status(*status),
    };
    let mut document = json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
    sign(&mut document, ids);
    document
}

fn by_status(status: StatusCode) -> (String, &'static str, Option<&'static str>) {
    match status.as_u16() {
        403 => ("Access denied.".to_owned(), "access_denied", Some("access_denied")),
        429 => (THROTTLED.to_owned(), "insufficient_quota", Some("insufficient_quota")),
        500 => ("An internal error has occured, please try again later.".to_owned(), "internal_error", Some("internal_error")),
        503 => (
            "Too many requests. Your requests are being throttled due to system capacity limits. Please try again later."
                .to_owned(),
            "ServiceUnavailable",
            Some("ServiceUnavailable"),
        ),
        code @ 500.. => (format!("The server could not answer ({code})."), "internal_error", Some("internal_error")),
        code => (format!("The request was refused ({code})."), INVALID, Some("invalid_parameter_error")),
    }
}

fn sign(body: &mut Value, ids: Ids) {
    body["request_id"] = json!(ids.uuid("request"));
}

fn headers(headers: &mut HeaderMap, head: &Head) {
    set(headers, "x-request-id", &head.ids.uuid("request"));
    set(headers, "x-envoy-upstream-service-time", &(head.ids.number("processing") % 900 + 100).to_string());
    set(headers, "server", "istio-envoy");
}

const INVALID: &str = "invalid_request_error";
const MISSING_KEY: &str = "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). ";
const ARREARS: &str = "Access denied, please make sure your account is in good standing.";
/// A throttle of tokens a minute, in words that OpenAI has for empty accounts.
const THROTTLED: &str = "You exceeded your current quota, please check your plan and billing details. For details, see: https://help.aliyun.com/zh/model-studio/error-code#token-limit";
