//! Requests that are wrong or do not fit, and chains that fail as a whole: rows 12, 13 and 25.

use std::time::Duration;

use backstop_simulator::{ApiError, Fault, Script};

use crate::{
    case::Case,
    maker::Maker,
    row::{Extent, Row},
    verdict::Verdict,
};

/// Row 12.
#[must_use]
pub fn r12_context() -> Row {
    Row::new("12-context", "400: the prompt is too long; B's window is larger", "B's answer")
        .a(Script::always(Fault::error(ApiError::ContextLength)))
        .target("window: 200000")
        .target_b("window: 2000000")
        .check(|case, v| case.fell_over(v, "context_length", 1))
}

/// Row 12, and nobody can do better.
#[must_use]
pub fn r12_context_same_window() -> Row {
    Row::new("12-context-same", "400: the prompt is too long; B's window is no larger", "that 400")
        .a(Script::always(Fault::error(ApiError::ContextLength)))
        .target("window: 200000")
        .target_b("window: 200000")
        .check(|case, v| {
            case.failed(v, 400, "context_length_exceeded");
            case.calls(v, 1, 0);
        })
}

/// Row 13.
#[must_use]
pub fn r13_policy() -> Row {
    Row::new("13-policy", "400: content policy", "that error, with the provider's reason")
        .a(Script::always(Fault::error(ApiError::ContentPolicy)))
        .except(&[Maker::Gemini])
        .check(|case, v| {
            case.failed(v, 400, "content_policy_violation");
            case.calls(v, 1, 0);
            let said = case.seen.message().to_lowercase();
            v.that(
                ["policy", "policies", "usage", "safety", "content", "responsible ai"]
                    .iter()
                    .any(|word| said.contains(word)),
                || format!("the provider's reason is lost: {said}"),
            );
        })
}

/// Row 13, where the chain says so.
#[must_use]
pub fn r13_policy_next() -> Row {
    Row::new("13-policy-next", "400: content policy; `on_content_filter: next`", "B's answer")
        .a(Script::always(Fault::error(ApiError::ContentPolicy)))
        .except(&[Maker::Gemini])
        .chain("on_content_filter: next")
        .check(|case, v| case.fell_over(v, "content_filter", 1))
}

/// The caller's own mistake is nobody else's business.
#[must_use]
pub fn r13_invalid() -> Row {
    Row::new("13-invalid", "400: the request is wrong in itself", "that 400, at once")
        .a(Script::always(Fault::status(400)))
        .check(|case, v| {
            case.failed(v, 400, "invalid_request");
            case.calls(v, 1, 0);
        })
}

/// Row 25: the limit is more actionable than the overload.
#[must_use]
pub fn r25_limit() -> Row {
    Row::new("25-503-429", "503 always; B: 429 with `Retry-After: 7`", "429 with `Retry-After: 7`")
        .a(Script::always(Fault::status(503)))
        .b(Script::always(limited(7)))
        .check(|case, v| {
            case.failed(v, 429, "rate_limit_exceeded");
            case.calls(v, 2, 1);
            v.equal("retry-after", case.seen.header("retry-after"), "7");
            trail(case, v, &["overloaded", "overloaded", "rate_limited"]);
        })
}

/// Row 25: the earliest time at which anybody may answer.
#[must_use]
pub fn r25_earliest() -> Row {
    Row::new(
        "25-429-429",
        "429 with `Retry-After: 30`; B: 429 with `Retry-After: 8`",
        "429 with `Retry-After: 8`",
    )
    .a(Script::always(limited(30)))
    .b(Script::always(limited(8)))
    .check(|case, v| {
        case.failed(v, 429, "rate_limit_exceeded");
        case.calls(v, 1, 1);
        v.equal("retry-after", case.seen.header("retry-after"), "8");
        trail(case, v, &["rate_limited", "rate_limited"]);
    })
}

/// Row 25: the overload is more actionable than the breakdown.
#[must_use]
pub fn r25_overload() -> Row {
    Row::new("25-500-503", "500 always; B: 503 always", "503")
        .a(Script::always(Fault::status(500)))
        .b(Script::always(Fault::status(503)))
        .check(|case, v| {
            case.failed(v, 503, "provider_overloaded");
            case.calls(v, 2, 2);
            trail(case, v, &["server", "server", "overloaded", "overloaded"]);
        })
}

/// Row 25: one deadline for all of it.
#[must_use]
pub fn r25_deadline() -> Row {
    Row::new(
        "25-deadline",
        "never answers, and B neither; a short `deadline`",
        "504, when the deadline is over",
    )
    .a(Script::always(Fault::no_answer()))
    .b(Script::always(Fault::no_answer()))
    .chain("deadline: {clock}")
    .extent(Extent::Short)
    .check(|case, v| {
        case.failed(v, 504, "timeout");
        v.that(case.a.len() == 1 && case.b.len() <= 1, || {
            format!("{} and {} calls", case.a.len(), case.b.len())
        });
        case.timed(v, 0.7);
    })
}

fn limited(seconds: u64) -> backstop_simulator::Behaviour {
    [Fault::status(429), Fault::retry_after(Duration::from_secs(seconds))].into()
}

/// The error tells what was tried, step by step.
fn trail(case: &Case, v: &mut Verdict, outcomes: &[&str]) {
    let attempts = case.seen.attempts();
    let told: Vec<_> = attempts.iter().map(|(_, outcome)| outcome.as_str()).collect();
    v.equal("the trail", told, outcomes);
    let places: Vec<_> = attempts.iter().map(|(target, _)| usize::from(*target == case.targets[1])).collect();
    v.that(places.is_sorted(), || format!("the trail is {attempts:?}"));
}
