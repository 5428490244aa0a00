use std::sync::Arc;

use backstop_core::{Edit, Target};
use tower_layer::Layer;

use crate::{Adapt, AdaptConfig};

/// Notes a target and its changes on each call.
#[derive(Clone, Debug)]
pub struct AdaptLayer {
    target: Arc<Target>,
    edits: Arc<Vec<Edit>>,
}

impl AdaptLayer {
    /// The target and the changes that `config` names.
    #[must_use]
    pub fn new(config: AdaptConfig) -> Self {
        Self { target: config.target, edits: Arc::new(config.edits) }
    }
}

impl<S> Layer<S> for AdaptLayer {
    type Service = Adapt<S>;

    fn layer(&self, inner: S) -> Adapt<S> {
        Adapt::new(inner, Arc::clone(&self.target), Arc::clone(&self.edits))
    }
}
