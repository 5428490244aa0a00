//! Sends each call to the chain that it names.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use arc_swap::ArcSwap;
use backstop_core::{Call, Failure};
use http::Request;
use pin_project_lite::pin_project;
use tower::{Service, ServiceExt as _, util::Oneshot};

use super::{Chain, Stack};

/// The stack that serves, behind one atomic swap: calls that run end on the stack that they began with.
pub type SharedStack = Arc<ArcSwap<Stack>>;

/// Sends each call to the chain that it names. Always ready.
#[derive(Clone, Debug)]
pub struct Router {
    stack: SharedStack,
}

impl Router {
    /// Looks chains up in `stack`, anew for each call.
    #[must_use]
    pub const fn new(stack: SharedStack) -> Self {
        Self { stack }
    }
}

impl Service<Request<Call>> for Router {
    type Response = <Chain as Service<Request<Call>>>::Response;
    type Error = Failure;
    type Future = RouterFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Call>) -> RouterFuture {
        let origin = Arc::clone(request.body().origin());
        let stack = self.stack.load();
        match stack.chain(&origin.peek().model) {
            Ok((name, chain)) => {
                let named_by_caller = !stack.config().chains.contains_key(&*name);
                origin.trail().enter_chain(name);
                RouterFuture { state: State::Calling { call: chain.oneshot(request), named_by_caller } }
            }
            Err(failure) => RouterFuture { state: State::Failed { failure: Some(failure) } },
        }
    }
}

pin_project! {
    /// Resolves with the chain's result.
    pub struct RouterFuture {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State {
        Calling {
            #[pin]
            call: Oneshot<Chain, Request<Call>>,
            // No chain chose the model.
            named_by_caller: bool,
        },
        Failed { failure: Option<Failure> },
    }
}

impl Future for RouterFuture {
    type Output = Result<<Chain as Service<Request<Call>>>::Response, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Calling { call, named_by_caller } => call.poll(cx).map_err(|failure| {
                if *named_by_caller { failure.with_model_named_by_caller() } else { failure }
            }),
            StateProjection::Failed { failure } => match failure.take() {
                Some(failure) => Poll::Ready(Err(failure)),
                None => unreachable!("polled after it was done"),
            },
        }
    }
}

impl fmt::Debug for RouterFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterFuture").finish_non_exhaustive()
    }
}
