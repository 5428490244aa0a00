use std::sync::Arc;

use tower_layer::Layer;

use super::{Ingress, IngressConfig};

/// Puts the edge over a stack.
#[derive(Clone, Debug)]
pub struct IngressLayer(Arc<IngressConfig>);

impl IngressLayer {
    /// The edge for one dialect.
    #[must_use]
    pub fn new(config: IngressConfig) -> Self {
        Self(Arc::new(config))
    }
}

impl<S> Layer<S> for IngressLayer {
    type Service = Ingress<S>;

    fn layer(&self, inner: S) -> Ingress<S> {
        Ingress::new(inner, Arc::clone(&self.0))
    }
}
