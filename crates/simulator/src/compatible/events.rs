//! A streamed answer.

use serde_json::{Map, Value, json};

use super::{
    manner::{Calls, Manner, Thoughts, Told},
    whole::{call, finish, head},
};
use crate::{
    compose::pieces_of,
    openai::logprobs,
    reply::{Event, Mark, Part, Reply},
    tokens,
};

/// The chunks of `reply`: for each choice a role, the content and a finish reason, the usage where the server tells it,
/// then `[DONE]`.
pub(super) fn events(manner: &Manner, reply: &Reply, include_usage: bool) -> Vec<Event> {
    let writer = Writer { manner, reply, include_usage };
    let mut events = Vec::new();
    let pieces = writer.pieces();
    for (at, piece) in pieces.iter().enumerate() {
        let is_last = at + 1 == pieces.len();
        for index in 0..reply.answers {
            let closes = is_last && index + 1 == reply.answers;
            events.push(writer.event(index, piece, closes, events.len()));
        }
    }
    if manner.told == Told::Asked && include_usage {
        let mut chunk = writer.chunk(Vec::new(), events.len());
        chunk.insert("usage".to_owned(), (manner.usage)(reply.usage, true));
        events.push(Event::new(None, Value::Object(chunk).to_string(), Mark::Close).told(reply.usage));
    }
    events.push(done());
    events
}

/// A stream without a choice.
pub(super) fn empty(manner: &Manner, reply: &Reply) -> Vec<Event> {
    let chunk = Writer { manner, reply, include_usage: false }.chunk(Vec::new(), 0);
    vec![Event::new(None, Value::Object(chunk).to_string(), Mark::Close), done()]
}

fn done() -> Event {
    Event::new(None, "[DONE]".to_owned(), Mark::Sentinel)
}

struct Piece {
    delta: Value,
    mark: Mark,
    tokens: u64,
    finish: Option<String>,
}

struct Writer<'a> {
    manner: &'a Manner,
    reply: &'a Reply,
    include_usage: bool,
}

impl Writer<'_> {
    /// What one choice brings.
    fn pieces(&self) -> Vec<Piece> {
        let (manner, reply) = (self.manner, self.reply);
        let thinks = reply.parts.iter().any(|part| matches!(part, Part::Reasoning(_)));
        let beside = thinks && manner.thoughts == Thoughts::Beside;
        let mut role = json!({"role": "assistant", "content": ""});
        if beside {
            role = json!({"role": "assistant", "content": null, "reasoning_content": ""});
        }
        let mut pieces = vec![Piece { delta: role, mark: Mark::Lead, tokens: 0, finish: None }];
        let mut calls = Vec::new();
        let mut called = 0;
        for part in &reply.parts {
            if let Part::Call { .. } = part {
                let whole = call(manner, reply, called, part).unwrap_or_default();
                called += 1;
                if manner.calls == Calls::Whole {
                    calls.push((whole, tokens::fragments(whole_arguments(part)).len() as u64));
                    continue;
                }
                pieces.push(Piece { delta: first_call(whole), mark: Mark::Token, tokens: 0, finish: None });
            }
            for (text, tokens) in tokens::group(&pieces_of(part), reply.most_events) {
                let delta = match part {
                    Part::Reasoning(_) if beside => json!({"content": null, "reasoning_content": text}),
                    Part::Reasoning(_) => {
                        json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]})
                    }
                    Part::Call { .. } => self.later_call(called - 1, &text),
                    Part::Text(_) | Part::Refusal(_) if beside => {
                        json!({"content": text, "reasoning_content": null})
                    }
                    Part::Text(_) | Part::Refusal(_) => json!({"content": text}),
                };
                pieces.push(Piece { delta, mark: Mark::Token, tokens, finish: None });
            }
        }
        pieces.push(self.last(calls, beside));
        pieces
    }

    /// The piece with the finish reason, and with calls that come whole.
    fn last(&self, calls: Vec<(Value, u64)>, beside: bool) -> Piece {
        let finish = Some(finish(self.manner, self.reply));
        if calls.is_empty() {
            let mut delta = json!({"content": ""});
            if beside {
                delta["reasoning_content"] = Value::Null;
            }
            return Piece { delta, mark: Mark::Close, tokens: 0, finish };
        }
        let tokens = calls.iter().map(|(_, tokens)| tokens).sum();
        let calls: Vec<_> = calls.into_iter().map(|(call, _)| call).collect();
        Piece { delta: json!({"tool_calls": calls}), mark: Mark::Close, tokens, finish }
    }

    fn later_call(&self, nth: usize, text: &str) -> Value {
        match self.manner.calls {
            Calls::EmptyIds => json!({"content": "", "tool_calls": [
                {"index": nth, "id": "", "type": "function", "function": {"arguments": text}}]}),
            Calls::Pieces | Calls::Whole => {
                json!({"tool_calls": [{"index": nth, "function": {"arguments": text}}]})
            }
        }
    }

    fn event(&self, index: u64, piece: &Piece, closes: bool, at: usize) -> Event {
        let mut choice = json!({"index": index, "delta": piece.delta, "finish_reason": piece.finish});
        if self.manner.logprobs {
            choice["logprobs"] = self.logprobs(piece);
        }
        let mut chunk = self.chunk(vec![choice], at);
        let tells = closes && self.manner.told == Told::AtFinish;
        if tells {
            chunk.insert("usage".to_owned(), (self.manner.usage)(self.reply.usage, true));
        }
        let event = Event::new(None, Value::Object(chunk).to_string(), piece.mark).tokens(piece.tokens);
        if tells { event.told(self.reply.usage) } else { event }
    }

    fn logprobs(&self, piece: &Piece) -> Value {
        let text = piece.delta["content"].as_str().filter(|text| !text.is_empty());
        let told = text.and_then(|text| Some(logprobs::logprobs(text, self.reply.logprobs?)));
        told.map_or(Value::Null, |told| json!({"content": told["content"]}))
    }

    fn chunk(&self, choices: Vec<Value>, at: usize) -> Map<String, Value> {
        let mut chunk = head(self.manner, self.reply, "chat.completion.chunk");
        chunk.insert("choices".to_owned(), Value::Array(choices));
        let is_null = match self.manner.told {
            Told::Asked => self.include_usage,
            Told::AtFinish => !self.manner.padded,
        };
        if is_null {
            chunk.insert("usage".to_owned(), Value::Null);
        }
        if self.manner.padded && at > 0 {
            let what = format!("padding {at}");
            let length = usize::try_from(self.reply.ids.number(&what) % 36 + 1).unwrap_or(1);
            chunk.insert("p".to_owned(), json!(PADDING[..length]));
        }
        chunk
    }
}

/// The first piece of a call: its id and its name.
fn first_call(mut whole: Value) -> Value {
    whole["function"]["arguments"] = json!("");
    json!({"tool_calls": [whole]})
}

fn whole_arguments(part: &Part) -> &str {
    match part {
        Part::Call { arguments, .. } => arguments,
        _ => "",
    }
}

/// What chunks are padded with, as recorded: letters and digits in their order.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
