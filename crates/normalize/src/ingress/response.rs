//! Heads of responses.

use backstop_core::{Answer, Failure, Origin};
use backstop_dialect::{Loss, Voice, encode_error};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::{IngressBody, IngressConfig};
use crate::policy;

/// The head of a streamed answer.
pub(super) fn streamed(headers: &mut HeaderMap, origin: &Origin) {
    set(headers, header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    set(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Asks nginx and its kin not to hold events back.
    set(headers, HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    told(headers, origin);
}

/// The head of a whole answer, which could not say `losses` in the caller's dialect.
pub(super) fn whole(headers: &mut HeaderMap, origin: &Origin, losses: &[Loss]) {
    policy::tell_dropped(headers, losses);
    set(headers, header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    told(headers, origin);
    told_cost(headers, origin);
}

/// The response that tells a failure.
pub(super) fn failed<A: Answer>(
    config: &IngressConfig,
    voice: &Voice,
    origin: Option<&Origin>,
    failure: &Failure,
) -> Response<IngressBody<A>> {
    // Not every failure comes from fallback, which knows the trail: a deadline stands above it.
    let untold = origin.filter(|_| failure.trail().is_empty()).map(|origin| origin.trail().steps());
    let failure = match untold {
        Some(steps) if !steps.is_empty() => &failure.clone().with_trail(steps),
        _ => failure,
    };
    let body = encode_error(config.dialect, failure, voice);
    let mut response = Response::new(IngressBody::whole(body, None));
    *response.status_mut() = failure.status();
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Every retry that makes sense was made here: SDKs must not multiply them.
    set(headers, HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
    set(
        headers,
        HeaderName::from_static("x-backstop-error-type"),
        HeaderValue::from_static(failure.kind().row().error_type),
    );
    if let Some(wait) = failure.retry_after() {
        let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        set(headers, header::RETRY_AFTER, HeaderValue::from(milliseconds.div_ceil(1000)));
        set(headers, HeaderName::from_static("retry-after-ms"), HeaderValue::from(milliseconds));
    }
    match origin {
        Some(origin) => {
            told(headers, origin);
            told_cost(headers, origin);
        }
        None => set_text(headers, "x-backstop-request-id", &voice.id.to_string()),
    }
    if failure.status() == StatusCode::PAYLOAD_TOO_LARGE || origin.is_none() {
        // What is left of the request's body is not read, so the connection cannot be used again.
        set(headers, header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What is told of every answer: who answered, after how many calls, and why not the first.
fn told(headers: &mut HeaderMap, origin: &Origin) {
    set_text(headers, "x-backstop-request-id", &origin.id().to_string());
    let trail = origin.trail();
    if let Some(target) = trail.last_target() {
        set_text(headers, "x-backstop-target", &target);
    }
    set(headers, HeaderName::from_static("x-backstop-attempts"), HeaderValue::from(trail.calls()));
    if let Some(reason) = trail.fallback_reason() {
        set(headers, HeaderName::from_static("x-backstop-fallback-reason"), HeaderValue::from_static(reason));
    }
}

/// What the request cost, all attempts together; nothing where that is unknown. A stream's head comes too early for it.
fn told_cost(headers: &mut HeaderMap, origin: &Origin) {
    let trail = origin.trail();
    let Some(usd) = trail.cost().usd().filter(|_| trail.last_target().is_some()) else { return };
    set_text(headers, COST, &usd.to_string());
    if trail.cost().is_estimated() {
        set(headers, HeaderName::from_static("x-backstop-cost-estimated"), HeaderValue::from_static("true"));
    }
}

/// The same as a comment of a stream, to stand before its terminator.
pub(super) fn cost_comment(origin: &Origin) -> Option<Bytes> {
    let trail = origin.trail();
    let usd = trail.cost().usd().filter(|_| trail.last_target().is_some())?;
    let estimated = if trail.cost().is_estimated() { " estimated" } else { "" };
    Some(Bytes::from(format!(": {COST} {usd}{estimated}\n\n")))
}

const COST: &str = "x-backstop-cost-usd";

fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.insert(name, value);
}

fn set_text(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Names of targets come from a checked configuration; one that no header can carry is left out.
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::copy_from_slice(value.as_bytes())) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
