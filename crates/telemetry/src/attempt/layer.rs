use backstop_core::Text;
use tower_layer::Layer;

use super::Attempt;

/// Writes the trail of one target: see the [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct AttemptLayer<O = ()> {
    target: Text,
    observer: O,
}

impl AttemptLayer {
    /// Steps are written in the name `target`, usually `provider/model`.
    #[must_use]
    pub fn new(target: impl Into<Text>) -> Self {
        Self { target: target.into(), observer: () }
    }
}

impl<O> AttemptLayer<O> {
    /// Tells `observer` of every step.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> AttemptLayer<P> {
        AttemptLayer { target: self.target, observer }
    }
}

impl<S, O: Clone> Layer<S> for AttemptLayer<O> {
    type Service = Attempt<S, O>;

    fn layer(&self, inner: S) -> Self::Service {
        Attempt::new(inner, self.target.clone(), self.observer.clone())
    }
}
