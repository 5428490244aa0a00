//! What an answer used up, in disjoint buckets.

use crate::{Dialect, Json};

/// Tokens and calls that an answer used up. The buckets are disjoint: their sum is all that was used.
///
/// Each dialect counts in its own way (cached tokens inside or beside the input, reasoning inside the output); codecs
/// take the provider's figures apart on the way in and put them together again on the way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a new bucket must be a compile error in every codec")]
pub struct Usage {
    /// Input tokens that no cache served or kept.
    pub input: u64,
    /// Input tokens read from a cache.
    pub cache_read: u64,
    /// Input tokens written to a cache for the provider's default time (Anthropic: 5 minutes).
    pub cache_write: u64,
    /// Input tokens written to a cache for an hour.
    pub cache_write_hour: u64,
    /// Audio tokens of the input.
    pub audio_input: u64,
    /// Output tokens that are neither reasoning nor audio.
    pub output: u64,
    /// Output tokens of reasoning.
    pub reasoning: u64,
    /// Audio tokens of the output.
    pub audio_output: u64,
    /// Whether the figures are our estimate because the provider's never came.
    pub estimated: bool,
    /// The provider's own object, for a caller of the same dialect.
    pub native: Option<(Dialect, Json)>,
}

impl Usage {
    /// All input tokens, cached or not.
    #[must_use]
    pub const fn total_input(&self) -> u64 {
        self.input + self.cache_read + self.cache_write + self.cache_write_hour + self.audio_input
    }

    /// All output tokens, reasoning included.
    #[must_use]
    pub const fn total_output(&self) -> u64 {
        self.output + self.reasoning + self.audio_output
    }

    /// All tokens.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total_input() + self.total_output()
    }
}
