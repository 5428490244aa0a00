//! The breaker's decisions, without I/O: every one takes `now` as an argument.
//!
//! While the breaker is closed, a decision is a few atomic operations. A lock is taken only to trip, and while it is
//! not closed, when calls are refused or probe.

use std::{
    sync::OnceLock,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use backstop_core::{BreakerWeight, Class, Kind, clock};

use crate::{
    BreakerConfig, BreakerState, Counts, Snapshot, Transition,
    state::Rejected,
    streak::Streak,
    sync::{AtomicU64, Mutex, Ordering},
    watch::Watchers,
    window::{Totals, Window},
};

#[derive(Debug)]
pub(crate) struct Circuit {
    config: BreakerConfig,
    origin: OnceLock<Instant>,
    /// The version of the state, and in its lowest bit whether calls pass freely and count.
    gate: AtomicU64,
    window: Window,
    streak: Streak,
    rejected: AtomicU64,
    opened: AtomicU64,
    slow: Mutex<Slow>,
}

/// What is only touched while the breaker is not closed, or about to trip.
#[derive(Debug)]
struct Slow {
    state: BreakerState,
    version: u64,
    /// How often it has opened since it was last closed.
    openings: u32,
    probe: Option<Probe>,
    probes: u64,
    random: fastrand::Rng,
    watchers: Watchers,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    number: u64,
    patience_ends: Instant,
}

/// What an admitted call takes along, to be given back when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permit {
    version: u64,
    begun: u64,
    probe: Option<u64>,
}

/// What the end of a call says of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Success,
    Failure {
        weight: u32,
        timeout: bool,
    },
    /// Nothing: it was dropped, or failed in a way that is not the target's fault.
    Neither,
}

impl Verdict {
    pub(crate) fn of_class(class: Class) -> Self {
        let timeout = matches!(class.kind, Kind::Timeout(_));
        match class.kind.row().breaker {
            BreakerWeight::Ignored => Self::Neither,
            BreakerWeight::Strong => Self::Failure { weight: 2, timeout },
            // Weights that are yet to come count once.
            _ => Self::Failure { weight: 1, timeout },
        }
    }
}

impl Circuit {
    pub(crate) fn new(config: BreakerConfig) -> Self {
        let random = config.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self {
            config,
            origin: OnceLock::new(),
            gate: AtomicU64::new(FREE),
            window: Window::new(config.window),
            streak: Streak::default(),
            rejected: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            slow: Mutex::new(Slow {
                state: BreakerState::Closed,
                version: 0,
                openings: 0,
                probe: None,
                probes: 0,
                random,
                watchers: Watchers::default(),
            }),
        }
    }

    /// Whether a call may go out now.
    pub(crate) fn admit(&self, now: Instant) -> (Result<Permit, Rejected>, Option<Transition>) {
        let gate = self.gate.load(Ordering::Acquire);
        if gate & FREE != 0 {
            return (Ok(Permit { version: gate >> 1, begun: self.streak.begin(), probe: None }), None);
        }
        let mut slow = self.slow.lock();
        let mut transition = None;
        let retry_after = match slow.state {
            // It closed between the two looks.
            BreakerState::Closed | BreakerState::ForcedClosed => {
                let permit = Permit { version: slow.version, begun: self.streak.begin(), probe: None };
                return (Ok(permit), None);
            }
            BreakerState::ForcedOpen => None,
            BreakerState::Open { until } if now < until => Some(until - now),
            BreakerState::Open { .. } => {
                transition = Some(self.turn(&mut slow, BreakerState::HalfOpen, now));
                return (Ok(self.probe(&mut slow, now)), transition);
            }
            BreakerState::HalfOpen => match slow.probe {
                Some(probe) if now < probe.patience_ends => Some(probe.patience_ends - now),
                _ => return (Ok(self.probe(&mut slow, now)), None),
            },
        };
        self.rejected.fetch_add(1, Ordering::Relaxed);
        (Err(Rejected { retry_after }), transition)
    }

    /// Takes back the permit of a call that has ended.
    pub(crate) fn settle(&self, permit: Permit, verdict: Verdict, now: Instant) -> Option<Transition> {
        if permit.probe.is_some() {
            return self.settle_probe(permit, verdict, now);
        }
        // Calls of an earlier time say nothing of the present one.
        if self.gate.load(Ordering::Acquire) != permit.version << 1 | FREE {
            return None;
        }
        let at = self.since_origin(now);
        match verdict {
            Verdict::Neither => None,
            Verdict::Success => {
                self.window.add(Totals { attempts: 1, failures: 0 }, at);
                self.streak.success();
                None
            }
            Verdict::Failure { weight, timeout } => {
                self.window.add(Totals { attempts: weight, failures: weight }, at);
                let in_a_row = self.streak.failure(permit.begun, weight);
                if !self.trips(self.window.totals(at), in_a_row) {
                    return None;
                }
                let mut slow = self.slow.lock();
                let still = slow.state == BreakerState::Closed && slow.version == permit.version;
                still.then(|| self.open(&mut slow, timeout, now))
            }
        }
    }

