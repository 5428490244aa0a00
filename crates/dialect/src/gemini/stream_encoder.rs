//! Streams, out.

use backstop_core::{
    Delta, Dialect, Event, Extra, Failure, Finish, Form, Json, Kind, Part, PartKind, Start, Text, ToolCall,
    Usage,
};
use bytes::Bytes;
use memchr::{memchr2, memmem};

use super::{
    error,
    names::{is_ours, noted, write_extra},
    read_answer::BLOCKED,
    words::{is_native, write_usage},
    write_answer::{is_own, unsealed_call, write_finish, write_start},
    write_part::{self, list_of},
};
use crate::{
    Voice,
    json::{Object, write_object},
    seal,
};

/// Writes the chunks of one answer: each a whole answer that holds the new parts.
///
/// - A function call goes out whole, once all of its arguments have come.
/// - Finish reasons and usage go out together, in the last chunk.
/// - The dialect's clients know no comments, so pings are not written, a provider's own are taken out, and what cannot be
///   said is left out.
#[derive(Debug)]
pub(crate) struct StreamEncoder {
    voice: Voice,
    start: Start,
    choices: Vec<ChoiceState>,
    usage: Option<Usage>,
    of_answer: Extra,
    state: State,
}

#[derive(Debug, Default)]
struct ChoiceState {
    index: u32,
    /// Calls whose arguments are still coming, by block.
    calls: Vec<(u32, ToolCall)>,
    called: bool,
    /// A seal that stands on what comes next.
    waiting: Option<Text>,
    finish: Option<Finish>,
    refuses: bool,
    extra: Extra,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    /// The last chunk is out.
    Finished,
    Failed,
}

impl StreamEncoder {
    pub(crate) fn new(voice: Voice) -> Self {
        Self {
            voice,
            start: Start::default(),
            choices: Vec::new(),
            usage: None,
            of_answer: Extra::new(),
            state: State::Running,
        }
    }

    pub(crate) fn event(&mut self, event: &Event) -> Bytes {
        if self.state == State::Failed {
            return Bytes::new();
        }
        if let Some(wire) = event.wire()
            && (wire.dialect, wire.form) == (Dialect::GeminiGenerate, Form::Stream)
        {
            event.deltas().iter().for_each(|delta| self.note(delta));
            return without_comments(&wire.bytes);
        }
        if self.state == State::Finished {
            return Bytes::new();
        }
        let mut out = Vec::new();
        event.deltas().iter().for_each(|delta| self.delta(delta, &mut out));
        let ends = event.deltas().iter().any(|delta| matches!(delta, Delta::Usage(_) | Delta::End));
        if ends && self.is_finished() {
            self.last(&mut out);
        }
        Bytes::from(out)
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        match self.state {
            State::Finished | State::Failed => Bytes::new(),
            State::Running if self.is_finished() => {
                let mut out = Vec::new();
                self.last(&mut out);
                Bytes::from(out)
            }
            State::Running => {
                self.fail(&Failure::new(Kind::Malformed, "the answer ended without a finish reason"))
            }
        }
    }

    pub(crate) fn fail(&mut self, failure: &Failure) -> Bytes {
        if self.state == State::Failed {
            return Bytes::new();
        }
        self.state = State::Failed;
        let (mut out, voice) = (Vec::new(), self.voice);
        write_event(&mut out, |top| error::write(top, failure, &voice));
        Bytes::from(out)
    }

    /// Takes note of a delta that goes out as the provider's own bytes.
    fn note(&mut self, delta: &Delta) {
        match delta {
            Delta::Start(start) => self.start = start.clone(),
            Delta::Finish { choice, finish } => {
                self.choice(*choice).finish = Some(finish.clone());
                if self.is_finished() {
                    self.state = State::Finished;
                }
            }
            Delta::Text { choice, .. }
            | Delta::Reasoning { choice, .. }
            | Delta::ToolCallStart { choice, .. } => {
                self.choice(*choice);
            }
            _ => {}
        }
    }

