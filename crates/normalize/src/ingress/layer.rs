use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{Ingress, IngressConfig, IngressObserver};

/// Puts the edge over a stack.
#[derive(Clone)]
pub struct IngressLayer(Arc<Edge>);

/// What all requests at an edge share.
pub(super) struct Edge {
    pub(super) config: IngressConfig,
    pub(super) observer: Box<dyn IngressObserver + Send + Sync>,
}

impl IngressLayer {
    /// The edge for one dialect.
    #[must_use]
    pub fn new(config: IngressConfig) -> Self {
        Self(Arc::new(Edge { config, observer: Box::new(()) }))
    }

    /// Tells `observer` of every request that is refused here.
    #[must_use]
    pub fn with_observer(self, observer: impl IngressObserver + Send + Sync + 'static) -> Self {
        Self(Arc::new(Edge { config: self.0.config.clone(), observer: Box::new(observer) }))
    }
}

impl<S> Layer<S> for IngressLayer {
    type Service = Ingress<S>;

    fn layer(&self, inner: S) -> Ingress<S> {
        Ingress::new(inner, Arc::clone(&self.0))
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

impl fmt::Debug for IngressLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IngressLayer").field(&self.0).finish()
    }
}
