//! A whole message.

use serde_json::{Value, json};

use super::{
    shapes::{call_id, message, stop_details, stop_reason, stop_sequence},
    signature::sign,
};
use crate::reply::{Part, Reply};

pub(super) fn whole(reply: &Reply) -> String {
    let mut message = message(reply);
    message.content = reply.parts.iter().filter_map(|part| block(reply, part)).collect();
    message.stop_reason = Some(stop_reason(&reply.stop));
    message.stop_sequence = stop_sequence(&reply.stop);
    message.stop_details = stop_details(reply);
    message.usage = reply.usage.into();
    serde_json::to_string(&message).unwrap_or_default()
}

/// A message without content and stop reason.
pub(super) fn empty(reply: &Reply) -> String {
    serde_json::to_string(&message(reply)).unwrap_or_default()
}

fn block(reply: &Reply, part: &Part) -> Option<Value> {
    Some(match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Reasoning(text) => {
            let shown = if reply.omit_reasoning { "" } else { text };
            json!({"type": "thinking", "thinking": shown, "signature": sign(text)})
        }
        Part::Call { id, name, arguments } => {
            // Arguments that the limit cut off in the middle are no object any more.
            let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
            json!({"type": "tool_use", "id": call_id(reply, *id), "name": name, "input": input, "caller": {"type": "direct"}})
        }
        Part::Refusal(_) => return None,
    })
}
