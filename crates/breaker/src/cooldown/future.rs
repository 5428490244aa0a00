use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::{
    classify::{Classify, Outcome, Settle},
    clock,
};
use pin_project_lite::pin_project;

use super::Settlement;

pin_project! {
    /// The response future of a [`Cooldown`](super::Cooldown).
    ///
    /// Dropped before it resolves, the call decides nothing, and what it probed is free to be probed again.
    #[derive(Debug)]
    pub struct ResponseFuture<F, Response, E, C> {
        #[pin]
        state: State<F, Response, E>,
        classifier: C,
    }
}

pin_project! {
    #[project = StateProject]
    #[derive(Debug)]
    enum State<F, Response, E> {
        Calling { #[pin] call: F, settlement: Option<Settlement> },
        Refused { refusal: Option<Result<Response, E>> },
    }
}

impl<F, Response, E, C> ResponseFuture<F, Response, E, C> {
    pub(super) const fn calling(call: F, classifier: C, settlement: Settlement) -> Self {
        Self { state: State::Calling { call, settlement: Some(settlement) }, classifier }
    }

    pub(super) const fn refused(refusal: Result<Response, E>, classifier: C) -> Self {
        Self { state: State::Refused { refusal: Some(refusal) }, classifier }
    }
}

impl<F, Response, E, C> Future for ResponseFuture<F, Response, E, C>
where
    F: Future<Output = Result<Response, E>>,
    C: Classify<Response, E>,
{
    type Output = Result<C::Watched<Settlement>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (result, mut settlement) = match this.state.project() {
            StateProject::Calling { call, settlement } => {
                let result = ready!(call.poll(cx));
                (result, settlement.take().expect("a future is not polled again once it has resolved"))
            }
            StateProject::Refused { refusal } => {
                let refusal = refusal.take().expect("a future is not polled again once it has resolved");
                return Poll::Ready(refusal.map(|response| this.classifier.watch(response, None)));
            }
        };
        let class = this.classifier.class(result.as_ref());
        Poll::Ready(match (result, class) {
            (Ok(response), None) => Ok(this.classifier.watch(response, Some(settlement))),
            (Ok(response), Some(class)) => {
                settlement.settle(Outcome::Failed(class), clock::now());
                Ok(this.classifier.watch(response, None))
            }
            (Err(error), Some(class)) if settlement.fail(class, clock::now()) => {
                Err(this.classifier.amend(error, |failure| failure.with_other_key(true)))
            }
            (Err(error), _) => Err(error),
        })
    }
}
