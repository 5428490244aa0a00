use std::{fmt, sync::Arc};

use backstop_core::{RetryBudget, classify::Answers};
use tower_layer::Layer;

use crate::{Retry, RetryConfig};

/// Retries on the same target.
pub struct RetryLayer<C = Answers, O = ()> {
    pub(crate) policy: Arc<Policy<C, O>>,
}

/// What all clones share.
pub(crate) struct Policy<C, O> {
    pub(crate) config: RetryConfig,
    pub(crate) budget: Arc<RetryBudget>,
    pub(crate) dice: fn() -> f64,
    pub(crate) classifier: C,
    pub(crate) observer: Arc<O>,
}

impl RetryLayer {
    /// Retries as `config` says, within a budget of its own.
    #[must_use]
    pub fn new(config: RetryConfig) -> Self {
        let (budget, observer) = (Arc::new(RetryBudget::default()), Arc::new(()));
        Self {
            policy: Arc::new(Policy {
                config,
                budget,
                dice: fastrand::f64,
                classifier: Answers::new(),
                observer,
            }),
        }
    }
}

impl<C: Clone, O> RetryLayer<C, O> {
    /// Shares a budget with other targets.
    #[must_use]
    pub fn with_budget(self, budget: Arc<RetryBudget>) -> Self {
        self.change(|policy| policy.budget = budget)
    }

    /// Takes jitter from `dice`, which must give values from 0.0 up to but not 1.0. Default: a random one.
    #[must_use]
    pub fn with_dice(self, dice: fn() -> f64) -> Self {
        self.change(|policy| policy.dice = dice)
    }

    /// Judges results by `classifier`: [`PlainHttp`](backstop_core::classify::PlainHttp) over plain clients.
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> RetryLayer<D, O> {
        let Policy { config, budget, dice, observer, .. } = &*self.policy;
        let (config, budget, dice, observer) = (*config, Arc::clone(budget), *dice, Arc::clone(observer));
        RetryLayer { policy: Arc::new(Policy { config, budget, dice, classifier, observer }) }
    }

    /// Tells `observer` of every retry.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> RetryLayer<C, P> {
        let Policy { config, budget, dice, classifier, .. } = &*self.policy;
        let (config, budget, dice, classifier) = (*config, Arc::clone(budget), *dice, classifier.clone());
        RetryLayer {
            policy: Arc::new(Policy { config, budget, dice, classifier, observer: Arc::new(observer) }),
        }
    }

    fn change(self, change: impl FnOnce(&mut Policy<C, O>)) -> Self {
        let Policy { config, budget, dice, classifier, observer } = &*self.policy;
        let mut policy = Policy {
            config: *config,
            budget: Arc::clone(budget),
            dice: *dice,
            classifier: classifier.clone(),
            observer: Arc::clone(observer),
        };
        change(&mut policy);
        Self { policy: Arc::new(policy) }
    }
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self::new(RetryConfig::new())
    }
}

impl<C, O> Clone for RetryLayer<C, O> {
    fn clone(&self) -> Self {
        Self { policy: Arc::clone(&self.policy) }
    }
}

impl<S, C, O> Layer<S> for RetryLayer<C, O> {
    type Service = Retry<S, C, O>;

    fn layer(&self, inner: S) -> Retry<S, C, O> {
        Retry::new(inner, Arc::clone(&self.policy))
    }
}

impl<C, O> fmt::Debug for RetryLayer<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer").field("config", &self.policy.config).finish_non_exhaustive()
    }
}
