use std::sync::atomic::Ordering;

use backstop_core::{Failure, Origin};

use super::Metrics;
use crate::{RequestObserver, RequestReport};

/// Observes requests for [`Metrics`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestMetrics(pub(super) Metrics);

impl RequestObserver for RequestMetrics {
    fn begun(&self, _: &Origin) {
        self.0.0.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    fn answered(&self, origin: &Origin) {
        if origin.peek().stream {
            self.0.0.open_streams.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn ended(&self, report: &RequestReport) {
        self.0.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        if report.stream && report.answered {
            self.0.0.open_streams.fetch_sub(1, Ordering::Relaxed);
        }
        self.0.ended(report);
    }
}

impl Metrics {
    /// A request was refused before it became a call: it is in no chain.
    pub fn refused_at_the_edge(&self, dialect: &'static str, failure: &Failure) {
        self.nowhere().refused(dialect, failure.status().as_u16(), failure.kind());
    }
}
