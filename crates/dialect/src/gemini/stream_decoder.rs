//! Streams, in: each event is a whole answer that holds the new parts.

use backstop_core::{Delta, Dialect, Event, Failure, Form, Kind, Text, Wire};
use bytes::Bytes;

use super::{
    candidate::Candidate,
    error,
    read_answer::{block, blocked, start},
    words::read_usage,
};
use crate::{
    json::{Error, Fields, Path},
    sse::Frame,
};

/// Reads the chunks of one answer.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    /// How many alternatives were asked for.
    expected: usize,
    candidates: Vec<Candidate>,
    /// The answer's id, once it has begun.
    answer: Option<Text>,
    blocked: bool,
}

impl StreamDecoder {
    pub(crate) fn new(choices: u32) -> Self {
        let expected = usize::try_from(choices.max(1)).unwrap_or(usize::MAX);
        Self { expected, candidates: Vec::new(), answer: None, blocked: false }
    }

    pub(crate) fn read(&mut self, frame: &Frame) -> Result<Option<Event>, Failure> {
        let wire = Wire { dialect: Dialect::GeminiGenerate, form: Form::Stream, bytes: frame.wire.clone() };
        let Some(data) = frame.data.as_ref().filter(|data| !data.trim().is_empty()) else {
            return Ok(Some(Event::single(wire, Delta::Ping)));
        };
        // Not of this dialect, but some servers that speak it end so.
        if data.trim() == "[DONE]" {
            return Ok(Some(Event::single(wire, Delta::Ping)));
        }
        let bytes = data.clone().into_bytes();
        let mut top = Fields::root(&bytes).map_err(|error| {
            Failure::new(
                Kind::Malformed,
                format!("the provider's stream holds an event that is no chunk: {error}"),
            )
        })?;
        if top.value("error").is_some() || frame.event == "error" {
            return Err(error::in_answer(&bytes));
        }
        let mut deltas = Vec::with_capacity(2);
        self.chunk(&bytes, &mut top, &mut deltas).map_err(Error::malformed)?;
        Ok(Some(match deltas.len() {
            1 => Event::single(wire, deltas.swap_remove(0)),
            _ => Event::new(wire, deltas),
        }))
    }

    pub(crate) fn is_complete(&self) -> bool {
        let finished = self.candidates.iter().filter(|candidate| candidate.finished).count();
        self.blocked || finished >= self.expected
    }

    fn chunk(
        &mut self,
        wire: &Bytes,
        top: &mut Fields<'_, '_>,
        deltas: &mut Vec<Delta>,
    ) -> Result<(), Error> {
        let candidates = top.list("candidates")?.unwrap_or_default();
        let begins = start(top)?;
        if self.answer.is_none() {
            self.answer = Some(begins.id.clone());
            deltas.push(Delta::Start(begins));
        }
        let answer = self.answer.clone().unwrap_or_default();
        for (position, raw) in candidates.into_iter().enumerate() {
            let list = Path::Root.field("candidates");
            let fields = Fields::open(wire, raw, list.item(position))?;
            let index = fields.get("index").and_then(|raw| raw.get().parse().ok());
            let index = index.unwrap_or_else(|| u32::try_from(position).unwrap_or(u32::MAX));
            let at = self.candidates.iter().position(|known| known.index == index).unwrap_or_else(|| {
                self.candidates.push(Candidate::new(index, false));
                self.candidates.len() - 1
            });
            self.candidates[at].read(wire, fields, &answer, deltas)?;
        }
        if let Some(word) = blocked(wire, top).filter(|_| self.candidates.is_empty() && !self.blocked) {
            self.blocked = true;
            block(word, deltas);
        }
        let used = top.take("usageMetadata").and_then(|raw| read_usage(wire, raw));
        deltas.extend(used.map(Delta::Usage));
        Ok(())
    }
}
