//! Errors, by dialect.

use std::time::SystemTime;

use backstop_core::{Dialect, Failure};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::{Voice, anthropic, gemini, openai};

/// A provider's response that is no success.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain record")]
pub struct ErrorResponse<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers, for `retry-after` in all its spellings.
    pub headers: &'a HeaderMap,
    /// The body, already redacted, possibly cut short, possibly no JSON at all.
    pub body: &'a Bytes,
    /// The wall clock, for dates in headers.
    pub wall: SystemTime,
}

/// Reads a provider's error: its kind by signatures first and by status else, its scope, its retry-after and its own
/// words. Never fails: an HTML page of an edge is classed by its status.
#[must_use]
pub fn decode_error(dialect: Dialect, response: &ErrorResponse<'_>) -> Failure {
    match dialect {
        Dialect::AnthropicMessages => anthropic::decode_error(response),
        Dialect::GeminiGenerate => gemini::decode_error(response),
        _ => openai::decode_error(response),
    }
}

/// Writes a failure as an error body: the dialect's own fields, a stable `error_type` beside them, and the trail.
#[must_use]
pub fn encode_error(dialect: Dialect, failure: &Failure, voice: &Voice) -> Bytes {
    match dialect {
        Dialect::AnthropicMessages => anthropic::encode_error(failure, voice),
        Dialect::GeminiGenerate => gemini::encode_error(failure, voice),
        _ => openai::encode_error(failure, voice),
    }
}
