//! Streams, out.

use std::mem;

use backstop_core::{
    Delta, Dialect, Event, Extra, Failure, Finish, Form, Kind, Part, PartKind, Start, ToolKind, Usage,
};
use bytes::Bytes;
use memchr::{memchr2, memmem};

use super::{
    error,
    open_block::{OpenBlock, Shape},
    words::{stop_reason, write_usage},
    write_answer::{call_id, is_citation, is_own, message_id, write_block_extra, write_own_extra},
    write_part::says_nothing,
};
use crate::{
    Voice,
    dropped::Dropped,
    gemini::is_ours,
    json::{Object, write_object},
};

/// Writes the events of one answer: one `message_start`, each block opened and closed once and in order, one
/// `message_delta` with the stop reason and the usage, one `message_stop`.
///
/// - An answer has one choice here; others are passed over.
/// - Deltas of tool calls may come interleaved. One block is open at a time: the deltas of others wait until the open
///   call's arguments are complete JSON, or the answer ends.
/// - No block is opened for an empty text.
/// - The `message_delta` waits for the usage where that comes after the finish.
/// - Images, sound and what only another dialect knows cannot be said in this one; a comment says so.
#[derive(Debug)]
pub(crate) struct StreamEncoder {
    voice: Voice,
    start: Start,
    state: State,
    open: Option<OpenBlock>,
    /// Deltas of blocks that wait for the open one.
    held: Vec<Delta>,
    next_index: u64,
    finish: Option<Finish>,
    usage: Option<Usage>,
    of_answer: Extra,
    of_choice: Extra,
    refuses: bool,
    calls: bool,
    dropped: Dropped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    New,
    /// `message_start` is out.
    Started,
    /// `message_delta` is out.
    Finished,
    /// `message_stop` or an error is out.
    Stopped,
}

impl StreamEncoder {
    pub(crate) fn new(voice: Voice) -> Self {
        Self {
            voice,
            start: Start::default(),
            state: State::New,
            open: None,
            held: Vec::new(),
            next_index: 0,
            finish: None,
            usage: None,
            of_answer: Extra::new(),
            of_choice: Extra::new(),
            refuses: false,
            calls: false,
            dropped: Dropped::default(),
        }
    }

    pub(crate) fn event(&mut self, event: &Event) -> Bytes {
        if self.state == State::Stopped {
            return Bytes::new();
        }
        if let Some(wire) = event.wire()
            && (wire.dialect, wire.form) == (Dialect::AnthropicMessages, Form::Stream)
        {
            let ends = event.deltas().iter().any(|delta| matches!(delta, Delta::End | Delta::Finish { .. }));
            let mut out = Vec::new();
            if ends && (self.finish.is_some() || !self.held.is_empty()) && self.state < State::Finished {
                self.message_delta(&mut out);
            }
            self.note(event, &wire.bytes);
            if out.is_empty() {
                return wire.bytes.clone();
            }
            out.extend_from_slice(&wire.bytes);
            return Bytes::from(out);
        }
        let (mut out, mut starts) = (Vec::new(), false);
        for delta in event.deltas() {
            starts |= matches!(delta, Delta::Start(_));
            self.delta(&mut out, delta);
        }
        if starts {
            self.message_start(&mut out);
        }
        Bytes::from(out)
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        if self.finish.is_none() && self.state < State::Finished {
            return self.fail(&Failure::new(Kind::Malformed, "the answer ended without a finish reason"));
        }
        let mut out = Vec::new();
        self.message_stop(&mut out);
        Bytes::from(out)
    }

    pub(crate) fn fail(&mut self, failure: &Failure) -> Bytes {
        if self.state == State::Stopped {
            return Bytes::new();
        }
        self.state = State::Stopped;
        let mut out = Vec::new();
        write_event(&mut out, "error", |object| error::write(object, failure, &self.voice));
        Bytes::from(out)
    }

