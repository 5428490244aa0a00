use std::{fmt, sync::Arc};

use tower_layer::Layer;

use crate::{Normalize, NormalizeConfig};

/// Puts a provider's side over an HTTP client.
pub struct NormalizeLayer<O = ()> {
    config: Arc<NormalizeConfig>,
    observer: Arc<O>,
}

impl NormalizeLayer {
    /// One provider's side.
    #[must_use]
    pub fn new(config: NormalizeConfig) -> Self {
        Self { config: Arc::new(config), observer: Arc::new(()) }
    }
}

impl<O> NormalizeLayer<O> {
    /// Tells `observer` what translation leaves out.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> NormalizeLayer<P> {
        NormalizeLayer { config: self.config, observer: Arc::new(observer) }
    }
}

impl<S, O> Layer<S> for NormalizeLayer<O> {
    type Service = Normalize<S, O>;

    fn layer(&self, inner: S) -> Normalize<S, O> {
        Normalize::new(inner, Arc::clone(&self.config), Arc::clone(&self.observer))
    }
}

impl<O> Clone for NormalizeLayer<O> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config), observer: Arc::clone(&self.observer) }
    }
}

impl<O> fmt::Debug for NormalizeLayer<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NormalizeLayer").field("config", &self.config).finish_non_exhaustive()
    }
}
