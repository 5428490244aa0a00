//! What providers' errors mean: the words by which they are told apart, for all dialects.
//!
//! The words come from the providers' documentation and from recorded traffic. Codes and types are compared whole,
//! messages by what they contain, everything in lower case. Words win over statuses: a 400 may be a bad key, a 403 a
//! content policy, a 429 an empty account.

use backstop_core::{Class, Clock, Kind, Scope};
use http::StatusCode;

/// What a provider's error says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signs<'a> {
    /// The HTTP status; `None` for an error inside a 200.
    pub(crate) status: Option<StatusCode>,
    /// The words that stand for a type, code, status or reason, whatever their field's name; empty ones are passed over.
    pub(crate) codes: &'a [&'a str],
    /// The sentence.
    pub(crate) message: &'a str,
}

/// The kind of failure that `signs` tell, and what it is about where that is not what the failure table says.
pub(crate) fn read(signs: &Signs<'_>) -> (Kind, Option<Scope>) {
    let codes: Vec<String> = signs.codes.iter().map(|code| code.to_ascii_lowercase()).collect();
    let message = signs.message.to_ascii_lowercase();
    let has_code = |code: &str| codes.iter().any(|known| known == code);
    let status = signs.status.or_else(|| {
        // Compatible servers write the status as the code of an error inside a 200.
        let numbers = codes.iter().filter_map(|code| code.parse::<u16>().ok());
        let mut statuses = numbers.filter_map(|number| StatusCode::from_u16(number).ok());
        statuses.find(|status| status.is_client_error() || status.is_server_error())
    });
    if let Some(status) = status
        && status.is_server_error()
    {
        let overloaded = CODES.iter().any(|(code, kind)| *kind == Kind::Overloaded && has_code(code));
        return (if overloaded { Kind::Overloaded } else { of_status(status) }, None);
    }
    // DashScope's word for a used-up account means a per-minute throttle there.
    let throttle = has_code("insufficient_quota")
        && ["aliyun", "alibabacloud", "token-limit"].iter().any(|sign| message.contains(sign));
    if throttle {
        return (Kind::RateLimited, None);
    }
    if status == Some(StatusCode::TOO_MANY_REQUESTS) {
        // Google says "check your plan and billing" of limits a minute as well; what is used up says which limit it is.
        let google = has_code("resource_exhausted");
        let money = CODES.iter().any(|(code, kind)| *kind == Kind::QuotaExhausted && has_code(code))
            || (google && (message.contains("perday") || message.contains("limit: 0,")))
            || (!google
                && MESSAGES
                    .iter()
                    .any(|(part, kind)| *kind == Kind::QuotaExhausted && message.contains(part)));
        return (if money { Kind::QuotaExhausted } else { Kind::RateLimited }, None);
    }
    if let Some((_, kind, scope)) = SCOPED.iter().find(|(code, ..)| has_code(code)) {
        return (*kind, Some(*scope));
    }
    if let Some((_, kind)) = CODES.iter().find(|(code, _)| has_code(code)) {
        return (*kind, None);
    }
    if let Some((_, kind)) = MESSAGES.iter().find(|(part, _)| message.contains(part)) {
        return (*kind, None);
    }
    if GEMINI_WINDOW.iter().all(|part| message.contains(part))
        || CEREBRAS_WINDOW.iter().all(|part| message.contains(part))
    {
        return (Kind::ContextLength, None);
    }
    let general = || GENERAL.iter().find(|(code, _)| has_code(code)).map(|(_, kind)| *kind);
    // Some servers send every error as a 400.
    let kind = match status {
        None => general().unwrap_or(Kind::Server),
        Some(StatusCode::BAD_REQUEST) => general().unwrap_or(Kind::InvalidRequest),
        Some(status) => of_status(status),
    };
    (kind, None)
}

fn of_status(status: StatusCode) -> Kind {
    // A status that is no error at all, but came with an error: the provider contradicts itself.
    Class::of_status(status).map_or(Kind::Malformed, |class| class.kind)
}

/// Codes whose failure is about something else than the table says.
const SCOPED: &[(&str, Kind, Scope)] = &[
    // Groq: the model called a tool wrongly. One more try may do better; the model is not to blame for good.
    ("tool_use_failed", Kind::Malformed, Scope::Request),
    // Qwen: the key is good, but not for this model.
    ("access_denied", Kind::Unauthorized, Scope::KeyModel),
    ("model.accessdenied", Kind::Unauthorized, Scope::KeyModel),
];

