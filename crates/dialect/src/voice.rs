//! In whose name an answer is written.

use backstop_core::{Peek, RequestId};

/// What an answer needs of the request that it answers. All that an encoder invents (ids, `created`) is a function of
/// this and of the answer's start, so that a replay gives the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain record")]
pub struct Voice {
    /// The request's id.
    pub id: RequestId,
    /// Whether the caller wants usage at the end of a stream.
    pub include_usage: bool,
}

impl Voice {
    /// The voice for the request `id` of which `peek` is known.
    #[must_use]
    pub const fn new(id: RequestId, peek: &Peek) -> Self {
        Self { id, include_usage: peek.include_usage }
    }
}