    /// Has an operator's word go over what is counted; `Closed` gives the word back.
    pub(crate) fn force(&self, state: BreakerState, now: Instant) -> Option<Transition> {
        let mut slow = self.slow.lock();
        if slow.state == state {
            return None;
        }
        (slow.openings, slow.probe) = (0, None);
        self.forget();
        Some(self.turn(&mut slow, state, now))
    }

    pub(crate) fn snapshot(&self, now: Instant) -> Snapshot {
        let (state, version) = {
            let slow = self.slow.lock();
            (slow.state, slow.version)
        };
        let totals = self.window.totals(self.since_origin(now));
        let counts = Counts {
            attempts: totals.attempts,
            failures: totals.failures,
            consecutive: self.streak.failures(),
            rejected: self.rejected.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
        };
        Snapshot { version, state, counts }
    }

    /// Ready once the version of the state is another than `seen`.
    pub(crate) fn poll_changed(&self, seen: u64, place: &mut Option<u64>, waker: &Waker) -> Poll<()> {
        let mut slow = self.slow.lock();
        if slow.version != seen {
            return Poll::Ready(());
        }
        slow.watchers.wait(place, waker);
        Poll::Pending
    }

    pub(crate) fn unwatch(&self, place: u64) {
        self.slow.lock().watchers.leave(place);
    }

    fn settle_probe(&self, permit: Permit, verdict: Verdict, now: Instant) -> Option<Transition> {
        let mut slow = self.slow.lock();
        if slow.version != permit.version {
            return None;
        }
        match verdict {
            Verdict::Success => {
                (slow.openings, slow.probe) = (0, None);
                self.forget();
                Some(self.turn(&mut slow, BreakerState::Closed, now))
            }
            Verdict::Failure { timeout, .. } => Some(self.open(&mut slow, timeout, now)),
            Verdict::Neither => {
                if slow.probe.map(|probe| probe.number) == permit.probe {
                    slow.probe = None;
                }
                None
            }
        }
    }

    fn trips(&self, totals: Totals, in_a_row: u32) -> bool {
        let share = f64::from(totals.failures) >= self.config.ratio * f64::from(totals.attempts);
        (self.config.consecutive > 0 && in_a_row >= self.config.consecutive)
            || (totals.attempts >= self.config.attempts && share)
    }

    fn open(&self, slow: &mut Slow, timeout: bool, now: Instant) -> Transition {
        let longest = if timeout { self.config.max_open_timeouts } else { self.config.max_open };
        let doubled = self.config.open.saturating_mul(1_u32.checked_shl(slow.openings).unwrap_or(u32::MAX));
        let jitter = self.config.jitter.clamp(0.0, 1.0) * slow.random.f64();
        let open = doubled.min(longest).min(LONGEST).mul_f64(1.0 - jitter);
        slow.openings = slow.openings.saturating_add(1);
        slow.probe = None;
        self.forget();
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.turn(slow, BreakerState::Open { until: now + open }, now)
    }

    fn probe(&self, slow: &mut Slow, now: Instant) -> Permit {
        slow.probes += 1;
        let number = slow.probes;
        slow.probe = Some(Probe { number, patience_ends: clock::after(now, self.config.probe_patience) });
        Permit { version: slow.version, begun: 0, probe: Some(number) }
    }

    fn turn(&self, slow: &mut Slow, to: BreakerState, now: Instant) -> Transition {
        let from = std::mem::replace(&mut slow.state, to);
        slow.version += 1;
        let free = matches!(to, BreakerState::Closed | BreakerState::ForcedClosed);
        // Calls under an operator's word pass, but with a version of their own that never trips.
        self.gate.store(slow.version << 1 | u64::from(free), Ordering::Release);
        slow.watchers.wake();
        Transition { from, to, at: now }
    }

    fn forget(&self) {
        self.window.clear();
        self.streak.success();
    }

    fn since_origin(&self, now: Instant) -> Duration {
        now.saturating_duration_since(*self.origin.get_or_init(|| now))
    }
}

const FREE: u64 = 1;
/// No breaker stays open for longer, whatever is configured.
const LONGEST: Duration = Duration::from_secs(86_400 * 365);

#[cfg(all(test, backstop_loom))]
mod interleavings;
#[cfg(all(test, not(backstop_loom)))]
mod tests;
