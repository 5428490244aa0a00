//! Whole answers, by dialect.

use backstop_core::{Completion, Delta, Dialect, Failure};
use bytes::Bytes;

use crate::{Encoded, Voice, anthropic, gemini, openai, request::unknown};

/// Reads a whole, unstreamed answer: the deltas that a stream of it would bring, from `Start` to `End`.
///
/// # Errors
///
/// [`Kind::Malformed`](backstop_core::Kind::Malformed) where the body is no answer in this dialect (HTML, broken JSON,
/// no choices, no finish); the failure that an error object inside a 200 tells.
pub fn decode_answer(dialect: Dialect, body: &Bytes) -> Result<Vec<Delta>, Failure> {
    match dialect {
        Dialect::OpenaiChat => openai::decode_answer(body),
        Dialect::AnthropicMessages => anthropic::decode_answer(body),
        Dialect::GeminiGenerate => gemini::decode_answer(body),
        _ => Err(unknown(dialect)),
    }
}

/// Reads what decisions need of a whole answer whose bytes are passed on as they are: like [`decode_answer`], but fields
/// that only this dialect knows may be missing among the deltas, which makes it several times as fast.
///
/// # Errors
///
/// As [`decode_answer`].
pub fn skim_answer(dialect: Dialect, body: &Bytes) -> Result<Vec<Delta>, Failure> {
    let skimmed = if dialect == Dialect::OpenaiChat { openai::skim_answer(body) } else { None };
    skimmed.map_or_else(|| decode_answer(dialect, body), Ok)
}

/// Writes a whole, unstreamed answer.
#[must_use]
pub fn encode_answer(dialect: Dialect, answer: &Completion, voice: &Voice) -> Encoded {
    match dialect {
        Dialect::AnthropicMessages => anthropic::encode_answer(answer, voice),
        Dialect::GeminiGenerate => gemini::encode_answer(answer),
        _ => openai::encode_answer(answer, voice),
    }
}
