//! Providers that are down or do not answer: rows 3 to 7, 16 and 27.

use std::time::Duration;

use backstop_simulator::{Answer, Fault, Script};

use crate::{
    case::Case,
    row::{A_TEXT, At, Row, alpha},
    verdict::Verdict,
};

/// Row 3.
#[must_use]
pub fn r03_server_once() -> Row {
    Row::new("03-500-once", "500, once", "A's answer")
        .a(Script::new([Fault::status(500)]).then_always(Answer::text(A_TEXT)))
        .check(|case, v| case.stayed(v, A_TEXT, 2))
}

/// Row 3, from an edge in front of the provider, which speaks no dialect.
#[must_use]
pub fn r03_edge_once() -> Row {
    Row::new("03-502-once", "502, once", "A's answer")
        .a(Script::new([Fault::status(502)]).then_always(Answer::text(A_TEXT)))
        .check(|case, v| case.stayed(v, A_TEXT, 2))
}

/// Row 4.
#[must_use]
pub fn r04_unavailable() -> Row {
    Row::new("04-503", "503 always", "B's answer")
        .a(Script::always(Fault::status(503)))
        .check(|case, v| case.fell_over(v, "overloaded", 2))
}

/// Row 5.
#[must_use]
pub fn r05_reset_once() -> Row {
    Row::new("05-reset-once", "resets the connection before the head, once", "A's answer")
        .a(Script::new([Fault::reset()]).then_always(Answer::text(A_TEXT)))
        .check(|case, v| case.stayed(v, A_TEXT, 2))
}

/// Row 5, without end.
#[must_use]
pub fn r05_reset() -> Row {
    Row::new("05-reset", "resets every connection before the head", "B's answer")
        .a(Script::always(Fault::reset()))
        .check(|case, v| case.fell_over(v, "transport", 2))
}

/// Row 6.
#[must_use]
pub fn r06_no_answer() -> Row {
    Row::new("06-no-answer", "accepts and never answers", "B's answer, after one timeout")
        .a(Script::always(Fault::no_answer()))
        .target("timeouts: { first_byte: {clock}, total: {clock} }")
        .check(|case, v| {
            timed_out(case, v, if case.is_streamed() { "timeout_first_byte" } else { "timeout_total" });
        })
}

/// Row 7.
#[must_use]
pub fn r07_late_token() -> Row {
    Row::new("07-late-token", "the head at once, the first token after 20 s", "B's answer in less than 15 s")
        .a(Script::always(alpha([Fault::first_token_after(Duration::from_secs(20))])))
        .target("timeouts: { first_token: {clock}, total: {clock} }")
        .check(|case, v| {
            timed_out(case, v, if case.is_streamed() { "timeout_first_token" } else { "timeout_total" });
        })
}

/// Row 16: as Anthropic says it.
#[must_use]
pub fn r16_overloaded() -> Row {
    Row::new("16-529", "529 always", "B's answer, naming B's model and B's usage alone")
        .a(Script::always(Fault::status(529)))
        .check(|case, v| case.fell_over(v, "overloaded", 2))
}

/// Row 27.
#[must_use]
pub fn r27_refused() -> Row {
    Row::new("27-refused", "refuses the connection", "B's answer")
        .at(At::Closed)
        .check(|case, v| case.fell_over(v, "transport", 0))
}

/// Row 27.
#[must_use]
pub fn r27_tls() -> Row {
    Row::new("27-tls", "fails the TLS handshake", "B's answer")
        .at(At::NoTls)
        .check(|case, v| case.fell_over(v, "transport", 0))
}

/// Row 27.
#[must_use]
pub fn r27_tls_alert() -> Row {
    Row::new("27-tls-alert", "refuses the TLS handshake with an alert", "B's answer")
        .at(At::TlsAlert)
        .check(|case, v| case.fell_over(v, "transport", 0))
}

/// Row 27.
#[must_use]
pub fn r27_name() -> Row {
    Row::new("27-name", "has a name that nobody knows", "B's answer").at(At::NoName).check(|case, v| {
        // How long a resolver takes to say so is its own affair; the connect timeout bounds it.
        let reason = case.seen.header("x-backstop-fallback-reason");
        let known = if reason == "timeout_connect" { "timeout_connect" } else { "transport" };
        case.fell_over(v, known, 0);
    })
}

/// B's answer, after one timeout at A, which is not asked again.
fn timed_out(case: &Case, v: &mut Verdict, reason: &str) {
    case.fell_over(v, reason, 1);
    case.timed(v, 1.0);
}