/// Codes and types that say it all.
const CODES: &[(&str, Kind)] = &[
    ("context_length_exceeded", Kind::ContextLength),
    ("token_limit_exceeded", Kind::ContextLength),
    ("max_tokens_exceeded", Kind::ContextLength),
    ("too_many_prompt_tokens", Kind::ContextLength),
    ("exceed_context_size_error", Kind::ContextLength),
    ("content_filter", Kind::ContentFilter),
    ("responsibleaipolicyviolation", Kind::ContentFilter),
    ("content_policy_violation", Kind::ContentFilter),
    ("image_content_policy_violation", Kind::ContentFilter),
    ("bio_policy", Kind::ContentFilter),
    ("invalid_prompt", Kind::ContentFilter),
    ("data_inspection_failed", Kind::ContentFilter),
    ("datainspectionfailed", Kind::ContentFilter),
    ("flagged_input", Kind::ContentFilter),
    ("refusal", Kind::ContentFilter),
    ("1301", Kind::ContentFilter),
    ("insufficient_quota", Kind::QuotaExhausted),
    ("credit_balance_exhausted", Kind::QuotaExhausted),
    ("organization_spend_limit_exceeded", Kind::QuotaExhausted),
    ("project_spend_limit_exceeded", Kind::QuotaExhausted),
    ("organization_usage_limit_exceeded", Kind::QuotaExhausted),
    ("enforced_spend_limit_reached", Kind::QuotaExhausted),
    ("billing_hard_limit_reached", Kind::QuotaExhausted),
    ("billing_error", Kind::QuotaExhausted),
    ("payment_required", Kind::QuotaExhausted),
    ("arrearage", Kind::QuotaExhausted),
    ("rate_limit_exceeded", Kind::RateLimited),
    ("rate_limit_error", Kind::RateLimited),
    ("ratelimitreached", Kind::RateLimited),
    ("slow_down", Kind::RateLimited),
    ("limit_requests", Kind::RateLimited),
    ("resource_exhausted", Kind::RateLimited),
    ("server_is_overloaded", Kind::Overloaded),
    ("overloaded_error", Kind::Overloaded),
    ("engine_overloaded", Kind::Overloaded),
    ("provider_overloaded", Kind::Overloaded),
    ("capacity_exceeded", Kind::Overloaded),
    ("insufficient_system_resource", Kind::Overloaded),
    ("invalid_api_key", Kind::Unauthorized),
    ("api_key_invalid", Kind::Unauthorized),
    ("authentication_error", Kind::Unauthorized),
    ("authentication", Kind::Unauthorized),
    ("permission_error", Kind::Unauthorized),
    ("permission_denied", Kind::Unauthorized),
    ("unauthenticated", Kind::Unauthorized),
    ("failed_precondition", Kind::Unauthorized),
    ("unsupported_country_region_territory", Kind::Unauthorized),
    ("model_not_found", Kind::ModelNotFound),
    ("modelnotfound", Kind::ModelNotFound),
    ("model_not_available", Kind::ModelNotFound),
    ("model_decommissioned", Kind::ModelNotFound),
    ("model_deprecated", Kind::ModelNotFound),
    ("deploymentnotfound", Kind::ModelNotFound),
    ("invalid_model", Kind::ModelNotFound),
    ("1500", Kind::ModelNotFound),
    ("request_too_large", Kind::TooLarge),
    ("payload_too_large", Kind::TooLarge),
    ("unsupported_parameter", Kind::Unsupported),
    ("unsupported_value", Kind::Unsupported),
    ("unknown_parameter", Kind::Unsupported),
    ("extra_forbidden", Kind::Unsupported),
    ("unsupported_image_format", Kind::Unsupported),
    ("unsupported_image_media_type", Kind::Unsupported),
    ("3051", Kind::Unsupported),
];

