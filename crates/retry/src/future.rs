use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use backstop_core::{Call, Class, MaybeCall, classify::Classify, clock};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};
use tower_service::Service;

use crate::{
    Retried, RetryObserver,
    layer::Policy,
    policy::{Again, Tried, decide},
};

pin_project! {
    /// Resolves with the first result that is not to be retried.
    pub struct ResponseFuture<S: Service<R>, R, C, O = ()> {
        service: S,
        #[pin]
        state: State<S::Future>,
        request: R,
        tried: Tried,
        policy: Arc<Policy<C, O>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Calling { #[pin] call: F },
        Waiting { #[pin] sleep: Sleep },
        Readying,
    }
}

impl<S: Service<R>, R, C, O> ResponseFuture<S, R, C, O> {
    pub(crate) fn new(service: S, call: S::Future, request: R, policy: Arc<Policy<C, O>>) -> Self {
        Self { service, state: State::Calling { call }, request, tried: Tried::default(), policy }
    }
}

impl<S, R, C, O> Future for ResponseFuture<S, R, C, O>
where
    S: Service<R>,
    R: MaybeCall + Clone,
    C: Classify<S::Response, S::Error>,
    O: RetryObserver,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Calling { call } => {
                    let result = ready!(call.poll(cx));
                    let Some(class) = this.policy.classifier.class(result.as_ref()) else {
                        return Poll::Ready(result);
                    };
                    let (now, deadline) = (clock::now(), this.request.call().and_then(Call::deadline));
                    let Some(again) = this.policy.again(class, *this.tried, now, deadline) else {
                        return Poll::Ready(result);
                    };
                    let tried =
                        if again.other_key { &mut this.tried.other_key } else { &mut this.tried.same_key };
                    *tried += 1;
                    // A response that is retried is let go of before the wait.
                    drop(result);
                    if again.wait.is_zero() {
                        State::Readying
                    } else {
                        State::Waiting { sleep: sleep_until(clock::after(now, again.wait).into()) }
                    }
                }
                StateProjection::Waiting { sleep } => {
                    ready!(sleep.poll(cx));
                    State::Readying
                }
                StateProjection::Readying => {
                    if let Err(error) = ready!(this.service.poll_ready(cx)) {
                        return Poll::Ready(Err(error));
                    }
                    State::Calling { call: this.service.call(this.request.clone()) }
                }
            };
            this.state.set(next);
        }
    }
}

impl<C, O: RetryObserver> Policy<C, O> {
    fn again(&self, class: Class, tried: Tried, now: Instant, deadline: Option<Instant>) -> Option<Again> {
        let again = decide(&self.config, class, tried, (self.dice)())?;
        if deadline.is_some_and(|deadline| clock::after(now, again.wait) >= deadline) {
            return None;
        }
        if !again.other_key && !self.budget.try_withdraw(now) {
            self.observer.out_of_budget(class);
            return None;
        }
        self.observer.retried(Retried { after: class, wait: again.wait, other_key: again.other_key });
        Some(again)
    }
}

impl<S: Service<R>, R, C, O> fmt::Debug for ResponseFuture<S, R, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("tried", &self.tried).finish_non_exhaustive()
    }
}
