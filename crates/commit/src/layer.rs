use std::sync::Arc;

use tower_layer::Layer;

use crate::{Commit, CommitConfig};

/// Commits answers at their first token, or when they are whole.
#[derive(Debug)]
pub struct CommitLayer<O = ()> {
    config: CommitConfig,
    observer: Arc<O>,
}

impl CommitLayer {
    /// Commits as `config` says.
    #[must_use]
    pub fn new(config: CommitConfig) -> Self {
        Self { config, observer: Arc::new(()) }
    }
}

impl<O> CommitLayer<O> {
    /// Tells `observer` of every commit.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> CommitLayer<P> {
        CommitLayer { config: self.config, observer: Arc::new(observer) }
    }
}

impl<O> Clone for CommitLayer<O> {
    fn clone(&self) -> Self {
        Self { config: self.config, observer: Arc::clone(&self.observer) }
    }
}

impl Default for CommitLayer {
    fn default() -> Self {
        Self::new(CommitConfig::new())
    }
}

impl<S, O> Layer<S> for CommitLayer<O> {
    type Service = Commit<S, O>;

    fn layer(&self, inner: S) -> Commit<S, O> {
        Commit::new(inner, self.config, Arc::clone(&self.observer))
    }
}
