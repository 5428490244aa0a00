use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use backstop_core::Failure;
use http::Response;
use tokio::time::Sleep;

use crate::{ScriptedBody, record::CallProbe, step::Deed};

/// The response future of a [`Script`](crate::Script).
pub struct ScriptFuture<E = Failure> {
    pub(crate) delay: Option<Pin<Box<Sleep>>>,
    pub(crate) deed: Deed,
    pub(crate) probe: Option<CallProbe>,
    pub(crate) error: PhantomData<fn() -> E>,
}

impl<E: From<Failure>> Future for ScriptFuture<E> {
    type Output = Result<Response<ScriptedBody<E>>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(delay) = &mut self.delay {
            ready!(delay.as_mut().poll(cx));
            self.delay = None;
        }
        if matches!(self.deed, Deed::Never) {
            return Poll::Pending;
        }
        let probe = self.probe.take().expect("a future is not polled again once it has resolved");
        Poll::Ready(match std::mem::replace(&mut self.deed, Deed::Never) {
            Deed::Answer(status, headers, plan) => {
                let mut response = Response::new(ScriptedBody::watched(plan, Some(probe.answered())));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Ok(response)
            }
            Deed::Fail(failure) => {
                probe.failed();
                Err(failure.into())
            }
            Deed::Never => return Poll::Pending,
        })
    }
}

impl<E> fmt::Debug for ScriptFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptFuture").field("deed", &self.deed).finish_non_exhaustive()
    }
}
