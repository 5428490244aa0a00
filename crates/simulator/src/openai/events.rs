//! A streamed chat completion.

use serde_json::{Value, json};

use super::logprobs::logprobs;
use super::shapes::{Chunk, Delta, call_id, fingerprint, finish_reason, first_call, id};
use crate::{
    compose::pieces_of,
    reply::{Event, Mark, Part, Reply},
    tokens,
};

/// The chunks of `reply`: for each choice a role, the content and a finish reason, then usage where it was asked for, then
/// `[DONE]`. The chunks of several choices come in turn.
pub(super) fn events(reply: &Reply, include_usage: bool) -> Vec<Event> {
    let writer = Writer::new(reply, include_usage);
    let mut events = Vec::new();
    for delta in deltas(reply) {
        for index in 0..reply.answers {
            events.push(writer.event(index, &delta, events.len()));
        }
    }
    if include_usage {
        let usage = writer.chunk(Vec::new(), Some(Some(reply.usage.into())), events.len());
        events.push(Event::new(None, usage, Mark::Close).told(reply.usage));
    }
    events.push(done());
    events
}

/// A stream without a choice.
pub(super) fn empty(reply: &Reply) -> Vec<Event> {
    let chunk = Writer::new(reply, false).chunk(Vec::new(), None, 0);
    vec![Event::new(None, chunk, Mark::Close), done()]
}

fn done() -> Event {
    Event::new(None, "[DONE]".to_owned(), Mark::Sentinel)
}

struct Piece {
    delta: Value,
    mark: Mark,
    tokens: u64,
    finish: Option<&'static str>,
}

/// What one choice brings.
fn deltas(reply: &Reply) -> Vec<Piece> {
    let said: Vec<_> = reply.parts.iter().filter(|part| !matches!(part, Part::Reasoning(_))).collect();
    let mut pieces = Vec::new();
    let mut calls = 0;
    let mut role = Some(match said.first() {
        Some(Part::Refusal(_)) => json!({"role": "assistant", "content": null, "refusal": ""}),
        Some(Part::Call { .. }) => json!({"role": "assistant", "content": null, "refusal": null}),
        _ => json!({"role": "assistant", "content": "", "refusal": null}),
    });
    for part in said {
        if let Part::Call { id, name, .. } = part {
            // As recorded: the first call comes in the chunk of the role.
            let mut delta = role.take().unwrap_or_else(|| json!({}));
            delta["tool_calls"] = json!([first_call(calls, &call_id(reply, *id), name)]);
            pieces.push(Piece { delta, mark: Mark::Token, tokens: 0, finish: None });
        } else if let Some(delta) = role.take() {
            pieces.push(Piece { delta, mark: Mark::Lead, tokens: 0, finish: None });
        }
        for (text, tokens) in tokens::group(&pieces_of(part), reply.most_events) {
            let delta = match part {
                Part::Refusal(_) => json!({"refusal": text}),
                Part::Call { .. } => {
                    json!({"tool_calls": [{"index": calls, "function": {"arguments": text}}]})
                }
                Part::Text(_) | Part::Reasoning(_) => json!({"content": text}),
            };
            pieces.push(Piece { delta, mark: Mark::Token, tokens, finish: None });
        }
        calls += usize::from(matches!(part, Part::Call { .. }));
    }
    if let Some(delta) = role {
        pieces.push(Piece { delta, mark: Mark::Lead, tokens: 0, finish: None });
    }
    let finish = Some(finish_reason(&reply.stop));
    pieces.push(Piece { delta: json!({}), mark: Mark::Close, tokens: 0, finish });
    pieces
}

struct Writer<'a> {
    reply: &'a Reply,
    id: String,
    fingerprint: String,
    include_usage: bool,
}

impl<'a> Writer<'a> {
    fn new(reply: &'a Reply, include_usage: bool) -> Self {
        Self { reply, id: id(reply), fingerprint: fingerprint(reply), include_usage }
    }

    fn event(&self, index: u64, piece: &Piece, at: usize) -> Event {
        let delta = Delta {
            index,
            delta: piece.delta.clone(),
            logprobs: self.logprobs(piece),
            finish_reason: piece.finish,
        };
        let usage = self.include_usage.then_some(None);
        Event::new(None, self.chunk(vec![delta], usage, at), piece.mark).tokens(piece.tokens)
    }

    fn logprobs(&self, piece: &Piece) -> Option<Value> {
        let text = piece.delta["content"].as_str().filter(|text| !text.is_empty())?;
        Some(logprobs(text, self.reply.logprobs?))
    }

    fn chunk(&self, choices: Vec<Delta>, usage: Option<Option<super::shapes::Counts>>, at: usize) -> String {
        let obfuscation = self.reply.obfuscate.then(|| {
            let what = format!("obfuscation {at}");
            let length = self.reply.ids.number(&what) % 16 + 1;
            self.reply.ids.letters("", &what, usize::try_from(length).unwrap_or(1))
        });
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.reply.created,
            model: &self.reply.model,
            service_tier: "default",
            system_fingerprint: &self.fingerprint,
            choices,
            usage,
            obfuscation,
        };
        serde_json::to_string(&chunk).unwrap_or_default()
    }
}
