//! What the layers' observers do: they count, and tell the log what an operator should see.

use std::{sync::Arc, time::Duration};

use backstop_breaker::{
    BreakerObserver, BreakerState, Transition,
    cooldown::{CooldownObserver, CooldownTarget, Cooling, Subject},
};
use backstop_commit::{CommitObserver, Committed};
use backstop_core::{Call, Class, Kind, Target, Text};
use backstop_dialect::Loss;
use backstop_fallback::FallbackObserver;
use backstop_normalize::NormalizeObserver;
use backstop_retry::{Retried, RetryObserver};
use backstop_telemetry::metrics::{ChainMetrics, Metrics, TargetMetrics};
use backstop_validate::{Rejection, ValidateObserver};

use super::lives::Life;

/// Observes the layers of one target.
#[derive(Clone, Debug)]
pub struct TargetHook(pub(crate) TargetMetrics);

/// Observes the falls of one chain, and holds on to the life of its stack: a call that runs has the chain.
#[derive(Debug)]
pub struct ChainHook {
    pub(crate) metrics: ChainMetrics,
    pub(crate) _life: Arc<Life>,
}

/// Observes the cooldowns of one provider's credentials and models.
#[derive(Debug)]
pub(crate) struct PoolHook {
    pub(crate) metrics: Metrics,
    pub(crate) provider: Text,
}

impl BreakerObserver for TargetHook {
    fn transition(&self, transition: &Transition) {
        let (target, from, to) = (self.0.label().as_str(), transition.from.label(), transition.to.label());
        self.0.breaker_changed(to);
        match transition.to {
            BreakerState::Open { .. } => {
                tracing::warn!(target: "backstop::breaker", provider_target = target, from, to, "a breaker has opened");
            }
            _ => {
                tracing::info!(target: "backstop::breaker", provider_target = target, from, to, "a breaker has changed")
            }
        }
    }

    fn rejected(&self, _: Option<Duration>) {
        self.0.breaker_refused();
    }
}

impl RetryObserver for TargetHook {
    fn retried(&self, retried: Retried) {
        self.0.retried(retried.after, retried.other_key);
    }

    fn out_of_budget(&self, class: Class) {
        self.0.retry_denied(class);
    }
}

impl CommitObserver for TargetHook {
    fn committed(&self, committed: Committed) {
        if committed.outgrown {
            self.0.commit_outgrown();
        }
    }
}

impl ValidateObserver for TargetHook {
    fn rejected(&self, rejection: &Rejection) {
        self.0.answer_rejected(rejection.rule().label());
    }
}

impl NormalizeObserver for TargetHook {
    fn dropped(&self, _: &Call, losses: &[Loss]) {
        self.0.lost_in_translation(losses.len());
    }
}

impl FallbackObserver for ChainHook {
    fn fell_over(&self, _: &Target, _: &Target, class: Class) {
        self.metrics.fell_over(class);
    }

    fn exhausted(&self, class: Class) {
        self.metrics.exhausted(class);
    }
}

impl CooldownObserver for PoolHook {
    fn alert(&self, kind: Kind, _: &str, _: Option<usize>) {
        self.metrics.alert(&self.provider, kind);
    }

    fn cooled(&self, cooling: &Cooling) {
        self.metrics.cooled(&self.provider, scope(&cooling.subject), cooling.kind);
    }

    fn refused(&self, _: &CooldownTarget, _: Duration) {
        self.metrics.cooldown_refused(&self.provider);
    }
}

/// What cools, in one word.
pub(crate) const fn scope(subject: &Subject) -> &'static str {
    match subject {
        Subject::Key { .. } => "key",
        Subject::Model { .. } => "model",
        Subject::KeyModel { .. } => "key_model",
        _ => "other",
    }
}
