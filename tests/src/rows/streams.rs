//! Answers that die or fall silent on their way: rows 8 to 11, 14, 18, 19 and 24.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Death, Fault, Script};

use crate::row::{A_TEXT, Row, STREAMED, alpha};

/// Row 8, with an end that HTTP finds good.
#[must_use]
pub fn r08_clean_end() -> Row {
    Row::new("08-clean-end", "ends in order after 40 of 60 tokens", "an error event; a whole answer: B's")
        .a(Script::always(sixty(Fault::dies(40, Death::CleanEnd))))
        .check(|case, v| {
            if case.is_streamed() {
                case.broke_off(v, &all(60), all(40).len(), "provider_malformed");
                case.calls(v, 1, 0);
            } else {
                case.fell_over(v, "malformed", 2);
            }
        })
}

/// Row 8, with a connection that closes.
#[must_use]
pub fn r08_closed() -> Row {
    Row::new("08-closed", "hangs up after 40 of 60 tokens", "an error event; a whole answer: B's")
        .a(Script::always(sixty(Fault::dies(40, Death::Closed))))
        .check(|case, v| {
            if case.is_streamed() {
                case.broke_off(v, &all(60), all(40).len(), "provider_unavailable");
                case.calls(v, 1, 0);
            } else {
                case.fell_over(v, "transport", 2);
            }
        })
}

/// Row 8, with a reset.
#[must_use]
pub fn r08_reset() -> Row {
    Row::new("08-reset", "resets the connection after 40 of 60 tokens", "an error event; a whole answer: B's")
        .a(Script::always(sixty(Fault::dies(40, Death::Reset))))
        .check(|case, v| {
            if case.is_streamed() {
                // A reset may overtake what was sent before it.
                case.broke_off(v, &all(60), 1, "provider_unavailable");
                case.calls(v, 1, 0);
            } else {
                case.fell_over(v, "transport", 2);
            }
        })
}

/// Row 8, buffered.
#[must_use]
pub fn r08_clean_end_buffered() -> Row {
    Row::new("08-clean-end-buffer", "ends in order after 40 of 60 tokens; `mid_stream: buffer`", "B's answer")
        .a(Script::always(sixty(Fault::dies(40, Death::CleanEnd))))
        .chain("mid_stream: buffer")
        .check(|case, v| case.fell_over(v, "malformed", 2))
}

/// Row 8, buffered.
#[must_use]
pub fn r08_closed_buffered() -> Row {
    Row::new("08-closed-buffer", "hangs up after 40 of 60 tokens; `mid_stream: buffer`", "B's answer")
        .a(Script::always(sixty(Fault::dies(40, Death::Closed))))
        .chain("mid_stream: buffer")
        .check(|case, v| case.fell_over(v, "transport", 2))
}

/// Row 8, before the first token: nothing was committed.
#[must_use]
pub fn r08_before_a_token() -> Row {
    Row::new("08-no-token", "hangs up before the first token", "B's answer")
        .a(Script::always(sixty(Fault::dies(0, Death::Closed))))
        .ways(STREAMED)
        .check(|case, v| case.fell_over(v, "transport", 2))
}

/// Row 9.
#[must_use]
pub fn r09_silent() -> Row {
    Row::new("09-silent", "goes silent after 20 tokens", "an error event; a whole answer: B's")
        .a(Script::always(sixty(Fault::silent(20))))
        .target("timeouts: { silent: {clock}, total: {clock} }")
        .check(|case, v| {
            if case.is_streamed() {
                case.broke_off(v, &all(60), all(20).len(), "timeout");
                case.calls(v, 1, 0);
            } else {
                case.fell_over(v, "timeout_total", 1);
            }
            case.timed(v, 1.0);
        })
}

/// Row 9, buffered.
#[must_use]
pub fn r09_silent_buffered() -> Row {
    Row::new("09-silent-buffer", "goes silent after 20 tokens; `mid_stream: buffer`", "B's answer")
        .a(Script::always(sixty(Fault::silent(20))))
        .target("timeouts: { silent: {clock}, total: {clock} }")
        .chain("mid_stream: buffer")
        .check(|case, v| {
            case.fell_over(v, if case.is_streamed() { "timeout_silent" } else { "timeout_total" }, 1);
            case.timed(v, 1.0);
        })
}

