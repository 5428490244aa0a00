use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backstop_core::{Class, Origin, Step, StepOutcome, Text, Usage};
use parking_lot::Mutex;

use super::{
    histogram::Histogram,
    outcomes::Outcomes,
    table::{DURATION_BOUNDS, FIRST_TOKEN_BOUNDS, GAP_BOUNDS},
};
use crate::AttemptObserver;

/// The metrics of one target, looked up once, when its stack is built. Cheap to clone.
///
/// What is called for every token or attempt is a few atomic additions: no lock, no allocation, no look-up. It observes
/// attempts itself; whoever composes the layers calls the rest from their observers.
#[derive(Clone, Debug)]
pub struct TargetMetrics(pub(super) Arc<TargetSeries>);

#[derive(Debug)]
pub(super) struct TargetSeries {
    pub(super) target: Text,
    pub(super) outcomes: Outcomes,
    pub(super) in_flight: AtomicU64,
    pub(super) succeeded: Histogram,
    pub(super) failed: Histogram,
    pub(super) first_token: Histogram,
    pub(super) token_gap: Histogram,
    pub(super) retries: Outcomes,
    pub(super) retries_other_key: Outcomes,
    pub(super) retries_denied: Outcomes,
    pub(super) outgrown: AtomicU64,
    pub(super) losses: AtomicU64,
    pub(super) refusals: AtomicU64,
    pub(super) tokens: [AtomicU64; TOKEN_KINDS.len()],
    // Both are rare, and their labels are words of the program.
    pub(super) transitions: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) rejected: Mutex<BTreeMap<&'static str, u64>>,
}

impl TargetMetrics {
    pub(super) fn new(target: Text) -> Self {
        Self(Arc::new(TargetSeries {
            target,
            outcomes: Outcomes::new(),
            in_flight: AtomicU64::new(0),
            succeeded: Histogram::new(DURATION_BOUNDS),
            failed: Histogram::new(DURATION_BOUNDS),
            first_token: Histogram::new(FIRST_TOKEN_BOUNDS),
            token_gap: Histogram::new(GAP_BOUNDS),
            retries: Outcomes::new(),
            retries_other_key: Outcomes::new(),
            retries_denied: Outcomes::new(),
            outgrown: AtomicU64::new(0),
            losses: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            tokens: std::array::from_fn(|_| AtomicU64::new(0)),
            transitions: Mutex::default(),
            rejected: Mutex::default(),
        }))
    }

    /// The label that the target goes by.
    #[must_use]
    pub fn label(&self) -> &Text {
        &self.0.target
    }

    /// Another try was decided after `class`, with another credential or with the same.
    pub fn retried(&self, class: Class, other_key: bool) {
        let retries = if other_key { &self.0.retries_other_key } else { &self.0.retries };
        retries.count_kind(class.kind);
    }

    /// A retry after `class` was beyond the budget.
    pub fn retry_denied(&self, class: Class) {
        self.0.retries_denied.count_kind(class.kind);
    }

    /// An answer was committed early because it outgrew what may be held back.
    pub fn commit_outgrown(&self) {
        self.0.outgrown.fetch_add(1, Ordering::Relaxed);
    }

    /// So many parts of a request could not be expressed and were left out.
    pub fn lost_in_translation(&self, parts: usize) {
        self.0.losses.fetch_add(parts as u64, Ordering::Relaxed);
    }

    /// The target's breaker went to the state `to`.
    pub fn breaker_changed(&self, to: &'static str) {
        *self.0.transitions.lock().entry(to).or_default() += 1;
    }

    /// The target's breaker refused an attempt.
    pub fn breaker_refused(&self) {
        self.0.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// A validator refused an answer by `rule`.
    pub fn answer_rejected(&self, rule: &'static str) {
        *self.0.rejected.lock().entry(rule).or_default() += 1;
    }
}

impl AttemptObserver for TargetMetrics {
    fn begun(&self, _: &Origin, _: &Step) {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    fn first_token(&self, _: &Origin, step: &Step) {
        if let Some(took) = step.first_token {
            self.0.first_token.observe(took);
        }
    }

    fn next_token(&self, gap: Duration) {
        self.0.token_gap.observe(gap);
    }

    fn settled(&self, _: &Origin, step: &Step) {
        let series = &*self.0;
        series.in_flight.fetch_sub(1, Ordering::Relaxed);
        series.outcomes.count(step.outcome);
        let took = step.duration.unwrap_or_default();
        match step.outcome {
            StepOutcome::Success => series.succeeded.observe(took),
            StepOutcome::Failed(_) if step.outcome.is_call() => series.failed.observe(took),
            _ => {}
        }
        if let Some(usage) = &step.usage {
            for (counter, (_, tokens)) in series.tokens.iter().zip(TOKEN_KINDS) {
                counter.fetch_add(tokens(usage), Ordering::Relaxed);
            }
        }
    }
}

/// The buckets of usage. They are disjoint, so they may be summed.
pub(super) const TOKEN_KINDS: [(&str, fn(&Usage) -> u64); 8] = [
    ("input", |usage| usage.input),
    ("cache_read", |usage| usage.cache_read),
    ("cache_write", |usage| usage.cache_write),
    ("cache_write_hour", |usage| usage.cache_write_hour),
    ("audio_input", |usage| usage.audio_input),
    ("output", |usage| usage.output),
    ("reasoning", |usage| usage.reasoning),
    ("audio_output", |usage| usage.audio_output),
];
