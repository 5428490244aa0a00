//! How long the answers took.

use std::{fmt, time::Duration};

/// How long the answers took.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    latencies: Vec<Duration>,
}

impl Tally {
    pub(crate) fn note(&mut self, latency: Duration) {
        self.latencies.push(latency);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let count = latencies.len();
        let quantile = |hundredths: usize| {
            latencies
                .get((count.saturating_sub(1)) * hundredths / 100)
                .copied()
                .unwrap_or_default()
                .as_micros()
        };
        write!(f, "requests={count} p50_us={} p99_us={}", quantile(50), quantile(99))
    }
}
