//! How long a body has been quiet, as far as that is the provider's doing. Sans-IO.

use std::time::{Duration, Instant};

/// Measures the time that a body was polled and had nothing to give. The time that its reader takes is not the
/// provider's, and does not count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet {
    /// The limit up to what feeds the clock for the first time, and behind it.
    limit: Duration,
    later: Duration,
    /// What was counted before the present wait.
    elapsed: Duration,
    /// Since when the body has had nothing.
    since: Option<Instant>,
}

impl Quiet {
    pub(crate) const fn new(limit: Duration, later: Duration) -> Self {
        Self { limit, later, elapsed: Duration::ZERO, since: None }
    }

    /// The limit that holds now.
    pub(crate) const fn limit(&self) -> Duration {
        self.limit
    }

    /// The body has nothing to give. Gives when that has been so for too long; `None` for never.
    pub(crate) fn pending(&mut self, now: Instant) -> Option<Instant> {
        let since = *self.since.get_or_insert(now);
        since.checked_add(self.limit.saturating_sub(self.elapsed))
    }

    /// The body brought what feeds the clock; `begun` says whether it was a first token or what came behind it.
    pub(crate) const fn fed(&mut self, begun: bool) {
        (self.elapsed, self.since) = (Duration::ZERO, None);
        if begun {
            self.limit = self.later;
        }
    }

    /// The body brought something else, which does not feed the clock.
    pub(crate) fn unfed(&mut self, now: Instant) {
        let Some(since) = self.since.take() else { return };
        self.elapsed += now.saturating_duration_since(since);
        // The clock would have run out, had anybody polled: the reader was away, and what feeds the clock may be right
        // behind this.
        if self.elapsed > self.limit.saturating_add(LATE) {
            self.elapsed = Duration::ZERO;
        }
    }
}

/// An executor that polls later than this after a timer has fired was kept from it.
const LATE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use backstop_core::clock;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn counts_only_waits_for_the_body() {
        let (mut quiet, start) = (Quiet::new(seconds(10), seconds(4)), clock::now());
        assert_eq!(quiet.pending(start), Some(start + seconds(10)));
        assert_eq!(quiet.pending(start + seconds(3)), Some(start + seconds(10)), "one and the same wait");
        // A ping after 6 s; then the reader takes a minute.
        quiet.unfed(start + seconds(6));
        let back = start + seconds(66);
        assert_eq!(quiet.pending(back), Some(back + seconds(4)), "6 s were counted");
        quiet.fed(false);
        assert_eq!(quiet.pending(back), Some(back + seconds(10)));
        quiet.fed(true);
        assert_eq!(quiet.pending(back), Some(back + seconds(4)), "behind the first token");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_was_away_starts_it_anew() {
        let (mut quiet, start) = (Quiet::new(seconds(10), seconds(10)), clock::now());
        quiet.pending(start);
        quiet.unfed(start + seconds(60));
        let back = start + seconds(60);
        assert_eq!(quiet.pending(back), Some(back + seconds(10)));
        assert_eq!(Quiet::new(Duration::MAX, Duration::MAX).pending(start), None, "off");
    }
}
