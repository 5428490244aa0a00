//! How many requests a simulator lets through.

use std::time::Duration;

use tokio::time::Instant;

use crate::script::Scope;

/// Limits, each with its window.
#[derive(Debug, Default)]
pub(crate) struct Limits(Vec<Window>);

#[derive(Debug)]
struct Window {
    scope: Scope,
    most: u64,
    per: Duration,
    begun: Option<Instant>,
    used: u64,
}

/// Where a request stands in its limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) most: u64,
    pub(crate) remaining: u64,
    pub(crate) reset: Duration,
    /// Whether it is over the limit.
    pub(crate) exceeded: bool,
}

impl Standing {
    /// That of a large account which has made one request.
    pub(crate) const fn ample() -> Self {
        Self { most: REQUESTS, remaining: REQUESTS - 1, reset: Duration::from_millis(6), exceeded: false }
    }
}

impl Limits {
    pub(crate) fn set(&mut self, scope: Scope, most: u64, per: Duration) {
        self.0.retain(|window| window.scope != scope);
        self.0.push(Window { scope, most, per, begun: None, used: 0 });
    }

    pub(crate) fn lift(&mut self, scope: &Scope) {
        self.0.retain(|window| window.scope != *scope);
    }

    /// Counts a request at `now` against every limit that is for it. Tells the tightest. One that exceeds any limit is
    /// counted against none.
    pub(crate) fn count(&mut self, now: Instant, matches: impl Fn(&Scope) -> bool) -> Option<Standing> {
        let mut windows: Vec<_> = self.0.iter_mut().filter(|window| matches(&window.scope)).collect();
        for window in &mut windows {
            window.turn(now);
        }
        let exceeded = windows.iter().any(|window| window.used >= window.most);
        for window in windows.iter_mut().filter(|_| !exceeded) {
            window.used += 1;
        }
        let tightest = windows.iter().min_by_key(|window| window.most - window.used)?;
        Some(Standing {
            most: tightest.most,
            remaining: tightest.most - tightest.used,
            reset: tightest.left(now),
            exceeded,
        })
    }
}

impl Window {
    fn turn(&mut self, now: Instant) {
        if self.left(now).is_zero() {
            (self.begun, self.used) = (Some(now), 0);
        }
    }

    fn left(&self, now: Instant) -> Duration {
        self.begun.map_or(Duration::ZERO, |begun| (begun + self.per).saturating_duration_since(now))
    }
}

/// The requests a minute of a large account.
const REQUESTS: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_window_lets_its_number_through_and_begins_anew() {
        let mut limits = Limits::default();
        limits.set(Scope::All, 2, Duration::from_secs(60));
        let begun = Instant::now();
        let mut at = |seconds| limits.count(begun + Duration::from_secs(seconds), |_| true).unwrap();
        assert_eq!((at(0).remaining, at(1).remaining), (1, 0));
        let over = at(20);
        assert!(over.exceeded);
        assert_eq!((over.remaining, over.reset), (0, Duration::from_secs(40)));
        assert!(!at(60).exceeded);
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_limit_refuses_the_others_do_not_count() {
        let mut limits = Limits::default();
        limits.set(Scope::All, 10, Duration::from_secs(60));
        limits.set(Scope::Key("a".to_owned()), 1, Duration::from_secs(60));
        let now = Instant::now();
        let mut of = |key: &str| {
            let matches = |scope: &Scope| matches!(scope, Scope::All) || *scope == Scope::Key(key.to_owned());
            limits.count(now, matches).unwrap()
        };
        assert!(!of("a").exceeded);
        assert!(of("a").exceeded);
        assert_eq!(of("b").remaining, 8);
    }
}
