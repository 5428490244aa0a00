use std::sync::Arc;

use tower_layer::Layer;

use crate::{CostConfig, Costed};

/// Says what each call costs. See the [crate documentation](crate).
#[derive(Debug)]
pub struct CostLayer<O = ()> {
    config: Arc<CostConfig>,
    observer: Arc<O>,
}

impl CostLayer {
    /// Counts as `config` says.
    #[must_use]
    pub fn new(config: CostConfig) -> Self {
        Self { config: Arc::new(config), observer: Arc::new(()) }
    }
}

impl<O> CostLayer<O> {
    /// Tells `observer` of every call that has ended.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> CostLayer<P> {
        CostLayer { config: self.config, observer: Arc::new(observer) }
    }
}

impl<O> Clone for CostLayer<O> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config), observer: Arc::clone(&self.observer) }
    }
}

impl<S, O> Layer<S> for CostLayer<O> {
    type Service = Costed<S, O>;

    fn layer(&self, inner: S) -> Costed<S, O> {
        Costed::new(inner, Arc::clone(&self.config), Arc::clone(&self.observer))
    }
}
