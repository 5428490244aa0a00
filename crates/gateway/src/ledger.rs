//! The ledger: what is written of each attempt and request, and where.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use backstop_config::{LedgerConfig, LedgerStore};
use backstop_core::{Cost, Origin, Step, StepOutcome, Text, Usd};
use backstop_ledger::{AttemptRow, Record, Recorder, RequestRow, StoreConfig};
use backstop_telemetry::{
    AttemptObserver, RequestObserver, RequestReport,
    metrics::{RequestMetrics, TargetMetrics},
};
use secrecy::ExposeSecret as _;

/// Writes what ends into a ledger. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct LedgerHook {
    recorder: Recorder,
    in_flight: Arc<AtomicU32>,
}

/// Observes a target's attempts: counts them, and writes them down where there is a ledger.
#[derive(Clone, Debug)]
pub struct AttemptHook {
    pub(crate) metrics: TargetMetrics,
    pub(crate) ledger: Option<LedgerHook>,
}

/// Observes requests: counts them, and writes them down where there is a ledger.
#[derive(Clone, Debug)]
pub struct RequestHook {
    pub(crate) metrics: RequestMetrics,
    pub(crate) ledger: Option<LedgerHook>,
}

impl LedgerHook {
    /// Writes through `recorder`.
    #[must_use]
    pub fn new(recorder: Recorder) -> Self {
        Self { recorder, in_flight: Arc::default() }
    }

    /// What takes the rows.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn attempt(&self, origin: &Origin, step: &Step) {
        let duration = step.duration.unwrap_or_default();
        let (position, fallback_reason) = match step.number {
            // The usual case looks at no list.
            1 => (1, None),
            number => place(&origin.trail().steps(), number),
        };
        let row = AttemptRow {
            request: origin.id(),
            attempt: step.number,
            started: milliseconds_ago(duration),
            key: origin.identity().cloned(),
            chain: origin.trail().chain().map(shortened),
            target: shortened(&step.target),
            position,
            outcome: label(step.outcome),
            status: step.status.map(|status| status.as_u16()),
            first_token: step.first_token,
            duration,
            usage: step.usage.clone().map(|mut usage| {
                // The provider's own object is not written, and must not be held.
                usage.native = None;
                usage
            }),
            cost: cost(step),
            fallback_reason,
        };
        self.recorder.record(Record::Attempt(Box::new(row)));
    }

    fn request(&self, report: &RequestReport) {
        let in_flight = self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let mut path: Vec<Text> = Vec::with_capacity(1);
        for step in &report.steps {
            if path.last().is_none_or(|last| *last != step.target) {
                path.push(shortened(&step.target));
            }
        }
        let cost = report.steps.iter().fold(Cost::Known(Usd::ZERO), |sum, step| sum.plus(cost(step)));
        let row = RequestRow {
            request: report.id,
            received: milliseconds_ago(report.duration),
            key: report.identity.clone(),
            chain: report.chain.as_ref().map(shortened),
            dialect: report.dialect.as_str(),
            stream: report.stream,
            path,
            outcome: report.outcome_label(),
            status: report.status.map(|status| status.as_u16()),
            attempts: u32::try_from(report.attempts).unwrap_or(u32::MAX),
            first_token: report.first_token,
            duration: report.duration,
            fallback_reason: report.fallback_reason,
            in_flight,
            cost,
            first_target_cost: None,
            answer_cost: None,
        };
        self.recorder.record(Record::Request(Box::new(row)));
    }
}

/// What `config` means to the ledger itself.
#[must_use]
pub fn config(config: &LedgerConfig) -> backstop_ledger::LedgerConfig {
    backstop_ledger::LedgerConfig::new(store(&config.store))
        .with_flush(config.flush)
        .with_retention(config.retention)
        .with_rollup_retention(config.rollup_retention)
        .with_queue(config.queue)
}

/// Where it is.
#[must_use]
pub fn store(store: &LedgerStore) -> StoreConfig {
    match store {
        LedgerStore::Sqlite { path, max_size } => {
            StoreConfig::Sqlite { path: path.clone(), max_size: *max_size }
        }
        LedgerStore::Postgres(url) => StoreConfig::postgres(url.expose_secret()),
        _ => unreachable!("there are two stores"),
    }
}

/// The place of the attempt's target among those that were tried, and why the one before was left.
fn place(steps: &[Step], number: u32) -> (u32, Option<&'static str>) {
    let (mut position, mut reason) = (1, None);
    for pair in steps.windows(2).take_while(|pair| pair[1].number <= number) {
        if pair[0].target != pair[1].target {
            position += 1;
            reason = pair[0].outcome.label();
        }
    }
    (position, reason)
}

/// Refusals of our own cost nothing.
const fn cost(step: &Step) -> Cost {
    if step.outcome.is_call() { step.cost } else { Cost::Known(Usd::ZERO) }
}

const fn label(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Success => "success",
        StepOutcome::Failed(class) => class.kind.label(),
        _ => "dropped",
    }
}

/// A caller may name anything; a name is short.
fn shortened(name: &Text) -> Text {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => name[..end].into(),
        None => name.clone(),
    }
}

fn milliseconds_ago(ago: Duration) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.saturating_sub(ago).as_millis()).unwrap_or(i64::MAX)
}

impl AttemptObserver for AttemptHook {
    fn begun(&self, origin: &Origin, step: &Step) {
        self.metrics.begun(origin, step);
    }

    fn first_token(&self, origin: &Origin, step: &Step) {
        self.metrics.first_token(origin, step);
    }

    fn next_token(&self, gap: Duration) {
        self.metrics.next_token(gap);
    }

    fn settled(&self, origin: &Origin, step: &Step) {
        self.metrics.settled(origin, step);
        if let Some(ledger) = &self.ledger {
            ledger.attempt(origin, step);
        }
    }
}

impl RequestObserver for RequestHook {
    fn begun(&self, origin: &Origin) {
        self.metrics.begun(origin);
        if let Some(ledger) = &self.ledger {
            ledger.in_flight.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn answered(&self, origin: &Origin) {
        self.metrics.answered(origin);
    }

    fn ended(&self, report: &RequestReport) {
        self.metrics.ended(report);
        if let Some(ledger) = &self.ledger {
            ledger.request(report);
        }
    }
}

const LONGEST_NAME: usize = 128;
