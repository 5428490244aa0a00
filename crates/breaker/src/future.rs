use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::{
    classify::{Classify, settle_or_watch},
    clock,
};
use pin_project_lite::pin_project;

use crate::{BreakerObserver, settlement::Settlement};

pin_project! {
    /// The response future of a [`Breaker`](crate::Breaker).
    ///
    /// Dropped before it resolves, the call counts neither as a success nor as a failure, and a probe's slot is free.
    #[derive(Debug)]
    pub struct ResponseFuture<F, Response, E, C, O: BreakerObserver> {
        #[pin]
        state: State<F, Response, E, O>,
        classifier: C,
        output: PhantomData<fn() -> Response>,
    }
}

pin_project! {
    #[project = StateProject]
    #[derive(Debug)]
    enum State<F, Response, E, O: BreakerObserver> {
        Calling { #[pin] call: F, settlement: Option<Settlement<O>> },
        Refused { refusal: Option<Result<Response, E>> },
    }
}

impl<F, Response, E, C, O: BreakerObserver> ResponseFuture<F, Response, E, C, O> {
    pub(crate) const fn calling(call: F, classifier: C, settlement: Settlement<O>) -> Self {
        let state = State::Calling { call, settlement: Some(settlement) };
        Self { state, classifier, output: PhantomData }
    }

    pub(crate) const fn refused(refusal: Result<Response, E>, classifier: C) -> Self {
        Self { state: State::Refused { refusal: Some(refusal) }, classifier, output: PhantomData }
    }
}

impl<F, Response, E, C, O> Future for ResponseFuture<F, Response, E, C, O>
where
    F: Future<Output = Result<Response, E>>,
    C: Classify<Response, E>,
    O: BreakerObserver,
{
    type Output = Result<C::Watched<Settlement<O>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.state.project() {
            StateProject::Calling { call, settlement } => {
                let result = ready!(call.poll(cx));
                let settlement =
                    settlement.take().expect("a future is not polled again once it has resolved");
                Poll::Ready(settle_or_watch(this.classifier, result, settlement, clock::now()))
            }
            StateProject::Refused { refusal } => {
                let refusal = refusal.take().expect("a future is not polled again once it has resolved");
                Poll::Ready(refusal.map(|response| this.classifier.watch(response, None)))
            }
        }
    }
}
