//! The breakers, by target: all chains that use a target share its breaker.

use std::collections::HashMap;

use backstop_breaker::{BreakerConfig, BreakerHandle, BreakerLayer};
use backstop_config::BreakerSwitch;
use backstop_core::{Text, clock};
use parking_lot::Mutex;

/// The breakers of a stack.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<Text, BreakerLayer>>);

impl Breakers {
    /// The breaker of the target `name`: the one that is there, or a new one set up as `switch` says.
    pub(crate) fn of(&self, name: &Text, switch: BreakerSwitch) -> BreakerLayer {
        let mut breakers = self.0.lock();
        let breaker = breakers.entry(name.clone()).or_insert_with(|| new(name, switch));
        breaker.clone()
    }

    /// All breakers by name, in the order of names.
    pub(crate) fn handles(&self) -> Vec<(Text, BreakerHandle)> {
        let mut handles: Vec<_> =
            self.0.lock().iter().map(|(name, breaker)| (name.clone(), breaker.handle())).collect();
        handles.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        handles
    }
}

fn new(name: &Text, switch: BreakerSwitch) -> BreakerLayer {
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
    breaker
}
