use std::sync::{Arc, atomic::AtomicUsize};

use backstop_core::classify::Answers;
use tower_layer::Layer;

use super::{Cooldown, CooldownTarget, Cooldowns};

/// Puts a [`Cooldown`] over the service of one target. See the [module documentation](super).
#[derive(Clone, Debug)]
pub struct CooldownLayer<C = Answers> {
    cooldowns: Cooldowns,
    target: Arc<CooldownTarget>,
    turn: Arc<AtomicUsize>,
    classifier: C,
}

impl CooldownLayer {
    /// Leaves alone what of `target` cools by the word of `cooldowns`, whose observer also hears of refusals.
    #[must_use]
    pub fn new(cooldowns: Cooldowns, target: CooldownTarget) -> Self {
        let (target, turn) = (Arc::new(target), Arc::default());
        Self { cooldowns, target, turn, classifier: Answers::new() }
    }
}

impl<C> CooldownLayer<C> {
    /// Sets what results mean. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> CooldownLayer<D> {
        CooldownLayer { cooldowns: self.cooldowns, target: self.target, turn: self.turn, classifier }
    }
}

impl<S, C: Clone> Layer<S> for CooldownLayer<C> {
    type Service = Cooldown<S, C>;

    fn layer(&self, inner: S) -> Cooldown<S, C> {
        Cooldown {
            inner,
            cooldowns: self.cooldowns.clone(),
            target: Arc::clone(&self.target),
            turn: Arc::clone(&self.turn),
            classifier: self.classifier.clone(),
        }
    }
}
