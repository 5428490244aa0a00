//! A streamed message.

use serde_json::{Value, json};

use super::{
    shapes::{LastCounts, call_id, message, stop_details, stop_reason, stop_sequence},
    signature::sign,
};
use crate::{
    compose::pieces_of,
    reply::{Event, Mark, Part, Reply},
    tokens,
    usage::Usage,
};

/// The events of `reply`: `message_start`, each block with its start, deltas and stop, `message_delta`, `message_stop`. A
/// `ping` follows the start of the first block.
pub(super) fn events(reply: &Reply) -> Vec<Event> {
    let mut events = vec![start(reply)];
    let blocks = reply.parts.iter().filter(|part| !matches!(part, Part::Refusal(_)));
    for (index, part) in blocks.enumerate() {
        block(&mut events, reply, part, index);
    }
    if events.len() == 1 {
        events.push(ping());
    }
    events.push(end(reply));
    events.push(stop());
    if reply.obfuscate {
        events.iter_mut().enumerate().for_each(|(at, event)| pad(event, reply, at));
    }
    events
}

/// A stream that ends before anything was said.
pub(super) fn empty(reply: &Reply) -> Vec<Event> {
    vec![start(reply), stop()]
}

/// Puts up to fifteen spaces before the last brace, as Anthropic does.
fn pad(event: &mut Event, reply: &Reply, at: usize) {
    let spaces = reply.ids.number(&format!("padding {at}")) % 16;
    if event.name != Some("ping") && event.data.pop().is_some() {
        event.data.extend(std::iter::repeat_n(' ', usize::try_from(spaces).unwrap_or_default()));
        event.data.push('}');
    }
}

fn start(reply: &Reply) -> Event {
    let message = serde_json::to_string(&message(reply)).unwrap_or_default();
    let told = Usage { output: reply.usage.output.min(1), reasoning: 0, ..reply.usage };
    let data = format!("{{\"type\":\"message_start\",\"message\":{message}}}");
    Event::new(Some("message_start"), data, Mark::Lead).told(told)
}

fn block(events: &mut Vec<Event>, reply: &Reply, part: &Part, index: usize) {
    let (begun, mark) = match part {
        Part::Reasoning(_) => (json!({"type": "thinking", "thinking": "", "signature": ""}), Mark::Lead),
        Part::Call { id, name, .. } => {
            let id = call_id(reply, *id);
            (
                json!({"type": "tool_use", "id": id, "name": name, "input": {}, "caller": {"type": "direct"}}),
                Mark::Token,
            )
        }
        Part::Text(_) | Part::Refusal(_) => (json!({"type": "text", "text": ""}), Mark::Lead),
    };
    events.push(event("content_block_start", mark, &json!({"index": index, "content_block": begun})));
    if index == 0 {
        events.push(ping());
    }
    let delta =
        |delta: Value| event("content_block_delta", Mark::Token, &json!({"index": index, "delta": delta}));
    if matches!(part, Part::Call { .. }) {
        // As recorded: the first piece of the arguments is empty.
        events.push(delta(json!({"type": "input_json_delta", "partial_json": ""})));
    }
    let omitted = reply.omit_reasoning && matches!(part, Part::Reasoning(_));
    let pieces = if omitted { Vec::new() } else { tokens::group(&pieces_of(part), reply.most_events) };
    for (text, tokens) in pieces {
        let said = match part {
            Part::Reasoning(_) => json!({"type": "thinking_delta", "thinking": text}),
            Part::Call { .. } => json!({"type": "input_json_delta", "partial_json": text}),
            Part::Text(_) | Part::Refusal(_) => json!({"type": "text_delta", "text": text}),
        };
        events.push(delta(said).tokens(tokens));
    }
    if let Part::Reasoning(text) = part {
        let signed = json!({"type": "signature_delta", "signature": sign(text)});
        events.push(event("content_block_delta", Mark::Close, &json!({"index": index, "delta": signed})));
    }
    events.push(event("content_block_stop", Mark::Close, &json!({"index": index})));
}

fn end(reply: &Reply) -> Event {
    let delta = json!({
        "stop_reason": stop_reason(&reply.stop),
        "stop_sequence": stop_sequence(&reply.stop),
        "stop_details": stop_details(reply),
    });
    let usage = serde_json::to_value(LastCounts::from(reply.usage)).unwrap_or_default();
    event("message_delta", Mark::Close, &json!({"delta": delta, "usage": usage})).told(reply.usage)
}

fn stop() -> Event {
    event("message_stop", Mark::Sentinel, &json!({}))
}

pub(super) fn ping() -> Event {
    Event::new(Some("ping"), "{\"type\": \"ping\"}".to_owned(), Mark::Lead)
}

/// An event of this type, with `type` as its first field.
fn event(name: &'static str, mark: Mark, fields: &Value) -> Event {
    let fields = fields.to_string();
    let rest = match &fields[1..] {
        "}" => "}".to_owned(),
        rest => format!(",{rest}"),
    };
    Event::new(Some(name), format!("{{\"type\":\"{name}\"{rest}"), mark)
}
