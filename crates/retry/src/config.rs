use std::time::Duration;

/// How often, and after what wait.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryConfig {
    /// The most retries with the same credential. Default: 1.
    pub retries: u32,
    /// The most retries with another credential of the same target. Default: 3.
    pub other_keys: u32,
    /// The longest Retry-After that is waited out; beyond it the next target is faster. Default: 3 s.
    pub max_wait: Duration,
    /// The mean of the first backoff is half of this; it doubles with each retry. Default: 250 ms.
    pub backoff: Duration,
    /// The longest backoff. Default: 5 s.
    pub max_backoff: Duration,
}

impl RetryConfig {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            retries: 1,
            other_keys: 3,
            max_wait: Duration::from_secs(3),
            backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(5),
        }
    }

    /// Sets the most retries with the same credential. 0: none.
    #[must_use]
    pub const fn with_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the most retries with another credential of the same target.
    #[must_use]
    pub const fn with_other_keys(mut self, other_keys: u32) -> Self {
        self.other_keys = other_keys;
        self
    }

    /// Sets the longest Retry-After that is waited out.
    #[must_use]
    pub const fn with_max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Sets the first and the longest backoff.
    #[must_use]
    pub const fn with_backoff(mut self, first: Duration, max: Duration) -> Self {
        self.backoff = first;
        self.max_backoff = max;
        self
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self::new()
    }
}
