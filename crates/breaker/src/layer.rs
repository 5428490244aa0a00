use std::sync::Arc;

use backstop_core::{Text, classify::Answers};
use tower_layer::Layer;

use crate::{Breaker, BreakerConfig, BreakerHandle, policy::Circuit};

/// Puts a [`Breaker`] over a service. All services that one layer (or a clone of it) makes share one state.
///
/// See the [crate documentation](crate) for what it counts.
#[derive(Clone, Debug)]
pub struct BreakerLayer<C = Answers, O = ()> {
    circuit: Arc<Circuit>,
    name: Text,
    classifier: C,
    observer: O,
}

impl BreakerLayer {
    /// A closed breaker for stacks of answers.
    #[must_use]
    pub fn new(config: BreakerConfig) -> Self {
        Self {
            circuit: Arc::new(Circuit::new(config)),
            name: Text::from_static("the target"),
            classifier: Answers::new(),
            observer: (),
        }
    }
}

impl<C, O> BreakerLayer<C, O> {
    /// Names the target, for the message of a refusal. Default: `the target`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Text>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets what results mean. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> BreakerLayer<D, O> {
        BreakerLayer { circuit: self.circuit, name: self.name, classifier, observer: self.observer }
    }

    /// Sets who hears of changes and refusals. Default: nobody.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> BreakerLayer<C, P> {
        BreakerLayer { circuit: self.circuit, name: self.name, classifier: self.classifier, observer }
    }

    /// A handle to watch and force the breaker.
    #[must_use]
    pub fn handle(&self) -> BreakerHandle<O>
    where
        O: Clone,
    {
        BreakerHandle::new(Arc::clone(&self.circuit), self.observer.clone())
    }
}

impl Default for BreakerLayer {
    fn default() -> Self {
        Self::new(BreakerConfig::default())
    }
}

impl<S, C: Clone, O: Clone> Layer<S> for BreakerLayer<C, O> {
    type Service = Breaker<S, C, O>;

    fn layer(&self, inner: S) -> Breaker<S, C, O> {
        Breaker {
            inner,
            circuit: Arc::clone(&self.circuit),
            name: self.name.clone(),
            classifier: self.classifier.clone(),
            observer: self.observer.clone(),
        }
    }
}
