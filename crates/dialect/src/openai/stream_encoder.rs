//! Streams out.

use backstop_core::{
    Delta, Dialect, Event, Failure, Finish, FinishReason, Form, Part, PartKind, Start, Text, ToolCall,
    ToolKind, Usage,
};
use bytes::Bytes;

use super::{
    decode_message::arguments_name,
    decode_request::kind_name,
    encode_answer::{image_of, is_annotation, made_up_id, write_image},
    encode_message::write_tool_call,
    error, finish, reasoning, usage,
};
use crate::{
    Voice,
    dropped::Dropped,
    gemini::is_ours,
    json::{Object, write_object},
    seal,
};

/// Writes the chunks of one answer.
#[derive(Debug)]
pub(crate) struct StreamEncoder {
    voice: Voice,
    start: Option<Start>,
    choices: Vec<ChoiceState>,
    usage: Option<Usage>,
    /// The usage that is known has been told.
    usage_told: bool,
    done: bool,
    dropped: Dropped,
}

#[derive(Debug)]
struct ChoiceState {
    index: u32,
    /// The first chunk, with the role, is out.
    opened: bool,
    calls: Vec<Call>,
    /// The reasoning that is growing: its seal goes out with all of its text.
    reasoning: Option<(u32, String)>,
    details: usize,
    /// A seal of Gemini's that waits for what it stands on.
    seal: Option<Text>,
    refused: bool,
    finished: bool,
}

#[derive(Debug)]
struct Call {
    block: u32,
    kind: ToolKind,
    /// Whether any arguments came.
    argued: bool,
}

impl StreamEncoder {
    pub(crate) fn new(voice: Voice) -> Self {
        Self {
            voice,
            start: None,
            choices: Vec::new(),
            usage: None,
            usage_told: false,
            done: false,
            dropped: Dropped::default(),
        }
    }

    pub(crate) fn event(&mut self, event: &Event) -> Bytes {
        if self.done {
            return Bytes::new();
        }
        match event.wire() {
            Some(wire) if wire.dialect == Dialect::OpenaiChat && wire.form == Form::Stream => {
                event.deltas().iter().for_each(|delta| self.note(delta));
                if is_usage_alone(event) && !self.voice.include_usage {
                    return Bytes::new();
                }
                self.usage_told |= event.usage().is_some();
                wire.bytes.clone()
            }
            _ => {
                let mut out = Vec::with_capacity(256);
                event.deltas().iter().for_each(|delta| self.write(delta, &mut out));
                Bytes::from(out)
            }
        }
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        let mut out = Vec::new();
        if !self.done {
            for at in 0..self.choices.len() {
                if !self.choices[at].finished {
                    // Nobody said that this is a success.
                    let index = self.choices[at].index;
                    self.write_finish(index, &Finish::new(FinishReason::Error, "error"), &mut out);
                }
            }
            self.terminate(&mut out);
        }
        Bytes::from(out)
    }

    pub(crate) fn fail(&mut self, failure: &Failure) -> Bytes {
        let mut out = Vec::new();
        if !self.done {
            let voice = self.voice;
            self.write_chunk(&mut out, |chunk| {
                chunk.array("choices", |list| {
                    list.object(|choice| {
                        choice.number("index", 0);
                        choice.object("delta", |_| {});
                        choice.string("finish_reason", "error");
                    });
                });
                error::write_error(chunk, failure, &voice);
            });
            out.extend_from_slice(DONE);
            self.done = true;
        }
        Bytes::from(out)
    }

