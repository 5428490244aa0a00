//! Requests, by dialect.

use backstop_core::{Decode, Dialect, Failure, Peek, Request, Text};
use bytes::Bytes;

use crate::{
    Encoded, Facts, Splice, anthropic,
    apply::waiting,
    gemini, openai,
    splice::{self, splice},
};

/// Reads what decisions need of a request, in one pass over its bytes and without building a document.
///
/// # Errors
///
/// [`Kind::InvalidRequest`](backstop_core::Kind::InvalidRequest) with a sentence for the caller: not UTF-8, broken JSON
/// (with line and column), nested too deeply, not an object, `model` missing or no string, `messages` missing, empty or
/// no list, `stream` no boolean. A document of [`Dialect::GeminiGenerate`] says nothing of model and stream, so both are empty:
/// see [`call_in_path`].
pub fn peek(dialect: Dialect, body: &Bytes) -> Result<Peek, Failure> {
    match dialect {
        Dialect::OpenaiChat => openai::peek(body),
        Dialect::AnthropicMessages => anthropic::peek(body),
        Dialect::GeminiGenerate => gemini::peek(body),
        _ => Err(unknown(dialect)),
    }
}

/// What a call of [`Dialect::GeminiGenerate`] asks for in its path and query: the model, and whether to stream. Its document
/// says neither. All else in the query, a `key` above all, is passed over.
///
/// # Errors
///
/// [`Kind::InvalidRequest`](backstop_core::Kind::InvalidRequest), with the status 404 where the path is none of this dialect:
/// no model, another method, or a stream that is not asked for as server-sent events (`alt=sse`).
pub fn call_in_path(path: &str, query: Option<&str>) -> Result<(Text, bool), Failure> {
    gemini::call_in_path(path, query)
}

/// Reads a whole request.
///
/// # Errors
///
/// [`Kind::InvalidRequest`](backstop_core::Kind::InvalidRequest) with a sentence that names the field.
pub fn decode_request(dialect: Dialect, body: &Bytes) -> Result<Request, Failure> {
    decoder(dialect)(body)
}

/// The function that reads a whole request of `dialect`, for [`Origin`](backstop_core::Origin).
#[must_use]
pub fn decoder(dialect: Dialect) -> Decode {
    match dialect {
        Dialect::OpenaiChat => openai::decode_request,
        Dialect::AnthropicMessages => anthropic::decode_request,
        Dialect::GeminiGenerate => gemini::decode_request,
        _ => |_| Err(Failure::new(backstop_core::Kind::Unsupported, "this dialect has no codec")),
    }
}

/// Writes a request in `dialect`. Fields of the request's own dialect come out equal; what `dialect` or the model
/// cannot express is told in the losses.
///
/// # Errors
///
/// [`Kind::InvalidRequest`](backstop_core::Kind::InvalidRequest) or [`Kind::Unsupported`](backstop_core::Kind::Unsupported)
/// where no document can be made at all.
pub fn encode_request(dialect: Dialect, request: &Request, facts: &Facts) -> Result<Encoded, Failure> {
    if let Some((request, edits)) = waiting(request, dialect) {
        let mut encoded = encode_request(dialect, &request, facts)?;
        encoded.body = splice(dialect, &encoded.body, &Splice { edits: &edits, ..Splice::default() })?.body;
        return Ok(encoded);
    }
    match dialect {
        Dialect::OpenaiChat => splice::speak(facts.flavour, openai::encode_request(request, facts)?),
        Dialect::AnthropicMessages => anthropic::encode_request(request, facts),
        Dialect::GeminiGenerate => gemini::encode_request(request, facts),
        _ => Err(unknown(dialect)),
    }
}

pub(crate) fn unknown(dialect: Dialect) -> Failure {
    Failure::new(backstop_core::Kind::Unsupported, format!("dialect `{dialect}` has no codec"))
}
