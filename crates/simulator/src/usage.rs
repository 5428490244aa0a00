//! Token counts.

use std::iter::Sum;

/// Tokens of one answer, or of many.
///
/// `input` counts the whole prompt, what was read from or written to a cache included; `output` counts all that was
/// generated, reasoning included. Each dialect tells them in its own buckets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The prompt, cached tokens included.
    pub input: u64,
    /// Of the prompt: read from the cache.
    pub cache_read: u64,
    /// Of the prompt: written to the cache.
    pub cache_write: u64,
    /// Everything generated.
    pub output: u64,
    /// Of the output: reasoning.
    pub reasoning: u64,
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), |sum, one| Self {
            input: sum.input + one.input,
            cache_read: sum.cache_read + one.cache_read,
            cache_write: sum.cache_write + one.cache_write,
            output: sum.output + one.output,
            reasoning: sum.reasoning + one.reasoning,
        })
    }
}