    /// Takes note of a delta that goes out as the provider's own bytes.
    fn note(&mut self, delta: &Delta) {
        match delta {
            Delta::Start(start) => self.start = Some(start.clone()),
            Delta::Usage(usage) => (self.usage, self.usage_told) = (Some(usage.clone()), false),
            Delta::End => self.done = true,
            Delta::Finish { choice, .. } => self.open(*choice).finished = true,
            Delta::Refusal { choice, .. } => self.open(*choice).refused = true,
            Delta::ToolCallStart { choice, block, kind, .. } => {
                let call = Call { block: *block, kind: *kind, argued: false };
                self.open(*choice).calls.push(call);
            }
            Delta::ToolCallArguments { choice, block, .. } => {
                let calls = &mut self.open(*choice).calls;
                if let Some(call) = calls.iter_mut().find(|call| call.block == *block) {
                    call.argued = true;
                }
            }
            Delta::Reasoning { choice, block, text } => self.open(*choice).reason(*block, text),
            Delta::Text { choice, .. }
            | Delta::Signature { choice, .. }
            | Delta::Citation { choice, .. }
            | Delta::Part { choice, .. } => {
                self.open(*choice);
            }
            Delta::Extra { .. } | Delta::Ping => {}
        }
    }

    fn write(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        if self.done {
            return;
        }
        match delta {
            Delta::Start(start) => {
                self.start = Some(start.clone());
                self.begin(0, out);
            }
            Delta::Text { choice, text, .. } => self.write_text(*choice, "content", text, out),
            Delta::Refusal { choice, text, .. } => {
                self.begin(*choice, out).refused = true;
                self.write_text(*choice, "refusal", text, out);
            }
            Delta::Reasoning { choice, block, text } => {
                self.begin(*choice, out).reason(*block, text);
                self.write_text(*choice, "reasoning_content", text, out);
            }
            // Gemini's seal stands on what comes next, which says whose it is.
            Delta::Signature { choice, signature, .. } if seal::gemini(signature).is_some() => {
                self.write_seal(*choice, None, out);
                self.begin(*choice, out).seal = Some(signature.clone());
            }
            Delta::Signature { choice, block, signature } => {
                let text = match self.begin(*choice, out).reasoning.take() {
                    Some((known, text)) if known == *block => text,
                    _ => String::new(),
                };
                let kind = PartKind::Reasoning { text: text.into(), signature: Some(signature.clone()) };
                self.write_detail(*choice, &Part::new(kind), None, out);
            }
            Delta::ToolCallStart { choice, block, id, name, kind } => {
                let call =
                    ToolCall { id: id.clone(), name: name.clone(), arguments: Text::default(), kind: *kind };
                self.write_call(*choice, *block, &call, out);
            }
            Delta::ToolCallArguments { choice, block, fragment } => {
                if fragment.is_empty() {
                    return;
                }
                let calls = &mut self.begin(*choice, out).calls;
                let Some(at) = calls.iter().position(|call| call.block == *block) else { return };
                calls[at].argued = true;
                let kind = calls[at].kind;
                self.write_arguments(*choice, at, kind, fragment, out);
            }
            Delta::Citation { choice, citation, .. } => {
                self.begin(*choice, out);
                let name = if is_annotation(citation) { "annotations" } else { "citations" };
                self.write_delta(out, *choice, |delta| delta.array(name, |list| list.json(citation)));
            }
            Delta::Part { choice, block, part } => self.write_part(*choice, *block, part, out),
            // Fields of another dialect; those of this one go out with the bytes that they came in.
            Delta::Extra { choice, extra } => {
                for (name, _) in extra.iter().filter(|(name, value)| !value.is_null() && !is_ours(name)) {
                    let place = choice.map(|choice| format!("choices[{choice}].")).unwrap_or_default();
                    self.dropped.tell(out, format_args!("{place}{name}"), "OpenAI Chat has no such field");
                }
            }
            Delta::Usage(usage) => (self.usage, self.usage_told) = (Some(usage.clone()), false),
            Delta::Finish { choice, finish } => self.write_finish(*choice, finish, out),
            Delta::End => self.terminate(out),
            Delta::Ping => out.extend_from_slice(PING),
        }
    }

    /// The choice, of which the provider's own bytes have said who speaks.
    fn open(&mut self, index: u32) -> &mut ChoiceState {
        let state = self.choice(index);
        state.opened = true;
        state
    }