    /// Takes note of an event that goes out as it came.
    fn note(&mut self, event: &Event, wire: &[u8]) {
        let mut number = None;
        let mut is_piece = false;
        for delta in event.deltas() {
            match delta {
                Delta::Start(start) => {
                    (self.start, self.state) = (start.clone(), self.state.max(State::Started))
                }
                Delta::Usage(usage) => self.usage = Some(usage.clone()),
                Delta::Finish { finish, .. } => {
                    (self.finish, self.state) = (Some(finish.clone()), State::Finished);
                }
                Delta::End => self.state = State::Stopped,
                Delta::Text { block, text, .. } | Delta::Reasoning { block, text, .. } => {
                    (number, is_piece) = (Some(*block), !text.is_empty());
                }
                Delta::ToolCallArguments { fragment, .. } => is_piece = !fragment.starts_with('{'),
                Delta::ToolCallStart { block, .. } | Delta::Part { block, .. } => number = Some(*block),
                _ => {}
            }
        }
        if is_piece && event.deltas().len() == 1 {
            return;
        }
        if memmem::find(wire, b"content_block_start").is_some() {
            let block = number.or_else(|| self.next_index.try_into().ok()).unwrap_or_default();
            self.open = Some(OpenBlock::new(block, self.next_index, Shape::of_start(event.deltas())));
            self.next_index += 1;
        } else if memmem::find(wire, b"content_block_stop").is_some() {
            self.open = None;
        }
    }

    fn delta(&mut self, out: &mut Vec<u8>, delta: &Delta) {
        match delta {
            Delta::Start(start) if self.state == State::New => self.start = start.clone(),
            Delta::Start(_) => {}
            Delta::Usage(usage) => {
                self.usage = Some(usage.clone());
                if self.finish.is_some() && self.state < State::Finished {
                    self.message_delta(out);
                }
            }
            Delta::Finish { choice: 0, finish } => self.finish = Some(finish.clone()),
            Delta::Extra { choice: None, extra } => self.of_answer.merge(extra.clone()),
            Delta::Extra { choice: Some(0), extra } => self.of_choice.merge(extra.clone()),
            Delta::End if self.finish.is_some() => self.message_stop(out),
            // Clients of this dialect expect the start before anything else.
            Delta::Ping if self.state == State::New => {}
            Delta::Ping => write_event(out, "ping", |object| object.string("type", "ping")),
            Delta::Text { choice: 0, block, text }
            | Delta::Reasoning { choice: 0, block, text }
            | Delta::Refusal { choice: 0, block, text } => {
                if !text.is_empty() {
                    self.content(out, *block, delta);
                }
            }
            Delta::Signature { choice: 0, block, .. }
            | Delta::ToolCallStart { choice: 0, block, .. }
            | Delta::ToolCallArguments { choice: 0, block, .. }
            | Delta::Citation { choice: 0, block, .. }
            | Delta::Part { choice: 0, block, .. } => self.content(out, *block, delta),
            Delta::End | Delta::Extra { .. } => {}
            Delta::Finish { choice, .. }
            | Delta::Text { choice, .. }
            | Delta::Reasoning { choice, .. }
            | Delta::Refusal { choice, .. }
            | Delta::Signature { choice, .. }
            | Delta::ToolCallStart { choice, .. }
            | Delta::ToolCallArguments { choice, .. }
            | Delta::Citation { choice, .. }
            | Delta::Part { choice, .. } => {
                let field = format_args!("choices[{choice}]");
                self.dropped.tell(out, field, "Anthropic Messages gives one answer");
            }
        }
    }

    /// A delta of the block `number`: now, or later where another block is not done.
    fn content(&mut self, out: &mut Vec<u8>, number: u32, delta: &Delta) {
        if self.state >= State::Finished {
            return;
        }
        self.message_start(out);
        let is_open = self.open.as_ref().is_some_and(|open| open.number() == number);
        if !is_open && (!self.held.is_empty() || self.open.as_ref().is_some_and(OpenBlock::waits)) {
            self.held.push(delta.clone());
            return;
        }
        self.write(out, number, delta);
        if !self.held.is_empty() && !self.open.as_ref().is_some_and(OpenBlock::waits) {
            self.release(out, false);
        }
    }

    /// Writes what waits, block by block; all of it where the answer ends.
    fn release(&mut self, out: &mut Vec<u8>, all: bool) {
        while let Some(number) = self.held.first().and_then(number_of) {
            if !all && self.open.as_ref().is_some_and(OpenBlock::waits) {
                return;
            }
            let held = mem::take(&mut self.held);
            let (now, later) =
                held.into_iter().partition::<Vec<_>, _>(|delta| number_of(delta) == Some(number));
            self.held = later;
            for delta in now {
                self.write(out, number, &delta);
            }
        }
    }

