//! How many stacks are alive: more than one only while requests end on one that was replaced.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counts the stacks of a process. Clones share the count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lives(Arc<AtomicUsize>);

/// One stack is alive until all that hold this are gone: the stack itself, and every call that runs on it.
#[derive(Debug)]
pub(crate) struct Life(Lives);

impl Lives {
    /// One more.
    pub(crate) fn begin(&self) -> Arc<Life> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Arc::new(Life(self.clone()))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
