//! The breakers, by target: all chains that use a target with the same figures share its breaker.

use std::sync::Arc;

use backstop_breaker::{BreakerConfig, BreakerHandle, BreakerLayer};
use backstop_config::BreakerSwitch;
use backstop_core::{Text, classify::Answers, clock};
use backstop_telemetry::metrics::TargetMetrics;
use parking_lot::Mutex;

use super::{
    hooks::TargetHook,
    pools::{Pool, Pools},
};

/// The breaker of a target.
pub(crate) type TargetBreaker = BreakerLayer<Answers, TargetHook>;

/// The breakers of a stack.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    used: Vec<Entry>,
    /// Those of the stack before this one, until a target asks for them.
    carried: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: Text,
    switch: BreakerSwitch,
    pool: Arc<Pool>,
    breaker: TargetBreaker,
}

impl Breakers {
    /// None yet, but those of `previous` whose target keeps its endpoint and credentials will be found again.
    pub(crate) fn after(previous: Option<&Self>, pools: &Pools) -> Self {
        let Some(previous) = previous else { return Self::default() };
        let known = previous.0.lock();
        let carried = known.used.iter().chain(&known.carried).filter(|entry| pools.holds(&entry.pool));
        let carried = carried.take(MOST_BREAKERS).cloned().collect();
        Self(Mutex::new(Known { used: Vec::new(), carried }))
    }

    /// The breaker of the target `name` in `pool`: the one that is there, the one from before a reload if it has the same
    /// figures, or a new one set up as `switch` says.
    pub(crate) fn of(
        &self,
        name: &Text,
        switch: BreakerSwitch,
        pool: &Arc<Pool>,
        metrics: &TargetMetrics,
    ) -> TargetBreaker {
        let mut known = self.0.lock();
        let is = |entry: &Entry| entry.name == *name && entry.switch == switch;
        if let Some(entry) = known.used.iter().find(|entry| is(entry)) {
            return entry.breaker.clone();
        }
        let carried = known.carried.iter().position(|entry| is(entry) && Arc::ptr_eq(&entry.pool, pool));
        let entry = match carried {
            Some(place) => known.carried.swap_remove(place),
            None => {
                let breaker = new(name, switch, metrics);
                Entry { name: name.clone(), switch, pool: Arc::clone(pool), breaker }
            }
        };
        let breaker = entry.breaker.clone();
        // Callers may name models; what is beyond the bound works, but is not shared.
        if known.used.len() < MOST_BREAKERS {
            known.used.push(entry);
        }
        breaker
    }

    /// All breakers that targets use, by name, in the order of names.
    pub(crate) fn handles(&self) -> Vec<(Text, BreakerHandle<TargetHook>)> {
        let known = self.0.lock();
        let handles = known.used.iter().map(|entry| (entry.name.clone(), entry.breaker.handle()));
        let mut handles: Vec<_> = handles.collect();
        handles.sort_by(|(one, _), (other, _)| one.cmp(other));
        handles
    }
}

fn new(name: &Text, switch: BreakerSwitch, metrics: &TargetMetrics) -> TargetBreaker {
    let mut config = BreakerConfig::new();
    if let BreakerSwitch::On(figures) = switch {
        config = config
            .with_ratio(
                figures.failure_ratio.unwrap_or(config.ratio),
                figures.minimum_attempts.unwrap_or(config.attempts),
            )
            .with_window(figures.window.unwrap_or(config.window))
            .with_consecutive(figures.consecutive_failures.unwrap_or(config.consecutive))
            .with_open(
                figures.open.unwrap_or(config.open),
                figures.max_open.unwrap_or(config.max_open),
                figures.max_open.unwrap_or(config.max_open_timeouts),
            );
    }
    let breaker = BreakerLayer::new(config).with_name(name.clone());
    if switch == BreakerSwitch::Off {
        breaker.handle().force_closed(clock::now());
    }
    breaker.with_observer(TargetHook(metrics.clone()))
}

/// Configured targets are few; the rest are models that callers name.
const MOST_BREAKERS: usize = 2048;
