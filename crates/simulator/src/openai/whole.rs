//! A whole chat completion.

use serde_json::Value;

use super::logprobs::logprobs;
use super::shapes::{Call, Choice, Completion, Function, Message, call_id, fingerprint, finish_reason, id};
use crate::reply::{Part, Reply};

pub(super) fn whole(reply: &Reply) -> String {
    let choices = (0..reply.answers).map(|index| Choice {
        index,
        message: message(reply),
        logprobs: told_logprobs(reply),
        finish_reason: finish_reason(&reply.stop),
    });
    document(reply, choices.collect())
}

/// A completion without a choice.
pub(super) fn empty(reply: &Reply) -> String {
    document(reply, Vec::new())
}

fn document(reply: &Reply, choices: Vec<Choice>) -> String {
    let completion = Completion {
        id: id(reply),
        object: "chat.completion",
        created: reply.created,
        model: &reply.model,
        choices,
        usage: reply.usage.into(),
        service_tier: "default",
        system_fingerprint: fingerprint(reply),
    };
    serde_json::to_string(&completion).unwrap_or_default()
}

fn told_logprobs(reply: &Reply) -> Option<Value> {
    let said: String = reply.parts.iter().filter_map(Part::text).collect();
    reply.logprobs.map(|alternatives| logprobs(&said, alternatives))
}

fn message(reply: &Reply) -> Message {
    let mut message = Message {
        role: "assistant",
        content: None,
        tool_calls: Vec::new(),
        refusal: None,
        annotations: Vec::new(),
    };
    for part in &reply.parts {
        match part {
            Part::Text(text) => message.content.get_or_insert_default().push_str(text),
            Part::Refusal(text) => message.refusal.get_or_insert_default().push_str(text),
            Part::Call { id, name, arguments } => message.tool_calls.push(Call {
                id: call_id(reply, *id),
                r#type: "function",
                function: Function { name: name.clone(), arguments: arguments.clone() },
            }),
            Part::Reasoning(_) => {}
        }
    }
    // An answer that says nothing at all has an empty text; `null` is for refusals and calls.
    if message.refusal.is_none() && message.tool_calls.is_empty() {
        message.content.get_or_insert_default();
    }
    message
}
