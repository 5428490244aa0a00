//! What the caller sent.

use std::{fmt, sync::OnceLock, time::Instant};

use bytes::Bytes;
use http::HeaderMap;

use crate::{Dialect, Failure, Peek, Request, RequestId, Text, trail::Trail};

/// Reads a request's bytes into the unified request. Given by the edge that knows the dialect.
pub type Decode = fn(&Bytes) -> Result<Request, Failure>;

/// What the caller sent, and what is one and the same for all attempts. Shared by all clones of a call.
pub struct Origin {
    id: RequestId,
    received: Instant,
    dialect: Dialect,
    headers: HeaderMap,
    body: Bytes,
    peek: Peek,
    identity: Option<Text>,
    idempotency_key: Option<Text>,
    decode: Decode,
    request: OnceLock<Result<Request, Failure>>,
    trail: Trail,
}

impl Origin {
    /// A request in `dialect` whose `body` the edge has peeked into; `decode` reads it in full when somebody asks.
    #[must_use]
    pub fn new(dialect: Dialect, body: Bytes, peek: Peek, decode: Decode, received: Instant) -> Self {
        Self {
            id: RequestId::new(),
            received,
            dialect,
            headers: HeaderMap::new(),
            body,
            peek,
            identity: None,
            idempotency_key: None,
            decode,
            request: OnceLock::new(),
            trail: Trail::default(),
        }
    }

    /// Sets the request's id.
    #[must_use]
    pub const fn with_id(mut self, id: RequestId) -> Self {
        self.id = id;
        self
    }

    /// Sets the caller's headers: only those that may go up to a provider or that a layer reads.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Sets who calls.
    #[must_use]
    pub fn with_identity(mut self, identity: Option<Text>) -> Self {
        self.identity = identity;
        self
    }

    /// Sets the caller's idempotency key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: Option<Text>) -> Self {
        self.idempotency_key = key;
        self
    }

    /// The request's id.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.id
    }

    /// When the request came in.
    #[must_use]
    pub const fn received(&self) -> Instant {
        self.received
    }

    /// The dialect that the caller speaks.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The caller's headers, as far as the edge let them in.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The caller's bytes.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// What is known without reading the bytes in full.
    #[must_use]
    pub const fn peek(&self) -> &Peek {
        &self.peek
    }

    /// Who calls, where the gateway asks for keys.
    #[must_use]
    pub const fn identity(&self) -> Option<&Text> {
        self.identity.as_ref()
    }

    /// The caller's idempotency key.
    #[must_use]
    pub const fn idempotency_key(&self) -> Option<&Text> {
        self.idempotency_key.as_ref()
    }

    /// The unified request. Read from the bytes at the first call, kept for all later ones.
    ///
    /// # Errors
    ///
    /// What is wrong with the caller's bytes, in a sentence for the caller.
    pub fn request(&self) -> Result<&Request, Failure> {
        self.request.get_or_init(|| (self.decode)(&self.body)).as_ref().map_err(Clone::clone)
    }

    /// What was tried so far.
    #[must_use]
    pub const fn trail(&self) -> &Trail {
        &self.trail
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither body nor headers: they hold prompts.
        f.debug_struct("Origin")
            .field("id", &self.id)
            .field("dialect", &self.dialect)
            .field("model", &self.peek.model)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
