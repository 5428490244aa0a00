//! Limits and credentials: rows 1, 2 and 21.

use std::time::Duration;

use backstop_simulator::{Answer, ApiError, Fault, Script};

use crate::{
    case::Case,
    maker::Maker,
    row::{A_TEXT, Row, alpha},
    verdict::Verdict,
};

/// Row 1: a rate limit that says when.
#[must_use]
pub fn r01_retry_after() -> Row {
    Row::new("01-retry-after", "429 with `Retry-After: 2`, once", "A's answer, after two seconds")
        .a(once([Fault::status(429), Fault::retry_after(Duration::from_secs(2))]))
        .check(|case, v| waited(case, v, 1800))
}

/// Row 1, as OpenAI's SDKs read it.
#[must_use]
pub fn r01_retry_after_ms() -> Row {
    Row::new("01-retry-after-ms", "429 with `retry-after-ms: 1200`, once", "A's answer, after 1.2 s")
        .a(once([Fault::status(429), Fault::retry_after_ms(Duration::from_millis(1200))]))
        .check(|case, v| waited(case, v, 1200))
}

/// Row 1, with the limit's own headers alone.
#[must_use]
pub fn r01_reset_header() -> Row {
    Row::new("01-reset-header", "429 that only says when the limit resets, once", "A's answer, then")
        .a(once([Fault::status(429), Fault::exhausted(Duration::from_secs(2))]))
        .check(|case, v| match case.variant.a {
            // Google has no such header: there the limit says nothing.
            Maker::Gemini => case.fell_over(v, "rate_limited", 1),
            // Anthropic writes the time of day, in whole seconds.
            _ => waited(case, v, 900),
        })
}

/// Row 1, too long to wait for.
#[must_use]
pub fn r01_retry_after_a_minute() -> Row {
    Row::new("01-retry-after-60", "429 with `Retry-After: 60`", "B's answer at once")
        .a(Script::always(alpha([Fault::status(429), Fault::retry_after(Duration::from_secs(60))])))
        .check(|case, v| {
            case.fell_over(v, "rate_limited", 1);
            v.that(case.took < Duration::from_secs(30), || format!("it took {:?}", case.took));
        })
}

/// Row 2: a rate limit that says nothing.
#[must_use]
pub fn r02_rate_limited() -> Row {
    Row::new("02-rate-limited", "429 always, no header", "B's answer")
        .a(Script::always(Fault::status(429)))
        .check(|case, v| case.fell_over(v, "rate_limited", 1))
}

/// Row 21: a key that is not accepted.
#[must_use]
pub fn r21_unauthorized() -> Row {
    Row::new("21-401", "401", "B's answer")
        .a(Script::always(Fault::status(401)))
        .check(|case, v| case.fell_over(v, "unauthorized", 1))
}

/// Row 21: a key that may not.
#[must_use]
pub fn r21_forbidden() -> Row {
    Row::new("21-403", "403", "B's answer")
        .a(Script::always(Fault::status(403)))
        .check(|case, v| case.fell_over(v, "unauthorized", 1))
}

/// Row 21: no money.
#[must_use]
pub fn r21_payment() -> Row {
    Row::new("21-402", "402", "B's answer")
        .a(Script::always(Fault::status(402)))
        .except(&[Maker::Gemini])
        .check(|case, v| case.fell_over(v, "quota_exhausted", 1))
}

/// Row 21: no money, in the guise of a rate limit.
#[must_use]
pub fn r21_quota() -> Row {
    Row::new("21-quota", "429 that means \"no money\"", "B's answer")
        .a(Script::always(Fault::error(ApiError::Quota)))
        // These words mean a limit by the minute at Qwen (Alibaba Cloud Model Studio, "Error messages").
        .except(&[Maker::Qwen])
        .check(|case, v| case.fell_over(v, "quota_exhausted", 1))
}

/// Row 21: no such model.
#[must_use]
pub fn r21_model() -> Row {
    Row::new("21-404", "404: no such model", "B's answer")
        .a(Script::always(Fault::status(404)))
        .check(|case, v| case.fell_over(v, "model_not_found", 1))
}

/// Row 21, without a second target: the caller's own key is not what is wrong.
#[must_use]
pub fn r21_unauthorized_alone() -> Row {
    Row::new("21-401-alone", "401 that quotes our key; there is no B", "502, and not a word of the key")
        .a(Script::always(Fault::error(ApiError::QuotedKey)))
        .alone()
        .check(|case, v| {
            case.failed(v, 502, "provider_authentication");
            case.calls(v, 1, 0);
        })
}

/// Row 21, without a second target.
#[must_use]
pub fn r21_payment_alone() -> Row {
    Row::new("21-402-alone", "402; there is no B", "503")
        .a(Script::always(Fault::status(402)))
        .except(&[Maker::Gemini])
        .alone()
        .check(|case, v| {
            case.failed(v, 503, "payment_required");
            case.calls(v, 1, 0);
        })
}

/// Row 21, without a second target.
#[must_use]
pub fn r21_model_alone() -> Row {
    Row::new("21-404-alone", "404: no such model; there is no B", "502")
        .a(Script::always(Fault::status(404)))
        .alone()
        .check(|case, v| {
            case.failed(v, 502, "not_found");
            case.calls(v, 1, 0);
        })
}

fn once<const N: usize>(faults: [Fault; N]) -> Script {
    Script::new([alpha(faults)]).then_always(Answer::text(A_TEXT))
}

/// A is asked twice, the second time after so many milliseconds.
fn waited(case: &Case, v: &mut Verdict, milliseconds: u64) {
    case.stayed(v, A_TEXT, 2);
    if let [first, second] = &*case.a {
        let between = second.at.saturating_duration_since(first.at);
        v.that(between >= Duration::from_millis(milliseconds), || format!("A again after {between:?}"));
    }
}
