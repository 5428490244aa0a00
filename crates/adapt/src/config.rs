use std::sync::Arc;

use backstop_core::{Edit, Target};

/// A target, and what to change in each call that goes there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdaptConfig {
    /// The target.
    pub target: Arc<Target>,
    /// The changes, in order. The first asks for the target's model.
    pub edits: Vec<Edit>,
}

impl AdaptConfig {
    /// Asks for the target's model, and changes nothing else.
    #[must_use]
    pub fn new(target: impl Into<Arc<Target>>) -> Self {
        let target = target.into();
        Self { edits: vec![Edit::Model(target.model.clone())], target }
    }

    /// Adds a change behind those already there.
    #[must_use]
    pub fn with_edit(mut self, edit: Edit) -> Self {
        self.edits.push(edit);
        self
    }

    /// Adds changes behind those already there.
    #[must_use]
    pub fn with_edits(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.edits.extend(edits);
        self
    }
}