    /// The choice, with its first chunk written.
    fn begin(&mut self, index: u32, out: &mut Vec<u8>) -> &mut ChoiceState {
        if !self.choice(index).opened {
            self.open(index);
            self.write_delta(out, index, |delta| {
                delta.string("role", "assistant");
                delta.string("content", "");
            });
        }
        self.choice(index)
    }

    fn choice(&mut self, index: u32) -> &mut ChoiceState {
        let at = self.choices.iter().position(|state| state.index == index).unwrap_or_else(|| {
            self.choices.push(ChoiceState::new(index));
            self.choices.len() - 1
        });
        &mut self.choices[at]
    }

    fn write_text(&mut self, choice: u32, name: &str, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.begin(choice, out);
        self.write_seal(choice, None, out);
        self.write_delta(out, choice, |delta| delta.string(name, text));
    }

    fn write_call(&mut self, choice: u32, block: u32, call: &ToolCall, out: &mut Vec<u8>) {
        self.write_seal(choice, Some(&call.id), out);
        let calls = &mut self.begin(choice, out).calls;
        let index = calls.len() as u64;
        calls.push(Call { block, kind: call.kind, argued: !call.arguments.is_empty() });
        self.write_delta(out, choice, |delta| {
            delta.array("tool_calls", |list| {
                list.object(|object| {
                    object.number("index", index);
                    write_tool_call(object, call, &call.id, &call.arguments, None);
                });
            });
        });
    }

    fn write_arguments(&self, choice: u32, index: usize, kind: ToolKind, fragment: &str, out: &mut Vec<u8>) {
        self.write_delta(out, choice, |delta| {
            delta.array("tool_calls", |list| {
                list.object(|object| {
                    object.number("index", index as u64);
                    object.object(kind_name(kind), |inner| inner.string(arguments_name(kind), fragment));
                });
            });
        });
    }

    /// Writes the seal that waits, if one does, with the id of the call that it seals.
    fn write_seal(&mut self, choice: u32, call: Option<&str>, out: &mut Vec<u8>) {
        if let Some(signature) = self.choice(choice).seal.take() {
            let kind = PartKind::Reasoning { text: Text::default(), signature: Some(signature) };
            self.write_detail(choice, &Part::new(kind), call, out);
        }
    }

    fn write_detail(&mut self, choice: u32, part: &Part, call: Option<&str>, out: &mut Vec<u8>) {
        let state = self.begin(choice, out);
        let position = state.details;
        state.details += 1;
        self.write_delta(out, choice, |delta| {
            delta.array("reasoning_details", |list| reasoning::write_detail(list, part, position, call));
        });
    }

    /// A piece that comes whole.
    fn write_part(&mut self, choice: u32, block: u32, part: &Part, out: &mut Vec<u8>) {
        match &part.kind {
            PartKind::Text { text, citations } => {
                self.write_text(choice, "content", text, out);
                for citation in citations {
                    self.write(&Delta::Citation { choice, block, citation: citation.clone() }, out);
                }
            }
            PartKind::Refusal { text } => {
                self.write(&Delta::Refusal { choice, block, text: text.clone() }, out)
            }
            PartKind::ToolCall(call) => self.write_call(choice, block, call, out),
            PartKind::Reasoning { text, signature } => {
                self.write_text(choice, "reasoning_content", text, out);
                if signature.is_some() {
                    self.write_detail(choice, part, None, out);
                }
            }
            PartKind::Image { .. } => {
                if let Some(url) = image_of(part) {
                    self.begin(choice, out);
                    self.write_delta(out, choice, |delta| {
                        delta.array("images", |list| list.object(|object| write_image(object, &url)));
                    });
                }
            }
            PartKind::Opaque { dialect: Dialect::OpenaiChat, json } if !reasoning::is_detail(part) => {
                if reasoning::opaque_type(json).is_none() {
                    self.begin(choice, out);
                    self.write_delta(out, choice, |delta| delta.fields_of(json));
                }
            }
            _ if reasoning::is_detail(part) => self.write_detail(choice, part, None, out),
            PartKind::Audio { .. }
            | PartKind::Document { .. }
            | PartKind::ToolResult(_)
            | PartKind::RedactedReasoning { .. }
            | PartKind::Opaque { .. } => {
                let field = format!("choices[{choice}].message.content[{block}]");
                self.dropped.tell(out, field, "OpenAI Chat cannot say this piece of an answer");
            }
        }
    }

