use std::time::Duration;

/// When a breaker trips, and how long it stays open.
///
/// The defaults: trips at 50 % failures of at least 10 attempts in 30 s, or at 5 failures in a row among attempts begun
/// after the last success; open for 5 s, doubling to 20 s while probes fail, to 2 min while they time out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// The share of failures at which it trips, from 0 to 1. Default 0.5.
    pub ratio: f64,
    /// The fewest attempts in the window that the share is taken of. Default 10.
    pub attempts: u32,
    /// The window that the share is taken over. Default 30 s.
    pub window: Duration,
    /// So many failures in a row trip it; 0 switches this off. Default 5.
    pub consecutive: u32,
    /// How long it stays open the first time. Default 5 s.
    pub open: Duration,
    /// The longest it stays open while probes fail. Default 20 s.
    pub max_open: Duration,
    /// The longest it stays open while probes time out, each at the cost of a caller's wait. Default 2 min.
    pub max_open_timeouts: Duration,
    /// The part of each open time, from 0 to 1, that chance takes away, so that many breakers do not probe at one and
    /// the same time. Default 0.2.
    pub jitter: f64,
    /// For how long a probe that has not ended is waited for before another may go out. Default 10 s.
    pub probe_patience: Duration,
    /// Seed of the chance, for tests; `None` draws one. Default `None`.
    pub seed: Option<u64>,
}

impl BreakerConfig {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ratio: 0.5,
            attempts: 10,
            window: Duration::from_secs(30),
            consecutive: 5,
            open: Duration::from_secs(5),
            max_open: Duration::from_secs(20),
            max_open_timeouts: Duration::from_secs(120),
            jitter: 0.2,
            probe_patience: Duration::from_secs(10),
            seed: None,
        }
    }

    /// Sets the share of failures, of at least `attempts` attempts, at which it trips.
    #[must_use]
    pub const fn with_ratio(mut self, ratio: f64, attempts: u32) -> Self {
        (self.ratio, self.attempts) = (ratio, attempts);
        self
    }

    /// Sets the window that the share is taken over.
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets how many failures in a row trip it; 0 switches this off.
    #[must_use]
    pub const fn with_consecutive(mut self, failures: u32) -> Self {
        self.consecutive = failures;
        self
    }

    /// Sets how long it stays open: at first, at most while probes fail, and at most while they time out.
    #[must_use]
    pub const fn with_open(mut self, first: Duration, max: Duration, max_timeouts: Duration) -> Self {
        (self.open, self.max_open, self.max_open_timeouts) = (first, max, max_timeouts);
        self
    }

    /// Sets the part of each open time that chance takes away, from 0 to 1.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets for how long a probe is waited for before another may go out.
    #[must_use]
    pub const fn with_probe_patience(mut self, patience: Duration) -> Self {
        self.probe_patience = patience;
        self
    }

    /// Makes the jitter repeatable.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self::new()
    }
}
