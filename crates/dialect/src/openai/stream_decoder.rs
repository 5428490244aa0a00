//! Streams in.

use std::str;

use backstop_core::{Delta, Dialect, Event, Failure, Form, Kind, Start, Text, Wire};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error,
    piece::{ChoiceState, Piece},
    usage,
};
use crate::{json, sse::Frame, template::Template};

/// Reads the chunks of one answer.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    /// How many alternatives were asked for.
    expected: usize,
    choices: Vec<ChoiceState>,
    start: Option<Start>,
    terminated: bool,
    /// The last chunk that brought nothing but text, and its choice.
    template: Option<(Template, u32)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    x_groq: Option<Groq<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    /// Some servers send the whole message so far beside the delta, some nothing else.
    #[serde(borrow)]
    message: Option<Piece<'a>>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Groq says usage here where it was not asked for it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Groq<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

impl StreamDecoder {
    pub(crate) fn new(choices: u32) -> Self {
        let expected = usize::try_from(choices.max(1)).unwrap_or(usize::MAX);
        Self { expected, choices: Vec::new(), start: None, terminated: false, template: None }
    }

    pub(crate) fn read(&mut self, frame: &Frame) -> Result<Option<Event>, Failure> {
        if self.terminated {
            // Nothing of the answer can follow its terminator.
            return Ok(None);
        }
        let wire = Wire { dialect: Dialect::OpenaiChat, form: Form::Stream, bytes: frame.wire.clone() };
        if let Some(delta) = self.same_again(frame) {
            return Ok(Some(Event::single(wire, delta)));
        }
        let Some(data) = frame.data.as_ref().filter(|data| !data.trim().is_empty()) else {
            return Ok(Some(Event::single(wire, Delta::Ping)));
        };
        if data.trim() == "[DONE]" {
            if !self.has_ended() {
                let message = "the provider's stream says that it is done in the middle of the answer";
                return Err(Failure::new(Kind::Malformed, message));
            }
            self.terminated = true;
            return Ok(Some(Event::single(wire, Delta::End)));
        }
        let bytes = data.clone().into_bytes();
        let text = str::from_utf8(&bytes).unwrap_or_default();
        let chunk = match serde_json::from_str::<Chunk<'_>>(text) {
            Ok(chunk) => chunk,
            Err(_) if frame.event == "error" => return Err(error::of_text(text)),
            Err(error) => {
                let message = format!("the provider's stream holds an event that is no chunk: {error}");
                return Err(Failure::new(Kind::Malformed, message));
            }
        };
        let broken = chunk.choices.iter().flatten().any(|choice| choice.error.is_some());
        if chunk.error.is_some() || broken || frame.event == "error" || is_bare_error(&chunk, text) {
            return Err(error::in_answer(&bytes));
        }
        let mut deltas = Vec::with_capacity(1);
        self.chunk(&bytes, chunk, &mut deltas);
        if let [Delta::Text { choice, text: new, .. }] = deltas.as_slice() {
            let template = Template::learn(text, new).map(|template| (template, *choice));
            if template.is_some() {
                self.template = template;
            }
        }
        Ok(Some(match deltas.len() {
            1 => Event::single(wire, deltas.swap_remove(0)),
            _ => Event::new(wire, deltas),
        }))
    }

    /// The text of a chunk that is otherwise the same as an earlier one.
    fn same_again(&mut self, frame: &Frame) -> Option<Delta> {
        let (template, choice) = self.template.as_ref()?;
        let text = template.read(frame.data.as_ref().filter(|_| frame.event.is_empty())?)?;
        Some(state(&mut self.choices, *choice).text(Text::slice_of(&frame.wire, text)))
    }

    pub(crate) fn is_complete(&self) -> bool {
        // A server that gives fewer alternatives than asked for says so by its terminator.
        self.terminated || self.choices.iter().filter(|choice| choice.finished).count() >= self.expected
    }

    pub(crate) fn is_terminated(&self) -> bool {
        self.terminated
    }

    /// Whether all that has begun has its finish reason, and anything has begun.
    fn has_ended(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finished)
    }

    fn chunk(&mut self, wire: &Bytes, chunk: Chunk<'_>, deltas: &mut Vec<Delta>) {
        let choices = chunk.choices.unwrap_or_default();
        let string = |raw: Option<&RawValue>| raw.and_then(|raw| json::text(wire, raw)).unwrap_or_default();
        if self.start.is_none() {
            let id = string(chunk.id);
            // Azure's first chunk tells of the prompt's filters and has neither id nor choices.
            if !id.is_empty() || !choices.is_empty() {
                let created = chunk.created.and_then(|raw| raw.get().parse().ok());
                let start = Start { id, model: string(chunk.model), created };
                self.start = Some(start.clone());
                deltas.push(Delta::Start(start));
            }
        }
        let answer = self.start.as_ref().map(|start| start.id.clone()).unwrap_or_default();
        for choice in choices {
            let state = state(&mut self.choices, choice.index.unwrap_or(0));
            if let Some(piece) = choice.delta.or(choice.message) {
                state.read(wire, &piece, &answer, deltas);
            }
            if let Some(word) = choice.finish_reason.and_then(|raw| json::text(wire, raw)) {
                // Shared with the chunk, the word would keep all of it in memory.
                state.finish(Text::from(word.as_str()), deltas);
            }
        }
        let usage = chunk.usage.or_else(|| chunk.x_groq.and_then(|groq| groq.usage));
        deltas.extend(usage.and_then(|raw| usage::read(wire, raw)).map(Delta::Usage));
    }
}

fn state(choices: &mut Vec<ChoiceState>, index: u32) -> &mut ChoiceState {
    let at = choices.iter().position(|state| state.index == index).unwrap_or_else(|| {
        choices.push(ChoiceState::new(index));
        choices.len() - 1
    });
    &mut choices[at]
}

/// An error without an `error` field: `{"object": "error", "message": …}` and `{"code": …, "message": …}`.
fn is_bare_error(chunk: &Chunk<'_>, text: &str) -> bool {
    chunk.choices.is_none() && chunk.usage.is_none() && chunk.id.is_none() && text.contains("\"message\"")
}
