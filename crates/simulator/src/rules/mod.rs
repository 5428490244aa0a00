//! What the real APIs refuse, and with which words.
//!
//! A simulator that accepts everything proves nothing: a client that forgets `max_tokens` would pass
//! here and fail at the provider. So every request is held against these rules after its key was
//! accepted and before anything is answered.
//!
//! Each rule is one declaration in a table: a stable name, what it refuses, where that is known from, and
//! the function that finds it. The tables stand in the order in which the real API reports its complaints,
//! so a request with two faults is told of the same one. What the models can do is written down here once
//! more and not taken from the catalogue of the gateway: two sides that read the same table share its errors.
//!
//! Not simulated: the tokenizer. A prompt that is too long is a fault to be scripted, not a rule.

mod anthropic;
mod compatible;
mod gemini;
mod image;
mod openai;
mod rule;
mod view;

use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;

use self::rule::{Asked, Rule};

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

/// A rule that requests are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// Its name, the only one of its dialect.
    pub name: &'static str,
    /// What it refuses, in words.
    pub refuses: &'static str,
    /// Where it is known from that the provider refuses it.
    pub source: &'static str,
}

/// The rules of OpenAI Chat Completions, in the order in which they are held.
pub fn of_openai_chat() -> impl Iterator<Item = Known> {
    rule::known(openai::TABLES)
}

/// The rules of Anthropic Messages, in the order in which they are held.
pub fn of_anthropic_messages() -> impl Iterator<Item = Known> {
    rule::known(anthropic::TABLES)
}

/// The rules of Gemini's `generateContent`, in the order in which they are held.
pub fn of_gemini_generate() -> impl Iterator<Item = Known> {
    rule::known(gemini::TABLES)
}

/// The rules of DeepSeek's Chat Completions, in the order in which they are held.
pub fn of_deepseek() -> impl Iterator<Item = Known> {
    rule::known(compatible::deepseek::TABLES)
}

/// The rules of Qwen's Chat Completions at DashScope, in the order in which they are held.
pub fn of_qwen() -> impl Iterator<Item = Known> {
    rule::known(compatible::qwen::TABLES)
}

/// The rules of Mistral's Chat Completions, in the order in which they are held.
pub fn of_mistral() -> impl Iterator<Item = Known> {
    rule::known(compatible::mistral::TABLES)
}

/// Holds a body against what DeepSeek refuses.
pub(crate) fn deepseek(body: &Value) -> Result<(), Refusal> {
    compatible(compatible::deepseek::TABLES, body)
}

/// Holds a body against what Qwen refuses.
pub(crate) fn qwen(body: &Value) -> Result<(), Refusal> {
    compatible(compatible::qwen::TABLES, body)
}

/// Holds a body against what Mistral refuses.
pub(crate) fn mistral(body: &Value) -> Result<(), Refusal> {
    compatible(compatible::mistral::TABLES, body)
}

/// Holds a body of `POST /v1/chat/completions` against what OpenAI refuses.
pub(crate) fn openai_chat(headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
    rule::first(openai::TABLES, &Asked { headers, body, path: "" })
        .map_or(Ok(()), |(rule, complaint)| Err(refusal(rule, complaint.into_body())))
}

/// Holds a body of `POST /v1/messages` against what Anthropic refuses.
pub(crate) fn anthropic_messages(headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
    rule::first(anthropic::TABLES, &Asked { headers, body, path: "" })
        .map_or(Ok(()), |(rule, complaint)| Err(refusal(rule, complaint.into_body())))
}

/// Holds a body of `POST /v1beta/models/MODEL:generateContent` against what Google refuses. The model stands in the path.
pub(crate) fn gemini_generate(uri: &Uri, body: &Value) -> Result<(), Refusal> {
    let asked = Asked { headers: &HeaderMap::new(), body, path: uri.path() };
    rule::first(gemini::TABLES, &asked).map_or(Ok(()), |(rule, complaint)| {
        let (status, body) = complaint.into_answer();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Err(Refusal { rule, status, body })
    })
}

fn compatible(tables: &[&'static [Rule<compatible::Complaint>]], body: &Value) -> Result<(), Refusal> {
    rule::first(tables, &Asked { headers: &HeaderMap::new(), body, path: "" })
        .map_or(Ok(()), |(rule, complaint)| Err(complaint.into_refusal(rule)))
}

fn refusal(rule: &'static str, body: Value) -> Refusal {
    Refusal { rule, status: StatusCode::BAD_REQUEST, body }
}

#[cfg(test)]
mod tests;
