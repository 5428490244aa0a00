//! Streams out: from events to the caller's bytes.

use backstop_core::{Dialect, Event, Failure};
use bytes::Bytes;

use crate::{Voice, anthropic, gemini, openai};

/// Writes an event stream in the caller's dialect.
///
/// An event whose wire bytes are already a piece of a stream in this dialect goes out untouched; the encoder takes note
/// of it all the same, so that raw and rewritten events can mix, and so that it knows what is missing at the end.
#[derive(Debug)]
pub struct StreamEncoder(Machine);

#[derive(Debug)]
enum Machine {
    Openai(openai::StreamEncoder),
    Anthropic(anthropic::StreamEncoder),
    Gemini(gemini::StreamEncoder),
}

impl StreamEncoder {
    /// An encoder for one answer in `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect, voice: Voice) -> Self {
        Self(match dialect {
            Dialect::AnthropicMessages => Machine::Anthropic(anthropic::StreamEncoder::new(voice)),
            Dialect::GeminiGenerate => Machine::Gemini(gemini::StreamEncoder::new(voice)),
            _ => Machine::Openai(openai::StreamEncoder::new(voice)),
        })
    }

    /// The caller's bytes for `event`. Empty where there is nothing to say (yet).
    pub fn event(&mut self, event: &Event) -> Bytes {
        match &mut self.0 {
            Machine::Openai(machine) => machine.event(event),
            Machine::Anthropic(machine) => machine.event(event),
            Machine::Gemini(machine) => machine.event(event),
        }
    }

    /// What is still missing once the answer has ended: open blocks, finish, usage, terminator. Empty where nothing is.
    pub fn finish(&mut self) -> Bytes {
        match &mut self.0 {
            Machine::Openai(machine) => machine.finish(),
            Machine::Anthropic(machine) => machine.finish(),
            Machine::Gemini(machine) => machine.finish(),
        }
    }

    /// The clear end of an answer that died: an error event, never an unmarked end.
    pub fn fail(&mut self, failure: &Failure) -> Bytes {
        match &mut self.0 {
            Machine::Openai(machine) => machine.fail(failure),
            Machine::Anthropic(machine) => machine.fail(failure),
            Machine::Gemini(machine) => machine.fail(failure),
        }
    }
}