    fn delta(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::Start(start) => self.start = start.clone(),
            Delta::Usage(usage) => self.usage = Some(usage.clone()),
            Delta::Extra { choice: None, extra } => self.of_answer.merge(extra.clone()),
            Delta::Extra { choice: Some(choice), extra } => self.choice(*choice).extra.merge(extra.clone()),
            Delta::Finish { choice, finish } => {
                self.release(*choice, out);
                self.choice(*choice).finish = Some(finish.clone());
            }
            Delta::Text { choice, text, .. } => self.part(*choice, &Part::text(text.clone()), out),
            Delta::Refusal { choice, text, .. } => {
                self.choice(*choice).refuses = true;
                self.part(*choice, &Part::text(text.clone()), out);
            }
            Delta::Reasoning { choice, text, .. } => {
                if !text.is_empty() {
                    let kind = PartKind::Reasoning { text: text.clone(), signature: None };
                    self.part(*choice, &Part::new(kind), out);
                }
            }
            Delta::Signature { choice, signature, .. } => self.seal(*choice, signature, out),
            Delta::ToolCallStart { choice, block, id, name, kind } => {
                let call =
                    ToolCall { id: id.clone(), name: name.clone(), arguments: Text::default(), kind: *kind };
                self.choice(*choice).calls.push((*block, call));
            }
            Delta::ToolCallArguments { choice, block, fragment } => {
                let calls = &mut self.choice(*choice).calls;
                if let Some((_, call)) = calls.iter_mut().find(|(known, _)| known == block) {
                    call.arguments = Text::from(format!("{}{fragment}", call.arguments));
                }
            }
            Delta::Part { choice, part, .. } => match &part.kind {
                PartKind::ToolCall(call) => {
                    self.release(*choice, out);
                    self.call(*choice, call.clone(), out);
                }
                _ => self.part(*choice, part, out),
            },
            // This dialect has no terminator, and no place for citations of others.
            Delta::Citation { .. } | Delta::End | Delta::Ping => {}
        }
    }

    /// A seal: Gemini's own stands on what comes next, another maker's behind the thought that it seals.
    fn seal(&mut self, choice: u32, signature: &Text, out: &mut Vec<u8>) {
        if seal::gemini(signature).is_some() {
            self.release(choice, out);
            self.choice(choice).waiting = Some(signature.clone());
            return;
        }
        let kind = PartKind::Reasoning { text: Text::default(), signature: Some(signature.clone()) };
        self.part(choice, &Part::new(kind), out);
    }

    fn part(&mut self, choice: u32, part: &Part, out: &mut Vec<u8>) {
        let state = self.choice(choice);
        let empty = matches!(&part.kind, PartKind::Text { text, .. } if text.is_empty());
        if empty && state.waiting.is_none() {
            return;
        }
        self.release_calls(choice, out);
        let waiting = self.choice(choice).waiting.take();
        if let Some(json) = write_part::part(part, waiting.as_deref(), false) {
            self.write(choice, &json, out);
        }
    }

    fn call(&mut self, choice: u32, call: ToolCall, out: &mut Vec<u8>) {
        let state = self.choice(choice);
        let (waiting, first) = (state.waiting.take(), !state.called);
        state.called = true;
        let part = Part::new(PartKind::ToolCall(call));
        let json = match waiting {
            None if first && !self.is_geminis() => unsealed_call(&part),
            seal => write_part::part(&part, seal.as_deref(), false),
        };
        if let Some(json) = json {
            self.write(choice, &json, out);
        }
    }

    /// Whether the answer is Gemini's own, rewritten: ids and seals say so before the end does.
    fn is_geminis(&self) -> bool {
        self.usage.as_ref().is_some_and(|usage| is_own(Some(usage), None))
    }

    /// Writes the calls whose arguments are complete because something else has come.
    fn release_calls(&mut self, choice: u32, out: &mut Vec<u8>) {
        let calls = std::mem::take(&mut self.choice(choice).calls);
        for (_, call) in calls {
            self.call(choice, call, out);
        }
    }

    /// Writes what waits: calls, and a seal that nothing followed.
    fn release(&mut self, choice: u32, out: &mut Vec<u8>) {
        self.release_calls(choice, out);
        if let Some(seal) = self.choice(choice).waiting.take()
            && let Some(json) = write_part::part(&Part::text(""), Some(&seal), false)
        {
            self.write(choice, &json, out);
        }
    }

    fn write(&self, choice: u32, part: &Json, out: &mut Vec<u8>) {
        write_event(out, |top| {
            top.array("candidates", |list| {
                list.object(|candidate| {
                    candidate.object("content", |content| {
                        content.json("parts", &list_of([part]));
                        content.string("role", "model");
                    });
                    candidate.number("index", choice.into());
                });
            });
            write_start(top, &self.start);
        });
    }

    /// The last chunk: finish reasons and usage.
    fn last(&mut self, out: &mut Vec<u8>) {
        self.state = State::Finished;
        let end = self.choices.first().and_then(|choice| choice.finish.as_ref());
        let own = is_own(self.usage.as_ref(), end);
        let candidates: Vec<&ChoiceState> =
            self.choices.iter().filter(|choice| noted(&choice.extra, BLOCKED).is_none()).collect();
        write_event(out, |top| {
            if !candidates.is_empty() {
                top.array("candidates", |list| {
                    for state in &candidates {
                        list.object(|candidate| {
                            let own = own && state.finish.as_ref().is_some_and(is_native);
                            write_finish(
                                candidate,
                                state.finish.as_ref(),
                                (state.refuses, state.called),
                                own,
                            );
                            candidate.number("index", state.index.into());
                            if own {
                                write_extra(candidate, &state.extra);
                            }
                        });
                    }
                });
            }
            if let Some(usage) = &self.usage {
                write_usage(top, usage);
            }
            write_start(top, &self.start);
            if own {
                self.of_answer
                    .iter()
                    .filter(|(name, _)| !is_ours(name))
                    .for_each(|(name, value)| top.json(name, value));
            }
        });
    }

    fn is_finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finish.is_some())
    }

    fn choice(&mut self, index: u32) -> &mut ChoiceState {
        let at = self.choices.iter().position(|state| state.index == index).unwrap_or_else(|| {
            self.choices.push(ChoiceState { index, ..ChoiceState::default() });
            self.choices.len() - 1
        });
        &mut self.choices[at]
    }
}

