//! The documents of Messages, with their fields in the order in which Anthropic writes them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    reply::{Reply, Stop},
    usage::Usage,
};

#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    pub(super) model: &'a str,
    pub(super) id: String,
    pub(super) r#type: &'static str,
    pub(super) role: &'static str,
    pub(super) content: Vec<Value>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<String>,
    pub(super) stop_details: Option<Value>,
    pub(super) usage: Counts,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Counts {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: Creation,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
    service_tier: &'static str,
}

/// What the end of a stream counts: fewer fields than a whole message has.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct LastCounts {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Creation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        let details = OutputDetails { thinking_tokens: usage.reasoning };
        Self {
            input_tokens: usage.input - usage.cache_read - usage.cache_write,
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cache_read,
            cache_creation: Creation {
                ephemeral_5m_input_tokens: usage.cache_write,
                ephemeral_1h_input_tokens: 0,
            },
            output_tokens: usage.output,
            output_tokens_details: (usage.reasoning > 0).then_some(details),
            service_tier: "standard",
        }
    }
}

impl From<Usage> for LastCounts {
    fn from(usage: Usage) -> Self {
        let counts = Counts::from(usage);
        Self {
            input_tokens: counts.input_tokens,
            cache_creation_input_tokens: counts.cache_creation_input_tokens,
            cache_read_input_tokens: counts.cache_read_input_tokens,
            output_tokens: counts.output_tokens,
            output_tokens_details: counts.output_tokens_details,
        }
    }
}

/// A message without content, as a stream begins with it.
pub(super) fn message(reply: &Reply) -> Message<'_> {
    // What a stream begins with has counted one token of output at most.
    let begun = Usage { output: reply.usage.output.min(1), reasoning: 0, ..reply.usage };
    Message {
        model: &reply.model,
        id: reply.ids.letters("msg_01", "message", 22),
        r#type: "message",
        role: "assistant",
        content: Vec::new(),
        stop_reason: None,
        stop_sequence: None,
        stop_details: None,
        usage: begun.into(),
    }
}

pub(super) fn call_id(reply: &Reply, call: u64) -> String {
    reply.ids.letters("toolu_01", &call.to_string(), 22)
}

pub(super) fn stop_reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::Length => "max_tokens",
        Stop::Sequence(_) => "stop_sequence",
        Stop::Calls => "tool_use",
        Stop::Refused | Stop::Filtered => "refusal",
    }
}

pub(super) fn stop_sequence(stop: &Stop) -> Option<String> {
    match stop {
        Stop::Sequence(sequence) => Some(sequence.clone()),
        _ => None,
    }
}

/// Why it refused, where it did.
pub(super) fn stop_details(reply: &Reply) -> Option<Value> {
    use crate::reply::Part;
    let explanation = reply.parts.iter().find_map(|part| match part {
        Part::Refusal(reason) => Some(reason.as_str()),
        _ => None,
    });
    let refused = matches!(reply.stop, Stop::Refused | Stop::Filtered);
    refused.then(|| json!({"type": "refusal", "category": null, "explanation": explanation}))
}
