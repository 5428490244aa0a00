//! What a chunk's `delta` or an answer's `message` brings, as deltas: one machine for both.

use backstop_core::{Delta, Dialect, Extra, Finish, Json, Part, PartKind, Text, ToolCall, ToolKind};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{decode_message::arguments_name, decode_request::kind_name, finish, reasoning};
use crate::json::{self, Fields, Path};

/// The fields of a `delta` or `message` that mean something, unread. All else is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece<'a> {
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) reasoning_details: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) audio: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    index: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function: Option<&'a RawValue>,
    #[serde(borrow, default)]
    custom: Option<&'a RawValue>,
}

/// One alternative, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct ChoiceState {
    pub(super) index: u32,
    next_block: u32,
    /// The text, reasoning or refusal that is growing.
    open: Option<(Growing, u32)>,
    calls: Vec<CallState>,
    /// The first halves of characters whose second halves are in the next pieces, by what is growing.
    halves: [Option<u16>; 3],
    refused: bool,
    /// Whether reasoning came as plain text.
    plain: bool,
    pub(super) finished: bool,
    /// Whether it is read from a whole answer, of which no field is lost.
    whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growing {
    Text,
    Reasoning,
    Refusal,
}

#[derive(Debug)]
struct CallState {
    index: Option<u64>,
    id: Text,
    block: u32,
    half: Option<u16>,
}

impl ChoiceState {
    pub(super) fn new(index: u32) -> Self {
        Self { index, ..Self::default() }
    }

    /// A choice of a whole answer.
    pub(super) fn whole(index: u32) -> Self {
        Self { whole: true, ..Self::new(index) }
    }

