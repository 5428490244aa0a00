//! One alternative of an answer, as deltas: for whole answers and for streams.

use backstop_core::{Delta, Extra, Finish, Json, Part, PartKind, Text, ToolCall, ToolKind};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    names::{absent, note},
    read_part::{self, Kind},
    read_request::MADE_UP,
    words::finish_reason,
};
use crate::json::{self, Error, Fields, Path};

/// One alternative, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    pub(super) index: u32,
    next: u32,
    open: Option<(Growing, u32)>,
    calls: usize,
    pub(super) finished: bool,
    /// Whether it is read from a whole answer, of which nothing is lost and no two parts become one.
    whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growing {
    Text,
    Thought,
}

impl Candidate {
    pub(super) fn new(index: u32, whole: bool) -> Self {
        Self { index, whole, ..Self::default() }
    }

    /// Adds what `fields` bring. `answer` is the answer's id, of which ids of calls are made that have none.
    pub(super) fn read(
        &mut self,
        wire: &Bytes,
        mut fields: Fields<'_, '_>,
        answer: &str,
        deltas: &mut Vec<Delta>,
    ) -> Result<(), Error> {
        let mut extra = Extra::new();
        let (at, mut said) = (Path::Root.field("content"), Vec::new());
        match fields.value("content") {
            Some(raw) => {
                let mut content = Fields::open(wire, raw, at)?;
                let role = content.take("role").and_then(json::string);
                match content.list("parts")? {
                    Some(parts) => {
                        for (index, raw) in parts.into_iter().enumerate() {
                            self.part(wire, raw, at.field("parts").item(index), answer, &mut said)?;
                        }
                        if role.as_deref() != Some("model") {
                            note(&mut extra, "role", role.map_or_else(absent, |role| Json::string(&role)));
                        }
                    }
                    None => note(&mut extra, "content", json::json(wire, raw)),
                }
            }
            None => note(&mut extra, "content", absent()),
        }
        let word = fields.text("finishReason")?.filter(|word| !word.is_empty());
        if fields.take("index").is_none() {
            note(&mut extra, "index", absent());
        }
        if !self.whole {
            // Notes of a chunk are not those of the answer.
            extra = Extra::new();
        }
        extra.merge(fields.rest());
        if !extra.is_empty() {
            deltas.push(Delta::Extra { choice: Some(self.index), extra });
        }
        deltas.append(&mut said);
        if let Some(word) = word.filter(|_| !self.finished) {
            self.finished = true;
            let reason = finish_reason(&word, self.calls > 0);
            // Shared with the chunk, the word would keep all of it in memory.
            deltas.push(Delta::Finish {
                choice: self.index,
                finish: Finish::new(reason, Text::from(word.as_str())),
            });
        }
        Ok(())
    }

    fn part(
        &mut self,
        wire: &Bytes,
        raw: &RawValue,
        path: Path<'_>,
        answer: &str,
        deltas: &mut Vec<Delta>,
    ) -> Result<(), Error> {
        let read = read_part::read(wire, raw, path)?;
        let (choice, mut extra) = (self.index, read.extra);
        if !self.whole {
            extra = Extra::new();
        }
        let whole =
            |block, kind, extra| Delta::Part { choice, block, part: Part { kind, cache: None, extra } };
        if let Kind::Thought(text) = read.kind {
            if !extra.is_empty() {
                let block = self.new_block();
                deltas.push(whole(block, PartKind::Reasoning { text, signature: read.seal }, extra));
                return Ok(());
            }
            let block = self.block(Growing::Thought);
            deltas.push(Delta::Reasoning { choice, block, text });
            if let Some(signature) = read.seal {
                deltas.push(Delta::Signature { choice, block, signature });
                self.open = None;
            }
            return Ok(());
        }
        if let Kind::Redacted(data) = read.kind {
            let block = self.new_block();
            deltas.push(whole(block, PartKind::RedactedReasoning { data }, extra));
            return Ok(());
        }
        if let Some(signature) = read.seal {
            // A seal on anything but a thought stands before it, as a piece of its own.
            let block = self.new_block();
            deltas.push(Delta::Signature { choice, block, signature });
        }
        match read.kind {
            Kind::Text(text) if extra.is_empty() => {
                let block = self.block(Growing::Text);
                deltas.push(Delta::Text { choice, block, text });
            }
            Kind::Text(text) => {
                let block = self.new_block();
                deltas.push(whole(block, PartKind::Text { text, citations: Vec::new() }, extra));
            }
            Kind::Call { id, name, arguments } => {
                let block = self.new_block();
                if id.is_none() && self.whole {
                    note(&mut extra, "id", absent());
                }
                let id = id.unwrap_or_else(|| made_up_id(answer, choice, self.calls));
                self.calls += 1;
                let kind = ToolKind::Function;
                if extra.is_empty() {
                    deltas.push(Delta::ToolCallStart { choice, block, id, name, kind });
                    deltas.push(Delta::ToolCallArguments { choice, block, fragment: arguments });
                } else {
                    deltas.push(whole(
                        block,
                        PartKind::ToolCall(ToolCall { id, name, arguments, kind }),
                        extra,
                    ));
                }
            }
            Kind::Whole(kind) => {
                let block = self.new_block();
                deltas.push(whole(block, kind, extra));
            }
            // No answer holds results, and thoughts are done with.
            Kind::Result { .. } | Kind::Thought(_) | Kind::Redacted(_) => {
                let block = self.new_block();
                let json = json::json(wire, raw);
                let kind = PartKind::Opaque { dialect: backstop_core::Dialect::GeminiGenerate, json };
                deltas.push(whole(block, kind, Extra::new()));
            }
        }
        Ok(())
    }

    fn block(&mut self, what: Growing) -> u32 {
        match self.open {
            Some((open, block)) if open == what && !self.whole => block,
            _ => {
                let block = self.new_block();
                self.open = Some((what, block));
                block
            }
        }
    }

    fn new_block(&mut self) -> u32 {
        self.open = None;
        self.next += 1;
        self.next - 1
    }
}

/// An id for the `number`th call of an answer whose provider gave it none, within the 40 characters that OpenAI takes back.
fn made_up_id(answer: &str, choice: u32, number: usize) -> Text {
    let answer: String = answer.chars().filter(char::is_ascii_alphanumeric).collect();
    let answer = &answer[answer.len().saturating_sub(20)..];
    format!("{MADE_UP}{answer}_{choice}_{number}").into()
}
