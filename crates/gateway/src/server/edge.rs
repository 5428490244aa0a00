//! What the edge's observer does.

use backstop_core::{Dialect, Failure};
use backstop_normalize::ingress::IngressObserver;
use backstop_telemetry::metrics::Metrics;

/// Counts the requests that the edge refuses, which come to no chain.
#[derive(Debug)]
pub(super) struct EdgeHook {
    metrics: Metrics,
    dialect: Dialect,
}

impl EdgeHook {
    pub(super) const fn new(metrics: Metrics, dialect: Dialect) -> Self {
        Self { metrics, dialect }
    }
}

impl IngressObserver for EdgeHook {
    fn refused(&self, failure: &Failure) {
        self.metrics.refused_at_the_edge(self.dialect.as_str(), failure);
    }
}
