use std::{sync::Arc, time::Duration};

use backstop_core::{Origin, Step};

/// Hears of every attempt. The hook for metrics; called on the request's own task, so it must not block.
pub trait AttemptObserver {
    /// `step` begins.
    fn begun(&self, origin: &Origin, step: &Step) {
        let _ = (origin, step);
    }

    /// The first token of `step` is here. Comes once at most, and not at all where the attempt fails before it.
    fn first_token(&self, origin: &Origin, step: &Step) {
        let _ = (origin, step);
    }

    /// Another event that carries content, `gap` after the one before. Comes for every such event but the first: whatever
    /// hears it must neither lock nor allocate.
    fn next_token(&self, gap: Duration) {
        let _ = gap;
    }

    /// `step` has ended: its outcome and duration are known. Comes once for every step that began.
    fn settled(&self, origin: &Origin, step: &Step) {
        let _ = (origin, step);
    }
}

impl AttemptObserver for () {}

impl<T: AttemptObserver + ?Sized> AttemptObserver for Arc<T> {
    fn begun(&self, origin: &Origin, step: &Step) {
        (**self).begun(origin, step);
    }

    fn first_token(&self, origin: &Origin, step: &Step) {
        (**self).first_token(origin, step);
    }

    fn next_token(&self, gap: Duration) {
        (**self).next_token(gap);
    }

    fn settled(&self, origin: &Origin, step: &Step) {
        (**self).settled(origin, step);
    }
}
