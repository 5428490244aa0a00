//! OpenAI's errors (<https://platform.openai.com/docs/guides/error-codes>), worded as recorded.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    api_error::{ApiError, Circumstances},
    ids::Ids,
    reply::{Event, Mark},
};

pub(super) fn document(error: &ApiError, about: &Circumstances, ids: Ids) -> Value {
    let Words { message, kind, param, code } = words(&error.named(), about, ids);
    json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
}

/// The error that comes in a stream in place of what was to follow.
pub(super) fn event(ids: Ids) -> Event {
    let error =
        document(&ApiError::Status(StatusCode::INTERNAL_SERVER_ERROR), &Circumstances::default(), ids);
    Event::new(None, error.to_string(), Mark::Error)
}

struct Words {
    message: String,
    kind: &'static str,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

fn words(error: &ApiError, about: &Circumstances, ids: Ids) -> Words {
    let invalid =
        |message: String, param, code| Words { message, kind: "invalid_request_error", param, code };
    match error {
        ApiError::MissingKey => invalid(MISSING_KEY.to_owned(), None, None),
        ApiError::WrongKey => invalid(wrong_key(&masked(&about.key)), None, Some("invalid_api_key")),
        ApiError::QuotedKey => invalid(wrong_key(&about.key), None, Some("invalid_api_key")),
        ApiError::Quota => Words {
            message: QUOTA.to_owned(),
            kind: "insufficient_quota",
            param: None,
            code: Some("insufficient_quota"),
        },
        ApiError::ContextLength => {
            let (window, tokens) = (about.prompt_tokens.saturating_sub(1).max(1), about.prompt_tokens.max(2));
            let message = format!(
                "This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} \
                 tokens. Please reduce the length of the messages."
            );
            invalid(message, Some("messages"), Some("context_length_exceeded"))
        }
        ApiError::ContentPolicy => invalid(POLICY.to_owned(), None, Some("invalid_prompt")),
        ApiError::ModelNotFound => {
            let model = &about.model;
            let message = format!("The model `{model}` does not exist or you do not have access to it.");
            invalid(message, None, Some("model_not_found"))
        }
        ApiError::TooLarge => {
            let message = format!("Request body of {} bytes is too large.", about.body_bytes);
            invalid(message, None, Some("request_too_large"))
        }
        ApiError::BrokenJson => invalid(BROKEN_JSON.to_owned(), None, None),
        ApiError::UnknownPath => {
            invalid(format!("Invalid URL ({} {})", about.method, about.path), None, Some("unknown_url"))
        }
        ApiError::WrongMethod => {
            let (method, path) = (&about.method, &about.path);
            let message = format!(
                "Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)"
            );
            invalid(message, None, Some("method_not_supported"))
        }
        ApiError::Status(status) => by_status(*status, about, ids),
    }
}

fn by_status(status: StatusCode, about: &Circumstances, ids: Ids) -> Words {
    let say = |message: String, kind, code| Words { message, kind, param: None, code };
    let request = ids.hex("req_", "request", 32);
    match status.as_u16() {
        403 => say(REGION.to_owned(), "request_forbidden", Some("unsupported_country_region_territory")),
        409 => say(
            "The request conflicts with another one. Please try again.".to_owned(),
            "conflict_error",
            None,
        ),
        429 => {
            let model = &about.model;
            let message = format!(
                "Rate limit reached for {model} in organization org-simulated on requests per min (RPM): Limit 500, \
                 Used 500, Requested 1. Please try again in 120ms. Visit \
                 https://platform.openai.com/account/rate-limits to learn more."
            );
            say(message, "requests", Some("rate_limit_exceeded"))
        }
        500 => {
            let message = format!(
                "The server had an error while processing your request. Sorry about that! You can retry your request, \
                 or contact us through our help center at help.openai.com if the error persists. (Please include the \
                 request ID {request} in your message.)"
            );
            say(message, "server_error", None)
        }
        503 => say(OVERLOADED.to_owned(), "service_unavailable_error", Some("server_is_overloaded")),
        code @ 500.. => say(format!("The server could not answer ({code})."), "server_error", None),
        code => say(format!("The request was refused ({code})."), "invalid_request_error", None),
    }
}

fn wrong_key(key: &str) -> String {
    format!(
        "Incorrect API key provided: {key}. You can find your API key at https://platform.openai.com/account/api-keys."
    )
}

/// A key as OpenAI quotes it: the first eight characters, stars, the last four.
fn masked(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    if chars.len() <= 12 {
        return "*".repeat(chars.len());
    }
    let (head, tail) = (&chars[..8], &chars[chars.len() - 4..]);
    head.iter()
        .copied()
        .chain(std::iter::repeat_n('*', chars.len() - 12))
        .chain(tail.iter().copied())
        .collect()
}

const MISSING_KEY: &str = "You didn't provide an API key. You need to provide your API key in an Authorization header \
    using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're \
    accessing the API from your browser and are prompted for a username and password. You can obtain an API key from \
    https://platform.openai.com/account/api-keys.";
const QUOTA: &str = "You exceeded your current quota, please check your plan and billing details. For more information \
    on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.";
const POLICY: &str = "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try \
    again with a different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting";
const BROKEN_JSON: &str = "We could not parse the JSON body of your request. (HINT: This likely means you aren't using \
    your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)";
const REGION: &str = "Country, region, or territory not supported";
const OVERLOADED: &str = "Our servers are currently overloaded. Please try again later.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_masked_unless_it_is_quoted() {
        let about = Circumstances { key: "sk-proj-0123456789abcd".to_owned(), ..Circumstances::default() };
        let said = |error| document(&error, &about, Ids::new(0, 0))["error"]["message"].to_string();
        assert!(said(ApiError::WrongKey).contains("sk-proj-**********abcd"));
        assert!(said(ApiError::QuotedKey).contains("sk-proj-0123456789abcd"));
    }
}
