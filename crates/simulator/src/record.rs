//! What came in, and what became of it.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use tokio::time::Instant;

use crate::{dialect::Dialect, usage::Usage};

/// A request that came in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// Its number, from 0, in the order of arrival.
    pub number: u64,
    /// When it was called; over a socket, when its head had been read.
    pub at: Instant,
    /// Its method.
    pub method: Method,
    /// Its target, as it came.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body; empty until all of it has come.
    pub body: Bytes,
    /// The dialect that its path belongs to.
    pub dialect: Dialect,
    /// The key that it bears, if any.
    pub key: Option<String>,
    /// The model that it names, once the body was read.
    pub model: Option<String>,
    /// Whether it asks for a stream.
    pub streamed: bool,
    /// The rule of the real API that it broke, if it was refused for that.
    pub refused_by: Option<&'static str>,
    /// The status that it was answered with, once the head is out.
    pub status: Option<StatusCode>,
    /// Tokens of the answer that went out, as the caller could count them.
    pub sent_tokens: u64,
    /// Tokens of the prompt, if it was answered with success.
    pub prompt_tokens: u64,
    /// The usage that the caller was last told, if it was told any.
    pub told: Option<Usage>,
    /// How it ended.
    pub end: End,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Not yet: no head is out.
    Waiting,
    /// Not yet: the head is out, the body is not complete.
    Answering,
    /// All that was to be sent was handed over.
    Complete(Instant),
    /// The caller left before.
    Cancelled(Instant),
    /// We broke the connection, as a fault wanted it.
    Broken(Instant),
}

impl Recorded {
    /// Whether the caller left before it had everything.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self.end, End::Cancelled(_))
    }

    /// Whether nothing more happens with it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        !matches!(self.end, End::Waiting | End::Answering)
    }

    /// What the caller was last told, or nothing.
    pub(crate) fn told(&self) -> Usage {
        self.told.unwrap_or_default()
    }

    /// What the provider will charge.
    pub(crate) fn billed(&self) -> Usage {
        let told = self.told();
        Usage { input: self.prompt_tokens, output: self.sent_tokens.max(told.output), ..told }
    }

    /// The body as JSON, or `null` if it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