/// Row 10, after the first token.
#[must_use]
pub fn r10_broken_event() -> Row {
    Row::new("10-broken-event", "one event in the middle is broken JSON", "an error event")
        .a(Script::always(sixty(Fault::break_event(5))))
        .ways(STREAMED)
        .check(|case, v| {
            case.broke_off(v, &all(60), all(5).len(), "provider_malformed");
            v.that(case.seen.text == all(5), || "something garbled leaks".to_owned());
            case.calls(v, 1, 0);
        })
}

/// Row 10, buffered.
#[must_use]
pub fn r10_broken_event_buffered() -> Row {
    Row::new("10-broken-buffer", "one event in the middle is broken JSON; `mid_stream: buffer`", "B's answer")
        .a(Script::always(sixty(Fault::break_event(5))))
        .ways(STREAMED)
        .chain("mid_stream: buffer")
        .check(|case, v| case.fell_over(v, "malformed", 2))
}

/// Row 10, at the first token.
#[must_use]
pub fn r10_broken_first_event() -> Row {
    Row::new("10-broken-first", "the first token's event is broken JSON", "B's answer")
        .a(Script::always(sixty(Fault::break_event(0))))
        .ways(STREAMED)
        .check(|case, v| case.fell_over(v, "malformed", 2))
}

/// Row 11.
#[must_use]
pub fn r11_no_sentinel() -> Row {
    Row::new(
        "11-no-sentinel",
        "the whole answer, but no `[DONE]`",
        "A's answer at once, with usage and terminator",
    )
    .a(Script::always(alpha([Fault::no_sentinel()])))
    .ways(STREAMED)
    .check(|case, v| {
        case.stayed(v, A_TEXT, 1);
        case.timed(v, 0.0);
    })
}

/// Row 14: B is asked anew, and not to go on; where an answer has begun, B is not asked at all.
#[must_use]
pub fn r14_prefill() -> Row {
    Row::new("14-dies-b-refuses", "dies in the middle; B refuses with 400", "A's failure, never B's 400")
        .a(Script::always(sixty(Fault::dies(20, Death::Closed))))
        .b(Script::always(Fault::status(400)))
        .ways(STREAMED)
        .check(|case, v| {
            case.broke_off(v, &all(60), all(20).len(), "provider_unavailable");
            case.calls(v, 1, 0);
        })
}

/// Row 18.
#[must_use]
pub fn r18_error_event() -> Row {
    Row::new("18-error-event", "200, then an error event before any content", "B's answer")
        .a(Script::always(alpha([Fault::error_event(0)])))
        .ways(STREAMED)
        .check(|case, v| {
            let reason = case.seen.header("x-backstop-fallback-reason");
            case.fell_over(v, if reason == "overloaded" { "overloaded" } else { "server" }, 2);
        })
}

/// Row 18, too late to fall over.
#[must_use]
pub fn r18_late_error_event() -> Row {
    Row::new("18-late-error-event", "an error event after 10 of 60 tokens", "an error event")
        .a(Script::always(sixty(Fault::error_event(10))))
        .ways(STREAMED)
        .check(|case, v| {
            let is = case.seen.error_type();
            let should = if is == "provider_overloaded" { "provider_overloaded" } else { "server" };
            case.broke_off(v, &all(60), all(10).len(), should);
            case.calls(v, 1, 0);
        })
}

/// Row 19.
#[must_use]
pub fn r19_role_then_silence() -> Row {
    Row::new("19-role-then-silence", "200 and a role, then silence", "B's answer")
        .a(Script::always(sixty(Fault::silent(0))))
        .target("timeouts: { first_token: {clock} }")
        .ways(STREAMED)
        .check(|case, v| {
            case.fell_over(v, "timeout_first_token", 1);
            case.timed(v, 1.0);
        })
}

/// Row 24: there is always a byte, and never an answer.
#[must_use]
pub fn r24_drip() -> Row {
    Row::new("24-drip", "drips, a byte at a time", "B's answer, when the idle or total limit is over")
        .a(Script::always(alpha([Fault::drip(Duration::from_millis(100))])))
        .target("timeouts: { first_token: 60s, silent: 5s, idle: {clock}, total: {clock} }")
        .check(|case, v| {
            case.fell_over(v, if case.is_streamed() { "timeout_idle" } else { "timeout_total" }, 1);
            case.timed(v, 1.0);
        })
}

fn sixty(fault: Fault) -> Behaviour {
    Behaviour::from(Answer::tokens(60)).with(fault)
}

/// What [`Answer::tokens`] says.
fn all(tokens: usize) -> String {
    (1..=tokens).map(|token| format!("w{token}")).collect::<Vec<_>>().join(" ")
}
