//! The headers of OpenAI's answers (<https://platform.openai.com/docs/api-reference/debugging-requests>).

use http::HeaderMap;

use crate::{
    clock::short,
    dialect::{Head, set},
};

pub(super) fn set_all(headers: &mut HeaderMap, head: &Head) {
    set(headers, "x-request-id", &head.ids.hex("req_", "request", 32));
    set(headers, "openai-processing-ms", &(head.ids.number("processing") % 900 + 100).to_string());
    set(headers, "openai-version", "2020-10-01");
    set(headers, "openai-organization", "org-simulated");
    set(headers, "x-ratelimit-limit-requests", &head.limit.to_string());
    set(headers, "x-ratelimit-remaining-requests", &head.remaining.to_string());
    set(headers, "x-ratelimit-reset-requests", &short(head.reset));
    set(headers, "x-ratelimit-limit-tokens", &TOKENS.to_string());
    set(headers, "x-ratelimit-remaining-tokens", &TOKENS.saturating_sub(head.prompt_tokens).to_string());
    set(headers, "x-ratelimit-reset-tokens", "2ms");
}

/// The tokens a minute of a large account.
const TOKENS: u64 = 30_000_000;
