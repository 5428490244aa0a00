//! Server-sent events, by the WHATWG standard, bounded.

use std::fmt;

use backstop_core::{Failure, Kind, Text};
use bytes::Bytes;

/// Splits a byte stream into events.
#[derive(Debug, Default)]
pub struct Decoder(Vec<Bytes>);

/// One event, or one run of comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The bytes as they came, from the event's first to the blank line that ends it.
    pub wire: Bytes,
    /// The `event` field; empty where there is none.
    pub event: Text,
    /// The `data` lines, joined by newlines; `None` for comments alone.
    pub data: Option<Text>,
}

/// Why a byte stream is no event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// An event is longer than the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// An event is not UTF-8.
    NotUtf8,
}

impl Decoder {
    /// A decoder with the default limit of 16 MiB an event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in bytes, split anywhere.
    pub fn push(&mut self, bytes: Bytes) {
        self.0.push(bytes);
    }

    /// The next event; `None` where more bytes are needed.
    ///
    /// # Errors
    ///
    /// The stream is no event stream; nothing more comes then.
    pub fn next_frame(&mut self) -> Option<Result<Frame, Error>> {
        None
    }

    /// No more bytes will come: what is left, if it has data, is the last event.
    pub fn end(&mut self) {}
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => {
                write!(f, "an event of the provider's stream is longer than {limit} bytes")
            }
            Self::NotUtf8 => f.write_str("an event of the provider's stream is not UTF-8"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Kind::Malformed, error.to_string())
    }
}