    fn write(&mut self, out: &mut Vec<u8>, number: u32, delta: &Delta) {
        match delta {
            Delta::Text { text, .. } => self.text(out, number, text),
            Delta::Refusal { text, .. } => {
                self.refuses = true;
                self.text(out, number, text);
            }
            Delta::Citation { citation, .. } if is_citation(citation) => {
                self.ensure_text(out, number);
                self.piece(out, "citations_delta", |object| object.json("citation", citation));
            }
            Delta::Reasoning { text, .. } => {
                self.ensure_thinking(out, number);
                self.piece(out, "thinking_delta", |object| object.string("thinking", text));
            }
            Delta::Signature { signature, .. } => {
                self.ensure_thinking(out, number);
                self.piece(out, "signature_delta", |object| object.string("signature", signature));
            }
            Delta::ToolCallStart { id, name, kind, .. } => {
                self.calls = true;
                let shape = if *kind == ToolKind::Custom {
                    Shape::FreeText { has_begun: false }
                } else {
                    Shape::arguments()
                };
                self.begin(out, number, shape, |object| {
                    object.string("type", "tool_use");
                    object.string("id", &call_id(id));
                    object.string("name", name);
                    object.raw("input", "{}");
                });
            }
            Delta::ToolCallArguments { fragment, .. } => {
                // A call that is closed had complete arguments.
                if let Some(open) = self.open.as_mut().filter(|open| open.number() == number) {
                    open.arguments(out, fragment);
                }
            }
            Delta::Part { part, .. } => self.part(out, number, part),
            Delta::Citation { .. } => {
                let field = format_args!("content[{number}].citations");
                self.dropped.tell(out, field, "another dialect's citations have no place here");
            }
            _ => {}
        }
    }

    fn text(&mut self, out: &mut Vec<u8>, number: u32, text: &str) {
        self.ensure_text(out, number);
        self.piece(out, "text_delta", |object| object.string("text", text));
    }

    fn ensure_text(&mut self, out: &mut Vec<u8>, number: u32) {
        self.ensure(out, number, Shape::Text, |object| {
            object.string("type", "text");
            object.string("text", "");
        });
    }

    fn ensure_thinking(&mut self, out: &mut Vec<u8>, number: u32) {
        self.ensure(out, number, Shape::Thinking, |object| {
            object.string("type", "thinking");
            object.string("thinking", "");
            object.string("signature", "");
        });
    }

