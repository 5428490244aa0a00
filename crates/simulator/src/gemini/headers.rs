//! The headers of Google's answers, as recorded. There is none that tells of limits: the wait stands in the body.

use http::HeaderMap;

use crate::dialect::{Head, set};

pub(super) fn set_all(headers: &mut HeaderMap, head: &Head) {
    set(headers, "server", "scaffolding on HTTPServer2");
    set(headers, "server-timing", &format!("gfet4t7; dur={}", head.ids.number("duration") % 900 + 100));
    set(headers, "vary", "Origin, X-Origin, Referer");
    set(headers, "x-content-type-options", "nosniff");
    set(headers, "x-frame-options", "SAMEORIGIN");
    set(headers, "x-xss-protection", "0");
    set(headers, "x-gemini-service-tier", "standard");
}
