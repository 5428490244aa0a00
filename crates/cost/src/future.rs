use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::Failure;
use http::Response;
use pin_project_lite::pin_project;

use crate::{CostObserver, CostedBody, bill::Bill};

pin_project! {
    /// A call on its way to its head. Dropping it settles what it may have cost.
    pub struct ResponseFuture<F, O: CostObserver = ()> {
        #[pin]
        state: State<F>,
        bill: Option<Bill<O>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Calling { #[pin] call: F },
        Refused { refusal: Option<Failure> },
    }
}

impl<F, O: CostObserver> ResponseFuture<F, O> {
    pub(crate) const fn new(call: F, bill: Bill<O>) -> Self {
        Self { state: State::Calling { call }, bill: Some(bill) }
    }

    pub(crate) const fn refused(refusal: Failure, bill: Bill<O>) -> Self {
        Self { state: State::Refused { refusal: Some(refusal) }, bill: Some(bill) }
    }
}

impl<F, A, O> Future for ResponseFuture<F, O>
where
    F: Future<Output = Result<Response<A>, Failure>>,
    O: CostObserver,
{
    type Output = Result<Response<CostedBody<A, O>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = match this.state.project() {
            StateProjection::Calling { call } => ready!(call.poll(cx)),
            StateProjection::Refused { refusal } => match refusal.take() {
                Some(refusal) => Err(refusal),
                None => unreachable!("polled after it was done"),
            },
        };
        let Some(mut bill) = this.bill.take() else { unreachable!("polled after it was done") };
        Poll::Ready(match result {
            Ok(response) => Ok(response.map(|answer| CostedBody::new(answer, bill))),
            Err(failure) => {
                bill.fail_before_head(&failure);
                Err(failure)
            }
        })
    }
}

impl<F, O: CostObserver> fmt::Debug for ResponseFuture<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
