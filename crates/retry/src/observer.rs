use std::{sync::Arc, time::Duration};

use backstop_core::Class;

/// Hears of retries. `()` hears nothing.
pub trait RetryObserver {
    /// Another try was decided.
    fn retried(&self, retried: Retried) {
        let _ = retried;
    }

    /// A retry would have made sense, but the budget is used up.
    fn out_of_budget(&self, class: Class) {
        let _ = class;
    }
}

/// A retry that was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retried {
    /// What it follows.
    pub after: Class,
    /// How long it waits.
    pub wait: Duration,
    /// Whether it goes out with another credential.
    pub other_key: bool,
}

impl RetryObserver for () {}

impl<O: RetryObserver + ?Sized> RetryObserver for Arc<O> {
    fn retried(&self, retried: Retried) {
        (**self).retried(retried);
    }

    fn out_of_budget(&self, class: Class) {
        (**self).out_of_budget(class);
    }
}
