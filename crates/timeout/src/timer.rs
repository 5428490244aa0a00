//! One timer for the life of a body or a future.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

pin_project! {
    /// A timer that is made when it is first needed, and only set anew where it fires early.
    ///
    /// Most events push the moment back. Moving a timer each time costs more than the event; so it is left where it is,
    /// and when it fires before the moment it is set to the moment.
    #[derive(Debug, Default)]
    pub(crate) struct Timer {
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Timer {
    pub(crate) const fn new() -> Self {
        Self { sleep: None }
    }

    /// Ready once `due` has come.
    pub(crate) fn poll_due(self: Pin<&mut Self>, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut sleep = self.project().sleep;
        let due = tokio::time::Instant::from_std(due);
        if sleep.is_none() {
            sleep.set(Some(sleep_until(due)));
        }
        let Some(mut sleep) = sleep.as_pin_mut() else { return Poll::Pending };
        // A moment that came nearer must not be missed.
        if sleep.deadline() > due {
            sleep.as_mut().reset(due);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
        Poll::Pending
    }
}