    /// Adds what `piece` brings. `answer` is the answer's id, of which ids of calls are made that have none.
    pub(super) fn read(&mut self, wire: &Bytes, piece: &Piece<'_>, answer: &str, deltas: &mut Vec<Delta>) {
        let mut fresh = true;
        for raw in [piece.reasoning_content, piece.reasoning].into_iter().flatten() {
            if fresh && let Some(text) = self.said(Growing::Reasoning, wire, raw) {
                (fresh, self.plain) = (false, true);
                self.grow(Growing::Reasoning, text, deltas);
            }
        }
        if let Some(details) = piece.reasoning_details.and_then(json::items) {
            for raw in details {
                self.detail(wire, raw, deltas);
            }
        }
        if let Some(raw) = piece.content {
            self.content(wire, raw, deltas);
        }
        if let Some(text) = piece.refusal.and_then(|raw| self.said(Growing::Refusal, wire, raw)) {
            self.refused = true;
            self.grow(Growing::Refusal, text, deltas);
        }
        for raw in piece.annotations.and_then(json::items).unwrap_or_default() {
            let (choice, block, citation) = (self.index, self.block(Growing::Text), json::json(wire, raw));
            deltas.push(Delta::Citation { choice, block, citation });
        }
        if let Some(audio) = piece.audio {
            self.named("audio", &json::json(wire, audio), deltas);
        }
        // The predecessor of tool calls: it has no id, so only its own dialect can say it.
        if let Some(call) = piece.function_call {
            self.named("function_call", &json::json(wire, call), deltas);
        }
        for raw in piece.tool_calls.and_then(json::items).unwrap_or_default() {
            if let Ok(call) = serde_json::from_str::<Call<'_>>(raw.get()) {
                self.call(wire, raw, &call, answer, deltas);
            }
        }
    }

    /// A piece that brings nothing but text.
    pub(super) fn text(&mut self, text: Text) -> Delta {
        Delta::Text { choice: self.index, block: self.block(Growing::Text), text }
    }

    /// The end of the choice, if `word` is one; told once.
    pub(super) fn finish(&mut self, word: Text, deltas: &mut Vec<Delta>) {
        if word.is_empty() || self.finished {
            return;
        }
        self.finished = true;
        let reason = finish::read(&word, !self.calls.is_empty(), self.refused);
        deltas.push(Delta::Finish { choice: self.index, finish: Finish::new(reason, word) });
    }

    /// A string, or a list of text and thinking pieces (Mistral).
    fn content(&mut self, wire: &Bytes, raw: &RawValue, deltas: &mut Vec<Delta>) {
        if let Some(text) = self.said(Growing::Text, wire, raw) {
            return self.grow(Growing::Text, text, deltas);
        }
        for raw in json::items(raw).unwrap_or_default() {
            let Ok(part) = Fields::open(wire, raw, Path::Root) else { continue };
            match part.get_text("type").as_deref() {
                Some("text") => {
                    if let Some(text) = part.get("text").and_then(|raw| text(wire, raw)) {
                        self.grow(Growing::Text, text, deltas);
                    }
                }
                Some("refusal") => {
                    if let Some(text) = part.get("refusal").and_then(|raw| text(wire, raw)) {
                        self.refused = true;
                        self.grow(Growing::Refusal, text, deltas);
                    }
                }
                Some("thinking") => {
                    let Some(thinking) = part.get("thinking") else { continue };
                    if let Some(text) = text(wire, thinking) {
                        self.grow(Growing::Reasoning, text, deltas);
                    }
                    for raw in json::items(thinking).unwrap_or_default() {
                        let Ok(piece) = Fields::open(wire, raw, Path::Root) else { continue };
                        if let Some(text) = piece.get("text").and_then(|raw| text(wire, raw)) {
                            self.grow(Growing::Reasoning, text, deltas);
                        }
                    }
                }
                _ => self.opaque(json::json(wire, raw), deltas),
            }
        }
    }

    /// One of `reasoning_details`. Where reasoning comes as plain text too, the text here is a repetition.
    fn detail(&mut self, wire: &Bytes, raw: &RawValue, deltas: &mut Vec<Delta>) {
        let (choice, said) = (self.index, self.plain);
        let part = reasoning::read_detail(wire, raw, 0);
        let silent = matches!(&part.kind, PartKind::Reasoning { text, .. } if text.is_empty());
        if self.whole && silent && !part.extra.is_empty() {
            // Which call it seals is said beside it.
            let block = self.new_block();
            self.open = None;
            return deltas.push(Delta::Part { choice, block, part });
        }
        match part.kind {
            PartKind::Reasoning { text, signature } => {
                if !said && !text.is_empty() {
                    self.grow(Growing::Reasoning, text, deltas);
                }
                if let Some(signature) = signature {
                    let block = self.block(Growing::Reasoning);
                    deltas.push(Delta::Signature { choice, block, signature });
                    // The seal ends the piece: what follows is the next one.
                    self.open = None;
                }
            }
            PartKind::Opaque { json, .. } => {
                let fields = Fields::open(wire, raw, Path::Root);
                let text =
                    fields.ok().filter(|fields| fields.get_text("type").as_deref() == Some("reasoning.text"));
                let text = text.and_then(|fields| self::text(wire, fields.get("text")?));
                // Readable, and not sealed: in a stream the text is all there is to it.
                let readable = text.is_some() && !sealed(raw);
                if let Some(text) = text.filter(|_| readable && !said) {
                    self.grow(Growing::Reasoning, text, deltas);
                }
                if self.whole || !readable {
                    self.opaque(json, deltas);
                }
            }
            kind => {
                let block = self.new_block();
                deltas.push(Delta::Part { choice, block, part: Part::new(kind) });
            }
        }
    }

    fn call(&mut self, wire: &Bytes, raw: &RawValue, call: &Call<'_>, answer: &str, deltas: &mut Vec<Delta>) {
        let (kind, inner) = match (call.function, call.custom) {
            (None, Some(custom)) => (ToolKind::Custom, Some(custom)),
            (function, _) => (ToolKind::Function, function),
        };
        let inner = inner.and_then(|raw| Fields::open(wire, raw, Path::Root).ok());
        let field = |name: &str| inner.as_ref().and_then(|inner| inner.get(name));
        let name = field("name").and_then(|raw| text(wire, raw));
        let arguments = field(if kind == ToolKind::Custom { "input" } else { "arguments" });
        let index = call.index.and_then(|raw| raw.get().parse::<u64>().ok());
        let id = call.id.and_then(|raw| text(wire, raw));

        let choice = self.index;
        // Some servers give every call the index 0, or none: then a new id with a name is a new call.
        let known = self.calls.iter().rposition(|known| match (index, &id) {
            (Some(index), None) => known.index == Some(index),
            (Some(index), Some(id)) => known.index == Some(index) && (known.id == *id || name.is_none()),
            (None, Some(id)) => known.id == *id,
            (None, None) => name.is_none(),
        });
        let at = match known {
            Some(at) => at,
            None => {
                let block = self.new_block();
                self.open = None;
                let id = id.unwrap_or_else(|| Text::from(made_up(answer, choice, self.calls.len())));
                self.calls.push(CallState { index, id: id.clone(), block, half: None });
                if let Some(extra) =
                    self.whole.then(|| call_extra(wire, raw, kind)).filter(|extra| !extra.is_empty())
                {
                    let arguments = arguments
                        .map(|raw| json::text(wire, raw).unwrap_or_else(|| object_of(wire, raw)))
                        .unwrap_or_default();
                    let call = ToolCall { id, name: name.unwrap_or_default(), arguments, kind };
                    let part = Part { kind: PartKind::ToolCall(call), cache: None, extra };
                    return deltas.push(Delta::Part { choice, block, part });
                }
                deltas.push(Delta::ToolCallStart { choice, block, id, name: name.unwrap_or_default(), kind });
                self.calls.len() - 1
            }
        };
        let block = self.calls[at].block;
        let half = &mut self.calls[at].half;
        let fragment =
            arguments.map(|raw| json::fragment(wire, raw, half).unwrap_or_else(|| object_of(wire, raw)));
        let fragment = fragment.filter(|fragment| !fragment.is_empty());
        if let Some(fragment) = fragment {
            deltas.push(Delta::ToolCallArguments { choice, block, fragment });
        }
    }

    /// What a string says more of `what`, if anything.
    fn said(&mut self, what: Growing, wire: &Bytes, raw: &RawValue) -> Option<Text> {
        json::fragment(wire, raw, &mut self.halves[what as usize]).filter(|text| !text.is_empty())
    }

    fn grow(&mut self, what: Growing, text: Text, deltas: &mut Vec<Delta>) {
        let (choice, block) = (self.index, self.block(what));
        deltas.push(match what {
            Growing::Text => Delta::Text { choice, block, text },
            Growing::Reasoning => Delta::Reasoning { choice, block, text },
            Growing::Refusal => Delta::Refusal { choice, block, text },
        });
    }

    /// A piece that only this dialect knows, under its field's name.
    fn named(&mut self, name: &str, json: &Json, deltas: &mut Vec<Delta>) {
        self.opaque(json::object_json(|object| object.json(name, json)), deltas);
    }

    fn opaque(&mut self, json: Json, deltas: &mut Vec<Delta>) {
        let (choice, block) = (self.index, self.new_block());
        let part = Part::new(PartKind::Opaque { dialect: Dialect::OpenaiChat, json });
        deltas.push(Delta::Part { choice, block, part });
    }

    fn block(&mut self, what: Growing) -> u32 {
        match self.open {
            Some((open, block)) if open == what => block,
            _ => {
                let block = self.new_block();
                self.open = Some((what, block));
                block
            }
        }
    }

    fn new_block(&mut self) -> u32 {
        self.next_block += 1;
        self.next_block - 1
    }
}

