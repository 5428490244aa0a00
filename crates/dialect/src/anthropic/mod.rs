//! Anthropic Messages.

use backstop_core::{Completion, Delta, Event, Failure, Kind, Peek, Request};
use bytes::Bytes;

use crate::{Encoded, ErrorResponse, Facts, Voice, sse::Frame};

pub(crate) fn peek(_: &Bytes) -> Result<Peek, Failure> {
    Err(Failure::new(Kind::Unsupported, "no codec yet"))
}

pub(crate) fn decode_request(_: &Bytes) -> Result<Request, Failure> {
    Err(Failure::new(Kind::Unsupported, "no codec yet"))
}

pub(crate) fn encode_request(_: &Request, _: &Facts) -> Result<Encoded, Failure> {
    Err(Failure::new(Kind::Unsupported, "no codec yet"))
}

pub(crate) fn decode_answer(_: &Bytes) -> Result<Vec<Delta>, Failure> {
    Err(Failure::new(Kind::Unsupported, "no codec yet"))
}

pub(crate) fn encode_answer(_: &Completion, _: &Voice) -> Encoded {
    Encoded { body: Bytes::new(), losses: Vec::new() }
}

pub(crate) fn decode_error(_: &ErrorResponse<'_>) -> Failure {
    Failure::new(Kind::Unsupported, "no codec yet")
}

pub(crate) fn encode_error(_: &Failure, _: &Voice) -> Bytes {
    Bytes::new()
}

#[derive(Debug)]
pub(crate) struct StreamDecoder;

impl StreamDecoder {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn read(&mut self, _: &Frame) -> Result<Option<Event>, Failure> {
        Ok(None)
    }

    pub(crate) fn is_complete(&self) -> bool {
        false
    }

    pub(crate) fn is_terminated(&self) -> bool {
        false
    }
}

#[derive(Debug)]
pub(crate) struct StreamEncoder;

impl StreamEncoder {
    pub(crate) fn new(_: Voice) -> Self {
        Self
    }

    pub(crate) fn event(&mut self, _: &Event) -> Bytes {
        Bytes::new()
    }

    pub(crate) fn finish(&mut self) -> Bytes {
        Bytes::new()
    }

    pub(crate) fn fail(&mut self, _: &Failure) -> Bytes {
        Bytes::new()
    }
}
