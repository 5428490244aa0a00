//! A whole answer.

use serde_json::{Map, Value, json};

use super::manner::{Manner, Thoughts};
use crate::{
    openai::logprobs,
    reply::{Part, Reply},
};

pub(super) fn whole(manner: &Manner, reply: &Reply) -> String {
    let choices: Vec<_> = (0..reply.answers)
        .map(|index| {
            let finish = finish(manner, reply);
            let mut choice =
                json!({"index": index, "message": message(manner, reply), "finish_reason": finish});
            if manner.logprobs {
                choice["logprobs"] = told_logprobs(reply);
            }
            choice
        })
        .collect();
    document(manner, reply, choices)
}

/// An answer without a choice.
pub(super) fn empty(manner: &Manner, reply: &Reply) -> String {
    document(manner, reply, Vec::new())
}

/// The finish reason in the server's words, unless the test has its own.
pub(super) fn finish(manner: &Manner, reply: &Reply) -> String {
    reply.finish.clone().unwrap_or_else(|| (manner.finish)(&reply.stop).to_owned())
}

/// What documents and chunks begin with.
pub(super) fn head(manner: &Manner, reply: &Reply, object: &str) -> Map<String, Value> {
    let head = json!({
        "id": (manner.id)(reply.ids), "object": object, "created": reply.created, "model": reply.model,
    });
    let mut fields = Map::new();
    for part in [head, (manner.fixed)(reply)] {
        if let Value::Object(part) = part {
            fields.extend(part);
        }
    }
    fields
}

/// A call as it is told whole.
pub(super) fn call(manner: &Manner, reply: &Reply, nth: usize, part: &Part) -> Option<Value> {
    let Part::Call { id, name, arguments } = part else { return None };
    let id = (manner.call_id)(reply.ids, *id, nth);
    Some(json!({
        "id": id, "type": "function", "function": {"name": name, "arguments": arguments}, "index": nth,
    }))
}

fn document(manner: &Manner, reply: &Reply, choices: Vec<Value>) -> String {
    let mut fields = head(manner, reply, "chat.completion");
    fields.insert("choices".to_owned(), Value::Array(choices));
    fields.insert("usage".to_owned(), (manner.usage)(reply.usage, false));
    Value::Object(fields).to_string()
}

fn told_logprobs(reply: &Reply) -> Value {
    let said: String = reply.parts.iter().filter_map(Part::text).collect();
    let told = reply.logprobs.map(|alternatives| logprobs::logprobs(&said, alternatives));
    told.map_or(Value::Null, |told| json!({"content": told["content"]}))
}

fn message(manner: &Manner, reply: &Reply) -> Value {
    let (mut text, mut thoughts, mut calls) = (String::new(), String::new(), Vec::new());
    for part in &reply.parts {
        match part {
            // There is no field for a refusal: it is what is said.
            Part::Text(said) | Part::Refusal(said) => text.push_str(said),
            Part::Reasoning(thought) => thoughts.push_str(thought),
            Part::Call { .. } => calls.extend(call(manner, reply, calls.len(), part)),
        }
    }
    let mut message = json!({"role": "assistant", "content": text});
    if !thoughts.is_empty() {
        match manner.thoughts {
            Thoughts::Beside => message["reasoning_content"] = json!(thoughts),
            Thoughts::Within => {
                let thinking = json!({"type": "thinking", "thinking": [{"type": "text", "text": thoughts}], "closed": true});
                let said = json!({"type": "text", "text": text});
                message["content"] =
                    if text.is_empty() { json!([thinking]) } else { json!([thinking, said]) };
            }
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    } else if manner.null_calls {
        message["tool_calls"] = Value::Null;
    }
    message
}