    fn write_finish(&mut self, choice: u32, finish: &Finish, out: &mut Vec<u8>) {
        self.write_seal(choice, None, out);
        let state = self.begin(choice, out);
        if state.finished {
            return;
        }
        state.finished = true;
        let refused = state.refused;
        // A call without arguments is one with none, unless the limit cut them off.
        let silent: Vec<usize> = match finish.reason {
            FinishReason::Length | FinishReason::Error => Vec::new(),
            _ => {
                let calls = state.calls.iter().enumerate();
                calls
                    .filter(|(_, call)| !call.argued && call.kind == ToolKind::Function)
                    .map(|(at, _)| at)
                    .collect()
            }
        };
        for at in silent {
            self.write_arguments(choice, at, ToolKind::Function, "{}", out);
        }
        let word = finish::write(finish.reason, &finish.native, refused);
        self.write_chunk(out, |chunk| {
            chunk.array("choices", |list| {
                list.object(|object| {
                    object.number("index", choice.into());
                    object.object("delta", |_| {});
                    object.string("finish_reason", word);
                    if finish.native != word {
                        object.string("native_finish_reason", &finish.native);
                    }
                    object.maybe_string("stop_sequence", finish.stop_sequence.as_deref());
                });
            });
        });
    }

    fn terminate(&mut self, out: &mut Vec<u8>) {
        if self.voice.include_usage
            && !self.usage_told
            && let Some(used) = self.usage.take()
        {
            self.write_chunk(out, |chunk| {
                chunk.array("choices", |_| {});
                usage::write(chunk, &used);
            });
        }
        out.extend_from_slice(DONE);
        self.done = true;
    }

    fn write_delta(&self, out: &mut Vec<u8>, choice: u32, fill: impl FnOnce(&mut Object<'_>)) {
        self.write_chunk(out, |chunk| {
            chunk.array("choices", |list| {
                list.object(|object| {
                    object.number("index", choice.into());
                    object.object("delta", fill);
                    object.null("finish_reason");
                });
            });
        });
    }

    fn write_chunk(&self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        let start = self.start.as_ref();
        out.extend_from_slice(b"data: ");
        write_object(out, |chunk: &mut Object<'_>| {
            match start.filter(|start| !start.id.is_empty()) {
                Some(start) => chunk.string("id", &start.id),
                None => chunk.string("id", &made_up_id(&self.voice)),
            }
            chunk.string("object", "chat.completion.chunk");
            let created = start.and_then(|start| start.created);
            chunk.number("created", created.unwrap_or_else(|| self.voice.id.created()));
            chunk.string("model", start.map_or("", |start| &start.model));
            fill(chunk);
        });
        out.extend_from_slice(b"\n\n");
    }
}

impl ChoiceState {
    const fn new(index: u32) -> Self {
        Self {
            index,
            opened: false,
            calls: Vec::new(),
            reasoning: None,
            details: 0,
            seal: None,
            refused: false,
            finished: false,
        }
    }

    fn reason(&mut self, block: u32, text: &str) {
        match &mut self.reasoning {
            Some((known, so_far)) if *known == block => so_far.push_str(text),
            reasoning => *reasoning = Some((block, text.to_owned())),
        }
    }
}

/// Whether an event is the chunk that tells usage and nothing else.
fn is_usage_alone(event: &Event) -> bool {
    event.usage().is_some()
        && event.deltas().iter().all(|delta| matches!(delta, Delta::Usage(_) | Delta::Extra { .. }))
}

const DONE: &[u8] = b"data: [DONE]\n\n";
/// A comment: a sign of life that every client passes over.
const PING: &[u8] = b": ping\n\n";
