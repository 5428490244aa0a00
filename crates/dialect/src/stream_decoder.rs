//! Streams in: from a provider's bytes to events.

use backstop_core::{Dialect, Event, Failure};
use bytes::Bytes;

use crate::{anthropic, gemini, openai, sse};

/// Reads a provider's event stream: push bytes as they come, split anywhere, and take events out.
///
/// Bounded: one event may have at most [`sse::Decoder`]'s limit of bytes. After an `Err` nothing more comes.
#[derive(Debug)]
pub struct StreamDecoder {
    frames: sse::Decoder,
    machine: Machine,
}

#[derive(Debug)]
enum Machine {
    Openai(openai::StreamDecoder),
    Anthropic(anthropic::StreamDecoder),
    Gemini(gemini::StreamDecoder),
}

impl StreamDecoder {
    /// A decoder for a stream of `choices` alternatives in `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect, choices: u32) -> Self {
        let machine = match dialect {
            Dialect::AnthropicMessages => Machine::Anthropic(anthropic::StreamDecoder::new()),
            Dialect::GeminiGenerate => Machine::Gemini(gemini::StreamDecoder::new(choices)),
            _ => Machine::Openai(openai::StreamDecoder::new(choices)),
        };
        Self { frames: sse::Decoder::new(), machine }
    }

    /// Takes in what came over the wire.
    pub fn push(&mut self, bytes: Bytes) {
        self.frames.push(bytes);
    }

    /// The next event of what was pushed; `None` where more bytes are needed.
    ///
    /// # Errors
    ///
    /// An unparsable event, or the failure that an error event tells.
    pub fn next_event(&mut self) -> Option<Result<Event, Failure>> {
        loop {
            let event = match self.frames.next_frame()? {
                Ok(frame) => self.machine.read(&frame),
                Err(error) => Err(error.into()),
            };
            match event {
                Ok(None) => {}
                Ok(Some(event)) => return Some(Ok(event)),
                Err(failure) => return Some(Err(failure)),
            }
        }
    }

    /// No more bytes will come: gives the last event, where the stream ended without a blank line. Call until `None`.
    pub fn end(&mut self) -> Option<Result<Event, Failure>> {
        self.frames.end();
        self.next_event()
    }

    /// Whether the answer is complete: every choice has its finish reason. Usage and terminator may still come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match &self.machine {
            Machine::Openai(machine) => machine.is_complete(),
            Machine::Anthropic(machine) => machine.is_complete(),
            Machine::Gemini(machine) => machine.is_complete(),
        }
    }

    /// Whether the dialect's own terminator has come.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        match &self.machine {
            Machine::Openai(machine) => machine.is_terminated(),
            Machine::Anthropic(machine) => machine.is_terminated(),
            // It has none: the answer ends with the body.
            Machine::Gemini(_) => false,
        }
    }
}

impl Machine {
    fn read(&mut self, frame: &sse::Frame) -> Result<Option<Event>, Failure> {
        match self {
            Self::Openai(machine) => machine.read(frame),
            Self::Anthropic(machine) => machine.read(frame),
            Self::Gemini(machine) => machine.read(frame),
        }
    }
}
