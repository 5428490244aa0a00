//! What the edge lets in and out.

use backstop_core::Dialect;
use http::{HeaderName, header};

use super::BytesInFlight;

/// What the edge lets in and out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IngressConfig {
    /// The dialect that callers speak here.
    pub dialect: Dialect,
    /// The longest request body, in bytes. Default: 32 MiB, Anthropic's own limit; a longer one is a 413.
    pub body_limit: u64,
    /// The cap on all request bodies that are held at one time; a request beyond it is a 503. Share one value between
    /// all edges of a process. Default: 1 GiB for this edge alone.
    pub bytes_in_flight: BytesInFlight,
    /// Caller headers that layers may read and that go up to providers. Everything else stays here, credentials above
    /// all. Default: `anthropic-beta`, `anthropic-version`, `openai-beta`, `x-client-request-id`, `traceparent`,
    /// `tracestate`.
    pub request_headers: Vec<HeaderName>,
}

impl IngressConfig {
    /// The defaults, for callers who speak `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            body_limit: 32 << 20,
            bytes_in_flight: BytesInFlight::default(),
            request_headers: REQUEST_HEADERS.map(HeaderName::from_static).to_vec(),
        }
    }

    /// Sets the longest request body, in bytes.
    #[must_use]
    pub const fn with_body_limit(mut self, body_limit: u64) -> Self {
        self.body_limit = body_limit;
        self
    }

    /// Shares the cap on all request bodies that are held at one time.
    #[must_use]
    pub fn with_bytes_in_flight(mut self, bytes_in_flight: BytesInFlight) -> Self {
        self.bytes_in_flight = bytes_in_flight;
        self
    }

    /// Lets one more caller header in. Headers that carry credentials are never let in, whatever is said here.
    #[must_use]
    pub fn with_request_header(mut self, name: HeaderName) -> Self {
        if !CREDENTIALS.contains(&name.as_str()) && name != header::COOKIE {
            self.request_headers.push(name);
        }
        self
    }
}

const REQUEST_HEADERS: [&str; 6] = [
    "anthropic-beta",
    "anthropic-version",
    "openai-beta",
    "x-client-request-id",
    "traceparent",
    "tracestate",
];

const CREDENTIALS: [&str; 7] = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "openai-organization",
    "openai-project",
];