/// A string that says something.
fn text(wire: &Bytes, raw: &RawValue) -> Option<Text> {
    json::text(wire, raw).filter(|text| !text.is_empty())
}

/// Arguments that are no string: some servers send the object itself.
fn object_of(wire: &Bytes, raw: &RawValue) -> Text {
    match raw.get() {
        "null" => Text::default(),
        object => Text::slice_of(wire, object),
    }
}

/// The fields of a call that have no name here.
fn call_extra(wire: &Bytes, raw: &RawValue, kind: ToolKind) -> Extra {
    let Ok(mut fields) = Fields::open(wire, raw, Path::Root) else { return Extra::new() };
    let mut extra = Extra::new();
    if let Some(inner) = fields.take(kind_name(kind)).and_then(|raw| Fields::open(wire, raw, Path::Root).ok())
    {
        let mut inner = inner;
        inner.take("name");
        inner.take(arguments_name(kind));
        inner.rest_into(&mut extra, kind_name(kind));
    }
    fields.take("id");
    fields.take("type");
    extra.merge(fields.rest());
    extra
}

/// Whether a detail holds a seal of any maker.
fn sealed(raw: &RawValue) -> bool {
    raw.get().contains("\"signature\":\"") || raw.get().contains("\"signature\": \"")
}

/// An id for the `number`th call of an answer whose provider gave it none: other dialects cannot do without. Within 40
/// characters, which is the most that OpenAI takes back.
pub(crate) fn made_up(answer: &str, choice: u32, number: usize) -> String {
    let answer: String = answer.chars().filter(char::is_ascii_alphanumeric).collect();
    let answer = &answer[answer.len().saturating_sub(22)..];
    format!("call_{answer}_{choice}_{number}")
}