    fn piece(&self, out: &mut Vec<u8>, kind: &str, fill: impl FnOnce(&mut Object<'_>)) {
        if let Some(open) = &self.open {
            open.piece(out, kind, fill);
        }
    }

    /// A whole piece.
    fn part(&mut self, out: &mut Vec<u8>, number: u32, part: &Part) {
        let choice = 0;
        match &part.kind {
            PartKind::Opaque { dialect: Dialect::AnthropicMessages, json } => {
                let mut fields = super::words::fields_of(json).unwrap_or_default();
                let streams = fields.get("input").is_some_and(|input| input.as_str().starts_with('{'));
                let input = if streams { fields.remove("input") } else { None };
                self.begin(out, number, Shape::arguments(), |object| {
                    object.extra(&fields);
                    if input.is_some() {
                        object.raw("input", "{}");
                    }
                });
                if let (Some(open), Some(input)) = (&mut self.open, input) {
                    open.arguments(out, input.as_str());
                }
                self.close(out);
            }
            PartKind::RedactedReasoning { data } => {
                self.begin(out, number, Shape::Thinking, |object| {
                    object.string("type", "redacted_thinking");
                    object.string("data", data);
                });
                self.close(out);
            }
            PartKind::Text { text, citations } => {
                if !text.is_empty() {
                    self.text(out, number, text);
                }
                for citation in citations {
                    let citation = citation.clone();
                    self.write(out, number, &Delta::Citation { choice, block: number, citation });
                }
            }
            PartKind::Reasoning { text, signature } => {
                if !text.is_empty() {
                    self.write(out, number, &Delta::Reasoning { choice, block: number, text: text.clone() });
                }
                if let Some(signature) = signature.clone() {
                    self.write(out, number, &Delta::Signature { choice, block: number, signature });
                }
            }
            PartKind::Refusal { text } => {
                self.refuses = true;
                self.text(out, number, text);
            }
            PartKind::ToolCall(call) => {
                let (id, name, kind) = (call.id.clone(), call.name.clone(), call.kind);
                self.write(out, number, &Delta::ToolCallStart { choice, block: number, id, name, kind });
                let fragment = call.arguments.clone();
                self.write(out, number, &Delta::ToolCallArguments { choice, block: number, fragment });
            }
            PartKind::Image { .. }
            | PartKind::Audio { .. }
            | PartKind::Document { .. }
            | PartKind::ToolResult(_)
            | PartKind::Opaque { .. } => {
                let field = format_args!("content[{number}]");
                self.dropped.tell(out, field, "an answer of Anthropic Messages cannot hold this content");
            }
        }
    }

    /// Begins the block `number` where it is not open.
    fn ensure(&mut self, out: &mut Vec<u8>, number: u32, shape: Shape, fill: impl FnOnce(&mut Object<'_>)) {
        if !self.open.as_ref().is_some_and(|open| open.number() == number && open.is_like(&shape)) {
            self.begin(out, number, shape, fill);
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>, number: u32, shape: Shape, fill: impl FnOnce(&mut Object<'_>)) {
        self.close(out);
        let index = self.next_index;
        self.next_index += 1;
        write_event(out, "content_block_start", |object| {
            object.string("type", "content_block_start");
            object.number("index", index);
            object.object("content_block", |object| {
                fill(object);
                write_block_extra(object, number, &self.of_choice);
            });
        });
        self.open = Some(OpenBlock::new(number, index, shape));
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(open) = self.open.take() {
            open.close(out);
        }
    }

    fn message_start(&mut self, out: &mut Vec<u8>) {
        if self.state != State::New {
            return;
        }
        self.state = State::Started;
        write_event(out, "message_start", |object| {
            object.string("type", "message_start");
            object.object("message", |object| {
                object.string("id", &message_id(&self.start.id, &self.voice));
                object.string("type", "message");
                object.string("role", "assistant");
                object.string("model", &self.start.model);
                object.array("content", |_| {});
                object.null("stop_reason");
                object.null("stop_sequence");
                write_usage(object, self.usage.as_ref());
            });
        });
    }

    fn message_delta(&mut self, out: &mut Vec<u8>) {
        self.message_start(out);
        self.release(out, true);
        self.close(out);
        let Some(finish) = &self.finish else { return };
        let own = is_own(self.usage.as_ref(), Some(finish));
        if !own {
            for extra in [&self.of_answer, &self.of_choice] {
                for (name, _) in extra.iter().filter(|(name, value)| !says_nothing(value) && !is_ours(name)) {
                    self.dropped.tell(out, name, "Anthropic Messages has no such field");
                }
            }
        }
        let (reason, original) = stop_reason(finish, self.refuses, self.calls);
        self.state = State::Finished;
        write_event(out, "message_delta", |object| {
            object.string("type", "message_delta");
            object.object("delta", |object| {
                object.string("stop_reason", reason);
                match &finish.stop_sequence {
                    Some(sequence) => object.string("stop_sequence", sequence),
                    None => object.null("stop_sequence"),
                }
                object.maybe_string("native_finish_reason", original);
                if own {
                    write_own_extra(object, &self.of_answer, &self.of_choice);
                }
            });
            write_usage(object, self.usage.as_ref());
        });
    }

    fn message_stop(&mut self, out: &mut Vec<u8>) {
        if self.state == State::Stopped {
            return;
        }
        if self.state < State::Finished {
            self.message_delta(out);
        }
        self.state = State::Stopped;
        write_event(out, "message_stop", |object| object.string("type", "message_stop"));
    }
}

/// Writes one event.
pub(super) fn write_event(out: &mut Vec<u8>, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    let mut at = out.len();
    write_object(out, fill);
    // JSON that others wrote may be spread over lines; a line of data may not. Within strings they are escaped anyway.
    while let Some(found) = memchr2(b'\n', b'\r', &out[at..]) {
        at += found;
        out[at] = b' ';
    }
    out.extend_from_slice(b"\n\n");
}

/// The block that a delta of content is of.
const fn number_of(delta: &Delta) -> Option<u32> {
    match delta {
        Delta::Text { block, .. }
        | Delta::Reasoning { block, .. }
        | Delta::Signature { block, .. }
        | Delta::Refusal { block, .. }
        | Delta::ToolCallStart { block, .. }
        | Delta::ToolCallArguments { block, .. }
        | Delta::Citation { block, .. }
        | Delta::Part { block, .. } => Some(*block),
        Delta::Start(_)
        | Delta::Extra { .. }
        | Delta::Usage(_)
        | Delta::Finish { .. }
        | Delta::End
        | Delta::Ping => None,
    }
}
