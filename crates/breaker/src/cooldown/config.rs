use std::time::Duration;

use backstop_core::Kind;

/// How long what failed is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CooldownConfig {
    /// After a rate limit that names no time. Default 1 s doubling to 30 s.
    pub rate_limited: Backoff,
    /// After a spent quota. Default 10 min.
    pub quota_exhausted: Backoff,
    /// After a refused credential. Default 30 s doubling to 10 min.
    pub unauthorized: Backoff,
    /// After an unknown model. Default 60 s doubling to 10 min.
    pub model_not_found: Backoff,
    /// For how long a probe that has not ended is waited for before another may go out. Default 30 s.
    pub probe_patience: Duration,
}

/// A time that doubles with every failure, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// At most.
    pub max: Duration,
}

impl CooldownConfig {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            rate_limited: Backoff::new(Duration::from_secs(1), Duration::from_secs(30)),
            quota_exhausted: Backoff::new(Duration::from_secs(600), Duration::from_secs(600)),
            unauthorized: Backoff::new(Duration::from_secs(30), Duration::from_secs(600)),
            model_not_found: Backoff::new(Duration::from_secs(60), Duration::from_secs(600)),
            probe_patience: Duration::from_secs(30),
        }
    }

    /// Sets how long a key cools with a model after a rate limit that names no time.
    #[must_use]
    pub const fn with_rate_limited(mut self, backoff: Backoff) -> Self {
        self.rate_limited = backoff;
        self
    }

    /// Sets how long a key cools after its quota is spent.
    #[must_use]
    pub const fn with_quota_exhausted(mut self, backoff: Backoff) -> Self {
        self.quota_exhausted = backoff;
        self
    }

    /// Sets how long a key cools after it was refused.
    #[must_use]
    pub const fn with_unauthorized(mut self, backoff: Backoff) -> Self {
        self.unauthorized = backoff;
        self
    }

    /// Sets how long a model cools after the provider did not know it.
    #[must_use]
    pub const fn with_model_not_found(mut self, backoff: Backoff) -> Self {
        self.model_not_found = backoff;
        self
    }

    /// Sets for how long a probe is waited for before another may go out.
    #[must_use]
    pub const fn with_probe_patience(mut self, patience: Duration) -> Self {
        self.probe_patience = patience;
        self
    }

    /// What cools after a failure of `kind`: `None` for kinds that cool nothing.
    pub(super) const fn backoff(&self, kind: Kind) -> Option<Backoff> {
        match kind {
            Kind::RateLimited => Some(self.rate_limited),
            Kind::QuotaExhausted => Some(self.quota_exhausted),
            Kind::Unauthorized => Some(self.unauthorized),
            Kind::ModelNotFound => Some(self.model_not_found),
            _ => None,
        }
    }
}

impl Backoff {
    /// From `first`, doubling to `max`.
    #[must_use]
    pub const fn new(first: Duration, max: Duration) -> Self {
        Self { first, max }
    }

    /// After the `failures`-th failure, counted from 1.
    pub(super) fn after(self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.max)
    }
}

impl Default for CooldownConfig {
    fn default() -> Self {
        Self::new()
    }
}
