//! The headers of Anthropic's answers (<https://platform.claude.com/docs/en/api/rate-limits>, section on headers).

use http::HeaderMap;

use crate::{
    clock::rfc3339,
    dialect::{Head, set},
    ids::Ids,
};

pub(super) fn request_id(ids: Ids) -> String {
    ids.letters("req_011", "request", 21)
}

pub(super) fn set_all(headers: &mut HeaderMap, head: &Head) {
    set(headers, "request-id", &request_id(head.ids));
    set(headers, "anthropic-organization-id", "00000000-0000-4000-8000-000000000000");
    let soon = rfc3339(head.unix);
    let reset = rfc3339(head.unix + head.reset.as_secs_f64().ceil() as u64);
    set(headers, "anthropic-ratelimit-requests-limit", &head.limit.to_string());
    set(headers, "anthropic-ratelimit-requests-remaining", &head.remaining.to_string());
    set(headers, "anthropic-ratelimit-requests-reset", &reset);
    for (limit, remaining, when, total, used) in [
        (
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-reset",
            INPUT + OUTPUT,
            head.prompt_tokens,
        ),
        (
            "anthropic-ratelimit-input-tokens-limit",
            "anthropic-ratelimit-input-tokens-remaining",
            "anthropic-ratelimit-input-tokens-reset",
            INPUT,
            head.prompt_tokens,
        ),
        (
            "anthropic-ratelimit-output-tokens-limit",
            "anthropic-ratelimit-output-tokens-remaining",
            "anthropic-ratelimit-output-tokens-reset",
            OUTPUT,
            0,
        ),
    ] {
        set(headers, limit, &total.to_string());
        // As documented, rounded to the nearest thousand.
        set(headers, remaining, &(total.saturating_sub(used) / 1000 * 1000).to_string());
        set(headers, when, &soon);
    }
    if let Some(error) = &head.error {
        let status = error.status().as_u16();
        let again = matches!(status, 408 | 409 | 429 | 500..);
        set(headers, "x-should-retry", if again { "true" } else { "false" });
    }
}

/// The tokens a minute of a large account.
const INPUT: u64 = 10_000_000;
const OUTPUT: u64 = 2_000_000;
