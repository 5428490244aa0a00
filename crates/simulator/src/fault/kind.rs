//! The kinds of faults, and what they leave open.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::api_error::ApiError;

/// What a fault is. Their constructors say what each means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Reset,
    NoAnswer,
    Refused,
    Tls,
    Error(ApiError),
    Html,
    BrokenJson,
    EmptyChoices,
    ErrorObject,
    Redirect(HeaderValue),
    ErrorEvent { after: u64 },
    BreakEvent { at: u64 },
    NoSentinel,
    Dies { after: u64, how: Death },
    Silent { after: u64 },
    NeverEnds,
    Pings { every: Duration },
    RepeatForever { every: Duration },
    CutBody(Cut),
    Header(HeaderName, HeaderValue),
    RetryAt(Duration),
    Exhausted { reset: Duration },
    LineEnd(LineEnd),
    Comments,
    Bom,
    Split(usize),
    Encoded(Encoding),
    Obfuscated,
    Drip { every: Duration },
    HeadAfter(Duration),
    BodyAfter(Duration),
    FirstTokenAfter(Duration),
    TokenEvery(Duration),
}

/// How a stream dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Death {
    /// The body ends as HTTP wants it; only the dialect's own end is missing.
    CleanEnd,
    /// The connection is closed without the end of the body.
    Closed,
    /// The connection is reset.
    Reset,
}

/// How a body says how long it should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// By a `content-length` larger than what comes.
    Length,
    /// By chunks without the last one.
    Chunked,
}

/// How lines of a stream end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineEnd {
    /// A carriage return and a line feed.
    CrLf,
    /// A carriage return alone.
    Cr,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// `gzip`
    Gzip,
    /// `deflate`, which HTTP means to be zlib (RFC 9110, section 8.4.1.2)
    Deflate,
    /// `br`
    Brotli,
}
