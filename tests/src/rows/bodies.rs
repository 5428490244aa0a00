//! Bodies that are no answer, in spite of their 200: rows 17 and 20.

use backstop_simulator::{Cut, Fault, Script};
use http::HeaderValue;

use crate::row::{A_TEXT, Extent, Row, WHOLE, alpha};

/// Row 17.
#[must_use]
pub fn r17_html() -> Row {
    Row::new("17-html", "200 with a page of HTML", "B's answer")
        .a(Script::always(Fault::html()))
        .check(|case, v| case.fell_over(v, "malformed", 2))
}

/// Row 17.
#[must_use]
pub fn r17_broken_json() -> Row {
    Row::new("17-broken-json", "200 with JSON that stops in the middle", "B's answer")
        .a(Script::always(alpha([Fault::broken_json()])))
        .check(|case, v| case.fell_over(v, "malformed", 2))
}

/// Row 17.
#[must_use]
pub fn r17_empty_choices() -> Row {
    Row::new("17-empty", "200 without a choice", "B's answer")
        .a(Script::always(alpha([Fault::empty_choices()])))
        .check(|case, v| case.fell_over(v, "malformed", 2))
}

/// Row 17.
#[must_use]
pub fn r17_error_object() -> Row {
    Row::new("17-error-object", "200 with an error document", "B's answer")
        .a(Script::always(alpha([Fault::error_object()])))
        .check(|case, v| {
            // What it says is believed; its status is not.
            let reason = case.seen.header("x-backstop-fallback-reason").to_owned();
            let known = ["server", "overloaded", "malformed"].into_iter().find(|known| reason == *known);
            case.fell_over(v, known.unwrap_or("malformed"), 2);
        })
}

/// Row 17: a good body under an odd content type is an answer.
#[must_use]
pub fn r17_odd_content_type() -> Row {
    Row::new("17-odd-content-type", "a good answer that says it is `text/plain`", "A's answer")
        .a(Script::always(alpha([Fault::content_type(HeaderValue::from_static("text/plain"))])))
        .check(|case, v| case.stayed(v, A_TEXT, 1))
}

/// Not among the scenarios: a redirect would carry our key to wherever it points.
#[must_use]
pub fn r17_redirect() -> Row {
    Row::new("17-redirect", "307 to another place", "B's answer; nobody goes there")
        .a(Script::always(Fault::redirect(HeaderValue::from_static("http://127.0.0.1:9/v1/elsewhere"))))
        .check(|case, v| {
            let reason = case.seen.header("x-backstop-fallback-reason").to_owned();
            case.fell_over(v, &reason, case.a.len());
            v.that(!reason.is_empty() && case.a.len() <= 2, || format!("{} calls to A", case.a.len()));
        })
}

/// Row 20, with a length that is not kept.
#[must_use]
pub fn r20_cut_length() -> Row {
    Row::new("20-cut-length", "200, body breaks off halfway (`content-length`)", "B's answer")
        .a(Script::always(alpha([Fault::cut_body(Cut::Length)])))
        .ways(WHOLE)
        .extent(Extent::Long)
        .check(|case, v| case.fell_over(v, "transport", 2))
}

/// Row 20, without a last chunk.
#[must_use]
pub fn r20_cut_chunks() -> Row {
    Row::new("20-cut-chunks", "200, body breaks off halfway (chunked)", "B's answer")
        .a(Script::always(alpha([Fault::cut_body(Cut::Chunked)])))
        .ways(WHOLE)
        .extent(Extent::Long)
        .check(|case, v| case.fell_over(v, "transport", 2))
}
