use std::task::{Context, Poll};

use backstop_core::{
    MaybeCall,
    classify::{Answers, Classify},
    clock,
};
use http::Response;
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseFuture;
use crate::{
    Timeouts,
    body::{Limit, TimedBody, Watch},
};

/// Limits the time of a whole request, all attempts together, head and body, streamed or not.
///
/// Stands above fallback. Writes the moment into the call, where retries, waits and other layers keep to it, and enforces
/// it. Counted from when the request came in; a deadline that the call already has and that is nearer stays.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineLayer<C = Answers> {
    timeouts: Timeouts,
    classifier: C,
}

/// A service whose answers must have ended by a deadline. Made by [`DeadlineLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Deadline<S, C = Answers> {
    inner: S,
    timeouts: Timeouts,
    classifier: C,
}

impl DeadlineLayer {
    /// Takes the limit from `timeouts`.
    #[must_use]
    pub const fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, classifier: Answers::new() }
    }
}

impl<C> DeadlineLayer<C> {
    /// Sets how a timeout is told. Default: [`Answers`].
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> DeadlineLayer<D> {
        DeadlineLayer { timeouts: self.timeouts, classifier }
    }
}

impl Default for DeadlineLayer {
    fn default() -> Self {
        Self::new(Timeouts::new())
    }
}

impl<S, C: Clone> Layer<S> for DeadlineLayer<C> {
    type Service = Deadline<S, C>;

    fn layer(&self, inner: S) -> Deadline<S, C> {
        Deadline { inner, timeouts: self.timeouts, classifier: self.classifier.clone() }
    }
}

impl<S, C> Deadline<S, C> {
    backstop_core::accessors!(inner: S);
}

impl<S, C, R, B> Service<R> for Deadline<S, C>
where
    S: Service<R, Response = Response<B>>,
    C: Classify<Response<B>, S::Error> + Clone,
    R: MaybeCall,
{
    type Response = Response<TimedBody<B, C>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let (now, after) = (clock::now(), self.timeouts.deadline());
        let begun = request.call().map_or(now, |call| call.origin().received());
        let own = begun.checked_add(after);
        let due = match request.call_mut() {
            Some(call) => {
                if let Some(own) = own {
                    call.attempt_mut().tighten_deadline(own);
                }
                call.deadline()
            }
            None => own,
        };
        let limit = due.and_then(|due| Limit::new(begun, due.saturating_duration_since(begun)));
        let watch = limit.map_or(Watch::Off, Watch::End);
        ResponseFuture::new(self.inner.call(request), self.classifier.clone(), watch)
    }
}
