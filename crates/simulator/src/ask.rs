//! What a request asks for, whichever dialect it is in.

use serde_json::Value;

use crate::reply::Form;

/// A request, as far as an answer depends on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) form: Form,
    /// OpenAI only: a last chunk with the usage was asked for.
    pub(crate) include_usage: bool,
    /// Random padding on events was not turned off, as only OpenAI lets its callers do.
    pub(crate) obfuscation: bool,
    /// The text of the last turn, if it is the user's.
    pub(crate) prompt: String,
    /// The results of tools in the last turn, in order.
    pub(crate) results: Vec<String>,
    /// The text of the assistant turn that the answer is to continue.
    pub(crate) prefill: Option<String>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) choice: Choice,
    pub(crate) parallel: bool,
    pub(crate) format: Format,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) stops: Vec<String>,
    /// OpenAI only: log probabilities, with so many alternatives for each token.
    pub(crate) logprobs: Option<u64>,
    /// How many answers are wanted.
    pub(crate) answers: u64,
    pub(crate) reasoning: Reasoning,
    pub(crate) prompt_tokens: u64,
}

/// A tool that may be called.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

/// Whether a tool is to be called.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Choice {
    #[default]
    Auto,
    Never,
    Any,
    Named(String),
}

/// The form that the text must have.
#[derive(Debug, Clone, Default)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
    Schema(Value),
}

/// Whether the model is to think first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reasoning {
    #[default]
    Off,
    /// It thinks, and only the count shows.
    Hidden,
    /// It thinks, and the text shows.
    Shown,
}

/// A deterministic count of all the text in a part of the request.
pub(crate) fn tokens_in(value: &Value) -> u64 {
    match value {
        Value::String(text) if text.starts_with("data:") => MEDIA_TOKENS,
        Value::String(text) => crate::tokens::count(text),
        Value::Array(items) => items.iter().map(tokens_in).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| tokens_of(name, value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn tokens_of(name: &str, value: &Value) -> u64 {
    match name {
        "data" | "file_data" => MEDIA_TOKENS,
        "role" | "type" | "id" | "signature" | "tool_use_id" | "tool_call_id" | "media_type" => 0,
        _ => tokens_in(value),
    }
}

/// What an image, a document or a sound counts, whatever its size.
const MEDIA_TOKENS: u64 = 85;
