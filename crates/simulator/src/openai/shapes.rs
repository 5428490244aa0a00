//! The documents of Chat Completions, with their fields in the order in which OpenAI writes them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    reply::{Reply, Stop},
    usage::Usage,
};

#[derive(Debug, Serialize)]
pub(super) struct Completion<'a> {
    pub(super) id: String,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a str,
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Counts,
    pub(super) service_tier: &'static str,
    pub(super) system_fingerprint: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Choice {
    pub(super) index: u64,
    pub(super) message: Message,
    pub(super) logprobs: Option<Value>,
    pub(super) finish_reason: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<Call>,
    pub(super) refusal: Option<String>,
    pub(super) annotations: Vec<Value>,
}

#[derive(Debug, Serialize)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) r#type: &'static str,
    pub(super) function: Function,
}

#[derive(Debug, Serialize)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) arguments: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Chunk<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a str,
    pub(super) service_tier: &'static str,
    pub(super) system_fingerprint: &'a str,
    pub(super) choices: Vec<Delta>,
    /// `null` on every chunk but the last where usage was asked for; absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Option<Counts>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) obfuscation: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Delta {
    pub(super) index: u64,
    pub(super) delta: Value,
    pub(super) logprobs: Option<Value>,
    pub(super) finish_reason: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    audio_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cache_write_tokens: u64,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.input + usage.output,
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cache_read,
                audio_tokens: 0,
                cache_write_tokens: usage.cache_write,
            },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.reasoning,
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}

pub(super) fn id(reply: &Reply) -> String {
    reply.ids.letters("chatcmpl-", "completion", 29)
}

pub(super) fn fingerprint(reply: &Reply) -> String {
    // The fingerprint is the backend's, not the request's.
    format!("fp_{:010x}", crate::ids::hash(reply.model.as_bytes()) & 0xff_ffff_ffff)
}

pub(super) fn call_id(reply: &Reply, call: u64) -> String {
    reply.ids.letters("call_", &call.to_string(), 24)
}

pub(super) fn finish_reason(stop: &Stop) -> &'static str {
    match stop {
        // A refusal is told by `refusal`; the finish reason is an ordinary one.
        Stop::End | Stop::Sequence(_) | Stop::Refused => "stop",
        Stop::Length => "length",
        Stop::Calls => "tool_calls",
        Stop::Filtered => "content_filter",
    }
}

/// The first piece of a tool call, which alone bears its id and name.
pub(super) fn first_call(index: usize, id: &str, name: &str) -> Value {
    json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}})
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