/// Parts of sentences, where no code says it.
const MESSAGES: &[(&str, Kind)] = &[
    ("maximum context length", Kind::ContextLength),
    ("max context length", Kind::ContextLength),
    ("exceeds the context window", Kind::ContextLength),
    ("exceed context limit", Kind::ContextLength),
    ("prompt is too long", Kind::ContextLength),
    ("input is too long", Kind::ContextLength),
    ("too many input tokens", Kind::ContextLength),
    ("input tokens exceeded", Kind::ContextLength),
    ("too many tokens: size limit exceeded", Kind::ContextLength),
    ("range of input length should be", Kind::ContextLength),
    ("exceeds the available context size", Kind::ContextLength),
    ("is longer than the model's context length", Kind::ContextLength),
    ("`inputs` tokens + `max_new_tokens` must be", Kind::ContextLength),
    ("token limit reached", Kind::ContextLength),
    // DeepSeek has no codes for these, and a 400 for both.
    ("model not exist", Kind::ModelNotFound),
    ("content exists risk", Kind::ContentFilter),
    ("content management policy", Kind::ContentFilter),
    ("violating our usage policy", Kind::ContentFilter),
    ("our safety system", Kind::ContentFilter),
    ("content filtering policy", Kind::ContentFilter),
    ("flagged for moderation", Kind::ContentFilter),
    // Google's, where it refuses a prompt and does not only say that it is blocked.
    ("responsible ai practices", Kind::ContentFilter),
    ("payload size exceeds the limit", Kind::TooLarge),
    ("requires moderation", Kind::ContentFilter),
    ("exceeded your current quota, please check your plan and billing", Kind::QuotaExhausted),
    ("reached your specified api usage limits", Kind::QuotaExhausted),
    ("credit balance is too low", Kind::QuotaExhausted),
    ("insufficient balance", Kind::QuotaExhausted),
    ("insufficient credits", Kind::QuotaExhausted),
    ("perday", Kind::QuotaExhausted),
    ("incorrect api key", Kind::Unauthorized),
    ("invalid api key", Kind::Unauthorized),
    ("api key not valid", Kind::Unauthorized),
    ("is not a valid model id", Kind::ModelNotFound),
    ("no endpoints found for", Kind::ModelNotFound),
    ("has been decommissioned", Kind::ModelNotFound),
    ("is not supported on this model", Kind::Unsupported),
    ("is not supported with this model", Kind::Unsupported),
    ("is not supported by this model", Kind::Unsupported),
    ("is not supported for this model", Kind::Unsupported),
    ("not supported when using", Kind::Unsupported),
    ("does not support", Kind::Unsupported),
    // Google, of penalties, log probabilities and thoughts; of a form beside tools.
    ("is not enabled for", Kind::Unsupported),
    ("with a response mime type", Kind::Unsupported),
    // Anthropic, of sampling parameters; OpenAI, of tools beside reasoning; both, of longer answers than the model gives.
    ("is deprecated for this model", Kind::Unsupported),
    ("cannot both be specified for this model", Kind::Unsupported),
    ("to use function tools, use /v1/responses", Kind::Unsupported),
    ("is the maximum allowed number of output tokens", Kind::Unsupported),
    ("this model supports at most", Kind::Unsupported),
    ("only support stream mode", Kind::Unsupported),
    ("must be set to false for non-streaming", Kind::Unsupported),
    // DeepSeek's word for parts that are not text.
    ("unknown variant `image_url`", Kind::Unsupported),
    ("unknown variant `input_audio`", Kind::Unsupported),
    ("unknown variant `file`", Kind::Unsupported),
];

/// "The input token count (N) exceeds the maximum number of tokens allowed (M)."
const GEMINI_WINDOW: [&str; 2] = ["input token count", "exceeds the maximum number of tokens allowed"];
/// "Current length is N while limit is M".
const CEREBRAS_WINDOW: [&str; 2] = ["current length is", "while limit is"];

