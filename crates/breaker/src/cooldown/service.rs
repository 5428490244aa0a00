use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use backstop_core::{Failure, MaybeCall, Refusal, classify::Classify, clock};
use tower_service::Service;

use super::{CooldownTarget, Cooldowns, ResponseFuture, Settlement, entries::Blocked};

/// A target's service that is only called with what is not cooling. Made by [`CooldownLayer`](super::CooldownLayer).
#[derive(Clone, Debug)]
pub struct Cooldown<S, C> {
    pub(super) inner: S,
    pub(super) cooldowns: Cooldowns,
    pub(super) target: Arc<CooldownTarget>,
    pub(super) turn: Arc<AtomicUsize>,
    pub(super) classifier: C,
}

impl<S, C, R, Response> Service<R> for Cooldown<S, C>
where
    S: Service<R, Response = Response>,
    C: Classify<Response, S::Error> + Clone,
    R: MaybeCall,
{
    type Response = C::Watched<Settlement>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, Response, S::Error, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        match self.cooldowns.choose(&self.target, turn, clock::now()) {
            Ok(pass) => {
                if let Some(call) = request.call_mut() {
                    call.attempt_mut().set_credential(pass.credential);
                }
                let settlement = Settlement::new(self.cooldowns.clone(), Arc::clone(&self.target), pass);
                ResponseFuture::calling(self.inner.call(request), self.classifier.clone(), settlement)
            }
            // The inner service stays ready for the next call.
            Err(blocked) => {
                let refusal = self.classifier.reject(self.refusal(blocked));
                ResponseFuture::refused(refusal, self.classifier.clone())
            }
        }
    }
}

impl<S, C> Cooldown<S, C> {
    backstop_core::accessors!(inner: S);

    fn refusal(&self, blocked: Blocked) -> Failure {
        let (provider, model) = (&**self.target.provider(), &**self.target.model());
        let message = format!(
            "{provider}/{model} is left alone after {}; the next call may go out in {:.1} s",
            blocked.kind,
            blocked.retry_after.as_secs_f64()
        );
        Failure::refused(Refusal::Cooling, message).with_retry_after(blocked.retry_after)
    }
}
