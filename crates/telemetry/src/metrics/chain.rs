use std::{collections::BTreeMap, sync::Arc};

use backstop_core::{Class, Kind, StepOutcome, Text};
use parking_lot::Mutex;

use super::{
    histogram::Histogram,
    outcomes::Outcomes,
    overhead::overhead,
    table::{DURATION_BOUNDS, FIRST_TOKEN_BOUNDS, OVERHEAD_BOUNDS},
};
use crate::RequestReport;

/// The metrics of one chain, looked up once, when it is built. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChainMetrics(pub(super) Arc<ChainSeries>);

#[derive(Debug)]
pub(super) struct ChainSeries {
    pub(super) chain: Text,
    // Written once a request.
    pub(super) requests: Mutex<BTreeMap<RequestKey, u64>>,
    pub(super) duration: Histogram,
    pub(super) first_token: Histogram,
    pub(super) overhead: Histogram,
    pub(super) fell_over: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) falls: Outcomes,
    pub(super) exhausted: Outcomes,
}

/// Dialect, status (0 for none) and outcome.
pub(super) type RequestKey = (&'static str, u16, &'static str);

impl ChainMetrics {
    pub(super) fn new(chain: Text) -> Self {
        Self(Arc::new(ChainSeries {
            chain,
            requests: Mutex::default(),
            duration: Histogram::new(DURATION_BOUNDS),
            first_token: Histogram::new(FIRST_TOKEN_BOUNDS),
            overhead: Histogram::new(OVERHEAD_BOUNDS),
            fell_over: Mutex::default(),
            falls: Outcomes::new(),
            exhausted: Outcomes::new(),
        }))
    }

    /// The label that the chain goes by.
    #[must_use]
    pub fn label(&self) -> &Text {
        &self.0.chain
    }

    /// A request went on to another target after `class`.
    pub fn fell_over(&self, class: Class) {
        self.0.falls.count_kind(class.kind);
    }

    /// A request has no target left; its caller gets `class`.
    pub fn exhausted(&self, class: Class) {
        self.0.exhausted.count_kind(class.kind);
    }

    pub(super) fn request(&self, dialect: &'static str, status: u16, outcome: &'static str) {
        *self.0.requests.lock().entry((dialect, status, outcome)).or_default() += 1;
    }

    pub(super) fn ended(&self, report: &RequestReport) {
        let series = &*self.0;
        let status = report.status.map_or(0, |status| status.as_u16());
        self.request(report.dialect.as_str(), status, report.outcome_label());
        if let Some(reason) = report.fallback_reason {
            *series.fell_over.lock().entry(reason).or_default() += 1;
        }
        if let Some(took) = report.first_token {
            series.first_token.observe(took);
        }
        if report.outcome == StepOutcome::Success {
            series.duration.observe(report.duration);
        }
        if let Some(took) = overhead(report) {
            series.overhead.observe(took);
        }
    }

    pub(super) fn refused(&self, dialect: &'static str, status: u16, kind: Kind) {
        self.request(dialect, status, kind.label());
    }
}
