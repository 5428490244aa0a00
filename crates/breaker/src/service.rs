use std::{
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Failure, Refusal, Text, classify::Classify, clock};
use tower_service::Service;

use crate::{
    BreakerObserver, future::ResponseFuture, policy::Circuit, settlement::Settlement, state::Rejected,
};

/// A service behind a circuit breaker. Made by [`BreakerLayer`](crate::BreakerLayer).
#[derive(Clone, Debug)]
pub struct Breaker<S, C, O> {
    pub(crate) inner: S,
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) name: Text,
    pub(crate) classifier: C,
    pub(crate) observer: O,
}

impl<S, C, O, R, Response> Service<R> for Breaker<S, C, O>
where
    S: Service<R, Response = Response>,
    C: Classify<Response, S::Error> + Clone,
    O: BreakerObserver + Clone,
{
    type Response = C::Watched<Settlement<O>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, Response, S::Error, C, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (admitted, transition) = self.circuit.admit(clock::now());
        if let Some(transition) = transition {
            self.observer.transition(&transition);
        }
        match admitted {
            Ok(permit) => {
                let settlement = Settlement::new(Arc::clone(&self.circuit), permit, self.observer.clone());
                ResponseFuture::calling(self.inner.call(request), self.classifier.clone(), settlement)
            }
            // The inner service stays ready for the next call.
            Err(rejected) => {
                self.observer.rejected(rejected.retry_after);
                let refusal = self.classifier.reject(self.refusal(rejected));
                ResponseFuture::refused(refusal, self.classifier.clone())
            }
        }
    }
}

impl<S, C, O> Breaker<S, C, O> {
    backstop_core::accessors!(inner: S);

    fn refusal(&self, rejected: Rejected) -> Failure {
        let name = &*self.name;
        let message = match rejected.retry_after {
            Some(wait) => format!(
                "the circuit breaker of {name} is open after repeated failures; it lets the next call through in {:.1} s",
                wait.as_secs_f64()
            ),
            None => format!("the circuit breaker of {name} is held open by its operator"),
        };
        Failure::refused(Refusal::BreakerOpen, message).with_retry_after(rejected.retry_after)
    }
}
