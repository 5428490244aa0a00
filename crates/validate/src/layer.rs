use std::sync::Arc;

use tower_layer::Layer;

use crate::{Validate, ValidateConfig};

/// Refuses answers that are none. See the [crate documentation](crate).
#[derive(Debug)]
pub struct ValidateLayer<O = ()> {
    config: Arc<ValidateConfig>,
    observer: Arc<O>,
}

impl ValidateLayer {
    /// Refuses what `config` says.
    #[must_use]
    pub fn new(config: ValidateConfig) -> Self {
        Self { config: Arc::new(config), observer: Arc::new(()) }
    }
}

impl<O> ValidateLayer<O> {
    /// Tells `observer` of every answer that is refused.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> ValidateLayer<P> {
        ValidateLayer { config: self.config, observer: Arc::new(observer) }
    }
}

impl Default for ValidateLayer {
    fn default() -> Self {
        Self::new(ValidateConfig::new())
    }
}

impl<O> Clone for ValidateLayer<O> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config), observer: Arc::clone(&self.observer) }
    }
}

impl<S, O> Layer<S> for ValidateLayer<O> {
    type Service = Validate<S, O>;

    fn layer(&self, inner: S) -> Validate<S, O> {
        Validate::new(inner, Arc::clone(&self.config), Arc::clone(&self.observer))
    }
}