/// Writes one event.
fn write_event(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"data: ");
    let mut at = out.len();
    write_object(out, fill);
    // JSON that others wrote may be spread over lines; a line of data may not. Within strings they are escaped anyway.
    while let Some(found) = memchr2(b'\n', b'\r', &out[at..]) {
        at += found;
        out[at] = b' ';
    }
    out.extend_from_slice(b"\r\n\r\n");
}

/// The bytes of a provider's event without its comments: Google's clients read each line that is no `data:` as the JSON of
/// an error (google-genai 3.6.1, `_api_client.py`).
fn without_comments(bytes: &Bytes) -> Bytes {
    if !bytes.starts_with(b":") && memmem::find(bytes, b"\n:").is_none() {
        return bytes.clone();
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let kept: Vec<u8> = lines.filter(|line| !line.starts_with(b":")).flatten().copied().collect();
    if kept.trim_ascii().is_empty() { Bytes::new() } else { Bytes::from(kept) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_comments_are_taken_out() {
        for (bytes, kept) in [
            ("data: {\"a\":\": b\"}\n\n", "data: {\"a\":\": b\"}\n\n"),
            (": ping\n\n", ""),
            (": one\n: two\ndata: {}\n\n", "data: {}\n\n"),
            ("data: {}\r\n: last\r\n\r\n", "data: {}\r\n\r\n"),
        ] {
            assert_eq!(without_comments(&Bytes::from_static(bytes.as_bytes())), kept, "{bytes:?}");
        }
    }
}
