use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use backstop_core::{Call, Class, Kind, MaybeCall, Refusal, StepOutcome, classify::Classify, clock};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{FallbackObserver, policy::Progress, service::Chain};

pin_project! {
    /// Resolves with the first answer, or with the most actionable failure.
    pub struct ResponseFuture<S: Service<R>, R, C, O = ()> {
        chain: Arc<Chain<S, C, O>>,
        request: R,
        progress: Progress,
        #[pin]
        state: State<S, S::Future>,
        // The most actionable failure so far.
        worst: Option<(Class, Result<S::Response, S::Error>)>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F> {
        Beginning,
        Readying { place: usize, service: S },
        Calling { place: usize, #[pin] call: F },
    }
}

impl<S: Service<R>, R, C, O> ResponseFuture<S, R, C, O> {
    pub(crate) fn new(chain: Arc<Chain<S, C, O>>, request: R) -> Self {
        Self { chain, request, progress: Progress::default(), state: State::Beginning, worst: None }
    }
}

impl<S, R, C, O> Future for ResponseFuture<S, R, C, O>
where
    S: Service<R> + Clone,
    R: MaybeCall + Clone,
    C: Classify<S::Response, S::Error>,
    O: FallbackObserver,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let chain = &**this.chain;
        let window = |place: usize| chain.candidates[place].window;
        loop {
            let (place, result) = match this.state.as_mut().project() {
                StateProjection::Beginning => {
                    *this.progress = chain.begin(this.request);
                    let place = this.progress.next(&chain.config, window).unwrap_or_default();
                    this.state.set(chain.ready(place));
                    continue;
                }
                StateProjection::Readying { place, service } => match ready!(service.poll_ready(cx)) {
                    Ok(()) => {
                        let mut request = this.request.clone();
                        if let Some(call) = request.call_mut() {
                            call.attempt_mut().set_target(Arc::clone(&chain.candidates[*place].target));
                        }
                        let next = State::Calling { place: *place, call: service.call(request) };
                        this.state.set(next);
                        continue;
                    }
                    Err(error) => (*place, Err(error)),
                },
                StateProjection::Calling { place, call } => (*place, ready!(call.poll(cx))),
            };
            let Some(class) = chain.classifier.class(result.as_ref()) else { return Poll::Ready(result) };
            let goes_on = this.progress.failed(&chain.config, class, window(place));
            let deadline = this.request.call().and_then(Call::deadline);
            let in_time = deadline.is_none_or(|deadline| clock::now() < deadline);
            let next = if goes_on && in_time { this.progress.next(&chain.config, window) } else { None };
            if let Some(next) = next {
                let target = |place: usize| &*chain.candidates[place].target;
                chain.observer.fell_over(target(place), target(next), class);
            }
            // A wrong request is wrong everywhere, whatever others said of it before.
            let is_worst =
                !goes_on || this.worst.as_ref().is_none_or(|(worst, _)| rank(class) > rank(*worst));
            if is_worst {
                *this.worst = Some((class, result));
            }
            match next {
                Some(next) => this.state.set(chain.ready(next)),
                None => {
                    let Some((class, result)) = this.worst.take() else { unreachable!("one has failed") };
                    chain.observer.exhausted(class);
                    return Poll::Ready(chain.last_word(class, result, this.progress, this.request));
                }
            }
        }
    }
}

impl<S, C, O> Chain<S, C, O> {
    /// Who may be tried, in order; those that cannot serve the request are passed over, and the trail says so.
    fn begin<R: MaybeCall>(&self, request: &R) -> Progress {
        let Some(call) = request.call() else { return Progress::new(0..self.candidates.len()) };
        let origin = call.origin();
        let fits = |place: &usize| self.candidates[*place].fits(origin.peek());
        let places = 0..self.candidates.len();
        if places.clone().all(|place| fits(&place)) || !places.clone().any(|place| fits(&place)) {
            return Progress::new(places);
        }
        let (fit, unfit): (Vec<_>, Vec<_>) = places.partition(fits);
        for place in unfit {
            let number = origin.trail().begin(self.candidates[place].target.name.clone(), clock::now());
            let class = Class::new(Kind::Refused(Refusal::Unfit));
            origin.trail().update(number, |step| step.outcome = StepOutcome::Failed(class));
        }
        Progress::new(fit.into_iter())
    }

    fn ready<F>(&self, place: usize) -> State<S, F>
    where
        S: Clone,
    {
        State::Readying { place, service: self.candidates[place].service.clone() }
    }

    /// What the caller gets when nobody answered.
    fn last_word<P, E, R>(
        &self,
        class: Class,
        result: Result<P, E>,
        progress: &Progress,
        request: &R,
    ) -> Result<P, E>
    where
        C: Classify<P, E>,
        R: MaybeCall,
    {
        let error = match result {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        Err(self.classifier.amend(error, |mut failure| {
            if let Some(wait) = progress.retry_after(class) {
                failure = failure.with_retry_after(wait);
            }
            match request.call() {
                Some(call) => failure.with_trail(call.origin().trail().steps()),
                None => failure,
            }
        }))
    }
}

const fn rank(class: Class) -> u8 {
    class.kind.row().rank
}

impl<S: Service<R>, R, C, O> fmt::Debug for ResponseFuture<S, R, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("progress", &self.progress).finish_non_exhaustive()
    }
}