/// Words that a status says better, for errors without one.
const GENERAL: &[(&str, Kind)] = &[
    ("not_found_error", Kind::ModelNotFound),
    ("not_found", Kind::ModelNotFound),
    ("invalid_request_error", Kind::InvalidRequest),
    ("invalid_request", Kind::InvalidRequest),
    ("invalid_argument", Kind::InvalidRequest),
    ("badrequesterror", Kind::InvalidRequest),
    ("unprocessable", Kind::InvalidRequest),
    ("timeout_error", Kind::Timeout(Clock::FirstByte)),
    ("timeout", Kind::Timeout(Clock::FirstByte)),
    ("api_error", Kind::Server),
    ("server_error", Kind::Server),
    ("internal", Kind::Server),
    ("internal_error", Kind::Server),
    ("internal_server_error", Kind::Server),
    ("provider_unavailable", Kind::Server),
    ("server", Kind::Server),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, codes: &[&str], message: &str) -> Kind {
        read(&Signs { status: StatusCode::from_u16(status).ok(), codes, message }).0
    }

    #[test]
    fn words_win_over_statuses() {
        for (status, codes, message, expected) in [
            (400, &["invalid_request_error"][..], "Missing field", Kind::InvalidRequest),
            (400, &["invalid_request_error", "context_length_exceeded"], "", Kind::ContextLength),
            (
                400,
                &["invalid_request_error"],
                "prompt is too long: 9 tokens > 8 maximum",
                Kind::ContextLength,
            ),
            (400, &["INVALID_ARGUMENT", "API_KEY_INVALID"], "API key not valid.", Kind::Unauthorized),
            (
                400,
                &["INVALID_ARGUMENT"],
                "The input token count (9) exceeds the maximum number of tokens allowed (8).",
                Kind::ContextLength,
            ),
            (400, &["exceed_context_size_error", "400"], "", Kind::ContextLength),
            (
                400,
                &["invalid_request_error"],
                "unknown variant `image_url`, expected `text`",
                Kind::Unsupported,
            ),
            (400, &["Arrearage"], "", Kind::QuotaExhausted),
            (400, &["invalid_request_error"], "Your credit balance is too low", Kind::QuotaExhausted),
            (
                400,
                &["invalid_request_error"],
                "Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
                Kind::Unsupported,
            ),
            (
                400,
                &["invalid_request_error"],
                "`temperature` is deprecated for this model.",
                Kind::Unsupported,
            ),
            (400, &["400"], "x/y is not a valid model ID", Kind::ModelNotFound),
            (400, &["content_filter"], "", Kind::ContentFilter),
            (403, &["403"], "Input was flagged for moderation", Kind::ContentFilter),
            (403, &[], "Forbidden", Kind::Unauthorized),
            (404, &["invalid_request_error", "DeploymentNotFound"], "", Kind::ModelNotFound),
            (422, &["extra_forbidden"], "Extra inputs are not permitted", Kind::Unsupported),
            (429, &["rate_limit_exceeded"], "", Kind::RateLimited),
            (400, &["invalid_request_error"], "Model Not Exist", Kind::ModelNotFound),
            (400, &["invalid_request_error"], "Content Exists Risk", Kind::ContentFilter),
            (402, &["unknown_error", "invalid_request_error"], "Insufficient Balance", Kind::QuotaExhausted),
            (429, &["insufficient_quota"], "You exceeded your current quota", Kind::QuotaExhausted),
            (
                429,
                &["insufficient_quota"],
                "see https://help.aliyun.com/error-code#token-limit",
                Kind::RateLimited,
            ),
            (429, &[], "Too many tokens, please wait", Kind::RateLimited),
            (500, &["server_error"], "maximum context length", Kind::Server),
            (500, &["overloaded_error"], "", Kind::Overloaded),
            (503, &["server_is_overloaded"], "", Kind::Overloaded),
            (529, &["overloaded_error"], "", Kind::Overloaded),
            (498, &["capacity_exceeded"], "", Kind::Overloaded),
            (408, &[], "", Kind::Timeout(Clock::FirstByte)),
            (413, &[], "", Kind::TooLarge),
            (200, &["overloaded_error"], "", Kind::Overloaded),
        ] {
            assert_eq!(kind(status, codes, message), expected, "{status} {codes:?} {message}");
        }
    }

    #[test]
    fn without_a_status_a_numeric_code_stands_for_it() {
        let read = |codes: &[&str], message| read(&Signs { status: None, codes, message });
        assert_eq!(read(&["502"], "upstream").0, Kind::Server);
        assert_eq!(read(&["429"], "slow").0, Kind::RateLimited);
        assert_eq!(read(&["overloaded_error"], "").0, Kind::Overloaded);
        assert_eq!(read(&["not_found_error"], "").0, Kind::ModelNotFound);
        assert_eq!(read(&[], "what?").0, Kind::Server);
        assert_eq!(read(&["tool_use_failed", "400"], ""), (Kind::Malformed, Some(Scope::Request)));
        assert_eq!(read(&["access_denied", "403"], ""), (Kind::Unauthorized, Some(Scope::KeyModel)));
    }
}
