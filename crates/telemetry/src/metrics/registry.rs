use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use backstop_core::{Kind, Text};
use parking_lot::{Mutex, RwLock};

use super::{ChainMetrics, RequestMetrics, TargetMetrics};
use crate::RequestReport;

/// All metrics of a process. Cheap to clone; clones share everything.
///
/// Series are bounded: at most [`MOST_SERIES`] targets and as many chains have one of their own, whatever is configured
/// and reloaded; those beyond it share the series `other`. A series stays until the process ends, as Prometheus expects
/// of counters.
#[derive(Clone, Debug, Default)]
pub struct Metrics(pub(super) Arc<Inner>);

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) targets: RwLock<BTreeMap<Text, TargetMetrics>>,
    pub(super) chains: RwLock<BTreeMap<Text, ChainMetrics>>,
    pub(super) in_flight: AtomicU64,
    pub(super) open_streams: AtomicU64,
    // All of these are rare.
    pub(super) cooldowns: Mutex<BTreeMap<(Text, &'static str, Label), u64>>,
    pub(super) cooldown_refusals: Mutex<BTreeMap<Text, u64>>,
    pub(super) alerts: Mutex<BTreeMap<(Text, Label), u64>>,
    pub(super) reloads: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) config_bad: AtomicBool,
}

/// A word of the program.
pub(super) type Label = &'static str;

/// What came of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reload {
    /// The new configuration serves.
    Applied,
    /// It is wrong: the last good one serves on.
    Refused,
    /// It says what it said before.
    Unchanged,
}

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The metrics of the target that goes by `label`: a name from the configuration or the catalogue, never a caller's
    /// own words.
    #[must_use]
    pub fn target(&self, label: &Text) -> TargetMetrics {
        get(&self.0.targets, label, TargetMetrics::new)
    }

    /// The metrics of the chain that goes by `label`, under the same rule.
    #[must_use]
    pub fn chain(&self, label: &Text) -> ChainMetrics {
        get(&self.0.chains, label, ChainMetrics::new)
    }

    /// What observes requests.
    #[must_use]
    pub fn requests(&self) -> RequestMetrics {
        RequestMetrics(self.clone())
    }

    /// Something of `provider` begins to cool, or goes on to: a `key`, a `model`, or a `key_model`.
    pub fn cooled(&self, provider: &Text, scope: &'static str, kind: Kind) {
        *self.0.cooldowns.lock().entry((provider.clone(), scope, kind.label())).or_default() += 1;
    }

    /// An attempt at `provider` was refused because all that it could use was cooling.
    pub fn cooldown_refused(&self, provider: &Text) {
        *self.0.cooldown_refusals.lock().entry(provider.clone()).or_default() += 1;
    }

    /// Somebody should look at `provider`.
    pub fn alert(&self, provider: &Text, kind: Kind) {
        *self.0.alerts.lock().entry((provider.clone(), kind.label())).or_default() += 1;
    }

    /// A reload was tried.
    pub fn reloaded(&self, reload: Reload) {
        *self.0.reloads.lock().entry(reload.label()).or_default() += 1;
        self.0.config_bad.store(reload == Reload::Refused, Ordering::Relaxed);
    }

    /// Counts a request that has ended for its chain.
    pub(super) fn ended(&self, report: &RequestReport) {
        let Some(chain) = &report.chain else { return self.nowhere().ended(report) };
        // Chains have series from when they are built; one that has none was named by a caller alone.
        let known = self.0.chains.read().get(chain).cloned();
        known.unwrap_or_else(|| self.chain(&OTHER)).ended(report);
    }

    /// The series of requests that came to no chain.
    pub(super) fn nowhere(&self) -> ChainMetrics {
        self.chain(&NONE)
    }
}

impl Reload {
    /// The result in metrics: `applied`, `refused` or `unchanged`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Unchanged => "unchanged",
        }
    }
}

fn get<T: Clone>(series: &RwLock<BTreeMap<Text, T>>, label: &Text, new: impl FnOnce(Text) -> T) -> T {
    if let Some(known) = series.read().get(label) {
        return known.clone();
    }
    let mut series = series.write();
    let label = if series.len() < MOST_SERIES { label } else { &OTHER };
    series.entry(label.clone()).or_insert_with(|| new(label.clone())).clone()
}

/// The most targets, and the most chains, that have series of their own.
pub const MOST_SERIES: usize = 1024;
/// The label of what has no series of its own.
pub static OTHER: Text = Text::from_static("other");
static NONE: Text = Text::from_static("none");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_bounded() {
        let metrics = Metrics::new();
        for number in 0..2 * MOST_SERIES {
            let label = metrics.target(&format!("openai/m-{number}").into()).label().clone();
            assert_eq!(label == OTHER, number >= MOST_SERIES, "{number}");
        }
        assert_eq!(metrics.0.targets.read().len(), MOST_SERIES + 1);
        assert_eq!(metrics.target(&"openai/m-1".into()).label(), &Text::from("openai/m-1"));
    }
}
