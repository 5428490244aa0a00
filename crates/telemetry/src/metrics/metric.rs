use std::fmt;

/// What is declared of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name without prefix, unit and suffix.
    pub(super) name: &'static str,
    /// What kind of metric it is.
    pub kind: MetricKind,
    pub(super) unit: Option<Unit>,
    /// The labels, in the order in which they are written.
    pub labels: &'static [&'static str],
    /// What it says, in one sentence.
    pub help: &'static str,
}

/// Kinds of metrics, as Prometheus knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// Only goes up; begins anew with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds, with a count and a sum.
    Histogram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Bytes,
    Seconds,
}

impl Metric {
    pub(super) const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, kind: MetricKind::Counter, unit: None, labels, help }
    }

    pub(super) const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, kind: MetricKind::Gauge, unit: None, labels, help }
    }

    pub(super) const fn histogram(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, kind: MetricKind::Histogram, unit: Some(Unit::Seconds), labels, help }
    }

    pub(super) const fn in_bytes(mut self) -> Self {
        self.unit = Some(Unit::Bytes);
        self
    }

    /// The name as it is queried: `backstop_…`, with its unit, and `_total` for a counter. A histogram's series add
    /// `_bucket`, `_count` and `_sum`.
    #[must_use]
    pub fn full_name(&self) -> String {
        let unit = match self.unit {
            Some(Unit::Bytes) => "_bytes",
            Some(Unit::Seconds) => "_seconds",
            None => "",
        };
        let suffix = if self.kind == MetricKind::Counter { "_total" } else { "" };
        format!("{PREFIX}_{}{unit}{suffix}", self.name)
    }
}

impl fmt::Display for MetricKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

pub(super) const PREFIX: &str = "backstop";
