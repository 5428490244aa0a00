use std::{sync::Arc, time::Duration};

use crate::Transition;

/// Hears what a breaker does. Called on the path of the request: be quick, and do not block.
pub trait BreakerObserver {
    /// The state has changed.
    fn transition(&self, transition: &Transition) {
        let _ = transition;
    }

    /// A call was refused. `retry_after` is the time until the next probe may go out; `None` where only an operator
    /// knows.
    fn rejected(&self, retry_after: Option<Duration>) {
        let _ = retry_after;
    }
}

impl BreakerObserver for () {}

impl<T: BreakerObserver + ?Sized> BreakerObserver for Arc<T> {
    fn transition(&self, transition: &Transition) {
        (**self).transition(transition);
    }

    fn rejected(&self, retry_after: Option<Duration>) {
        (**self).rejected(retry_after);
    }
}
