use std::{sync::Arc, time::Duration};

/// Hears when answers are committed. `()` hears nothing.
pub trait CommitObserver {
    /// An answer is committed.
    fn committed(&self, committed: Committed) {
        let _ = committed;
    }
}

/// An answer that is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// How many events were held back until then.
    pub held: usize,
    /// From the call to the commit.
    pub waited: Duration,
    /// Whether it was committed because it outgrew what may be buffered.
    pub outgrown: bool,
}

impl CommitObserver for () {}

impl<O: CommitObserver + ?Sized> CommitObserver for Arc<O> {
    fn committed(&self, committed: Committed) {
        (**self).committed(committed);
    }
}
