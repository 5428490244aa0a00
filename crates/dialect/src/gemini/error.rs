//! Errors, in both directions.
//!
//! Out, beside Google's own three fields: `error_type`, stable over all dialects, in `details` the wait as `RetryInfo`, and
//! under `metadata` the `request_id` and the `attempts`.

use backstop_core::{Dialect, Failure, Kind};
use bytes::Bytes;
use http::StatusCode;

use crate::{
    ErrorResponse, Voice,
    json::{self, Object},
    openai,
};

/// Reads a provider's error: Google's `status`, `reason` and `RetryInfo` are known to the common reader.
pub(crate) fn decode_error(response: &ErrorResponse<'_>) -> Failure {
    openai::decode_error_of(Dialect::GeminiGenerate, response)
}

/// The failure of an error object that came with a 200.
pub(super) fn in_answer(body: &Bytes) -> Failure {
    openai::error_in_answer(Dialect::GeminiGenerate, body)
}

pub(crate) fn encode_error(failure: &Failure, voice: &Voice) -> Bytes {
    json::object(256, |top| write(top, failure, voice))
}

/// Writes the `error` field of a body or of a chunk.
pub(super) fn write(top: &mut Object<'_>, failure: &Failure, voice: &Voice) {
    let own = failure.provider_error().filter(|error| {
        let mine = matches!(
            failure.kind(),
            Kind::InvalidRequest | Kind::ContextLength | Kind::ContentFilter | Kind::Unsupported
        );
        mine && error.dialect == Some(Dialect::GeminiGenerate)
    });
    let said = own.and_then(|own| openai::message_of(&own.body));
    top.object("error", |error| {
        error.number("code", failure.status().as_u16().into());
        error.string("message", said.as_deref().unwrap_or_else(|| failure.message()));
        error.string("status", status_word(failure.status()));
        if let Some(wait) = failure.retry_after() {
            error.array("details", |list| {
                list.object(|detail| {
                    detail.string("@type", "type.googleapis.com/google.rpc.RetryInfo");
                    detail.string("retryDelay", &format!("{}s", wait.as_millis().div_ceil(1000)));
                });
            });
        }
        error.string("error_type", failure.kind().row().error_type);
        error.object("metadata", |metadata| {
            metadata.string("request_id", &voice.id.to_string());
            openai::write_attempts(metadata, failure);
        });
    });
}

/// Google's canonical code for a status (google.rpc.Code).
fn status_word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        402 | 403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 | 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        503 => "UNAVAILABLE",
        400..500 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}
