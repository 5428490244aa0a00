//! Events as a provider of the OpenAI Chat Completions dialect sends them, each with its wire bytes.

use backstop_core::{Delta, Dialect, Event, Finish, FinishReason, Form, Start, ToolKind, Usage, Wire};
use bytes::Bytes;
use serde_json::json;

/// The answer begins with its role: nothing that commits.
#[must_use]
pub fn start() -> Event {
    let start = Start { id: "chatcmpl-1".into(), model: "scripted".into(), created: Some(1) };
    stream(&chunk(&json!({"role": "assistant", "content": ""}), None), vec![Delta::Start(start)])
}

/// More text.
#[must_use]
pub fn text(text: &str) -> Event {
    let delta = Delta::Text { choice: 0, block: 0, text: text.into() };
    stream(&chunk(&json!({"content": text}), None), vec![delta])
}

/// More reasoning.
#[must_use]
pub fn reasoning(text: &str) -> Event {
    let delta = Delta::Reasoning { choice: 0, block: 0, text: text.into() };
    stream(&chunk(&json!({"reasoning_content": text}), None), vec![delta])
}

/// A whole tool call in one event.
#[must_use]
pub fn tool_call(id: &str, name: &str, arguments: &str) -> Event {
    let (choice, block) = (0, 1);
    let call = json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]});
    let start =
        Delta::ToolCallStart { choice, block, id: id.into(), name: name.into(), kind: ToolKind::Function };
    let arguments = Delta::ToolCallArguments { choice, block, fragment: arguments.into() };
    stream(&chunk(&call, None), vec![start, arguments])
}

/// The choice ends: the semantic end of the answer.
#[must_use]
pub fn finish() -> Event {
    let finish = Finish::new(FinishReason::Stop, "stop");
    stream(&chunk(&json!({}), Some("stop")), vec![Delta::Finish { choice: 0, finish }])
}

/// What was used: 3 tokens in, 2 out.
#[must_use]
pub fn usage() -> Event {
    let wire = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
        "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}});
    stream(&wire.to_string(), vec![Delta::Usage(Usage { input: 3, output: 2, ..Usage::default() })])
}

/// The dialect's terminator.
#[must_use]
pub fn end() -> Event {
    stream("[DONE]", vec![Delta::End])
}

/// A comment: a sign of life that brings nothing.
#[must_use]
pub fn ping() -> Event {
    Event::single(wire(Form::Stream, Bytes::from_static(b": ping\n\n")), Delta::Ping)
}

/// A whole, unstreamed answer.
#[must_use]
pub fn document(text: &str) -> Event {
    let body = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}});
    let deltas = vec![
        Delta::Start(Start { id: "chatcmpl-1".into(), model: "scripted".into(), created: Some(1) }),
        Delta::Text { choice: 0, block: 0, text: text.into() },
        Delta::Finish { choice: 0, finish: Finish::new(FinishReason::Stop, "stop") },
        Delta::Usage(Usage { input: 3, output: 2, ..Usage::default() }),
        Delta::End,
    ];
    Event::new(wire(Form::Document, Bytes::from(body.to_string())), deltas)
}

fn chunk(delta: &serde_json::Value, finish: Option<&str>) -> String {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    .to_string()
}

fn stream(data: &str, deltas: Vec<Delta>) -> Event {
    Event::new(wire(Form::Stream, Bytes::from(format!("data: {data}\n\n"))), deltas)
}

const fn wire(form: Form, bytes: Bytes) -> Wire {
    Wire { dialect: Dialect::OpenaiChat, form, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_caller_waits_for_is_semantic() {
        for event in [text("a"), reasoning("a"), tool_call("c", "f", "{}"), document("a")] {
            assert!(event.is_semantic(), "{event:?}");
        }
        for event in [start(), finish(), usage(), end(), ping()] {
            assert!(!event.is_semantic(), "{event:?}");
        }
    }
}
