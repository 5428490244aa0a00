use std::{
    collections::VecDeque,
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use backstop_core::{Answer, Event, Failure};
use http::{Response, response};
use pin_project_lite::pin_project;

use crate::{ValidateObserver, ValidatedBody, policy::Judge};

pin_project! {
    /// Resolves when nothing that is known speaks against the answer.
    ///
    /// Cancel safety: dropping it drops the provider's answer and all that is held of it.
    pub struct ResponseFuture<F, A, O = ()> {
        #[pin]
        state: State<F, A>,
        // Nothing is judged where there is none.
        judge: Option<Box<Judge>>,
        held: VecDeque<Event>,
        weight: usize,
        observer: Arc<O>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateReplacement]
    enum State<F, A> {
        Calling { #[pin] call: F },
        // Boxed once: it is polled here and moves on into the body, and not every answer can be moved.
        Holding { answer: Pin<Box<A>>, head: Option<response::Parts> },
        Done,
    }
}

impl<F, A, O> ResponseFuture<F, A, O> {
    pub(crate) const fn new(call: F, judge: Option<Box<Judge>>, observer: Arc<O>) -> Self {
        Self { state: State::Calling { call }, judge, held: VecDeque::new(), weight: 0, observer }
    }
}

impl<F, A, O> Future for ResponseFuture<F, A, O>
where
    F: Future<Output = Result<Response<A>, Failure>>,
    A: Answer,
    O: ValidateObserver,
{
    type Output = Result<Response<ValidatedBody<A, O>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let ended = loop {
            match this.state.as_mut().project() {
                StateProjection::Calling { call } => {
                    let response = match ready!(call.poll(cx)) {
                        Ok(response) => response,
                        Err(failure) => {
                            this.state.project_replace(State::Done);
                            return Poll::Ready(Err(failure));
                        }
                    };
                    if this.judge.is_none() {
                        this.state.project_replace(State::Done);
                        return Poll::Ready(Ok(response.map(ValidatedBody::passing)));
                    }
                    let (head, answer) = response.into_parts();
                    let holding = State::Holding { answer: Box::pin(answer), head: Some(head) };
                    this.state.as_mut().project_replace(holding);
                }
                StateProjection::Holding { answer, .. } => {
                    let Some(judge) = this.judge.as_deref_mut() else {
                        unreachable!("only judged answers are held")
                    };
                    let judged = match ready!(answer.as_mut().poll_event(cx)) {
                        Some(Ok(event)) => {
                            let judged = judge.event(&event);
                            *this.weight = this.weight.saturating_add(event.weight());
                            this.held.push_back(event);
                            match judged {
                                Ok(()) if judge.releases() || *this.weight > judge.limit() => break false,
                                judged => judged,
                            }
                        }
                        Some(Err(failure)) => {
                            this.state.project_replace(State::Done);
                            return Poll::Ready(Err(failure));
                        }
                        None => match judge.end() {
                            Ok(()) => break true,
                            refused => refused,
                        },
                    };
                    if let Err(rejection) = judged {
                        this.observer.rejected(&rejection);
                        this.state.project_replace(State::Done);
                        this.held.clear();
                        return Poll::Ready(Err(rejection.into()));
                    }
                }
                StateProjection::Done => unreachable!("polled after it was done"),
            }
        };
        let (StateReplacement::Holding { answer, head: Some(head) }, Some(judge)) =
            (this.state.project_replace(State::Done), this.judge.take())
        else {
            unreachable!("only an answer is let go")
        };
        let rest = (!ended).then_some(answer);
        let body = ValidatedBody::judged(mem::take(this.held), rest, judge, Arc::clone(this.observer));
        Poll::Ready(Ok(Response::from_parts(head, body)))
    }
}

impl<F, A, O> fmt::Debug for ResponseFuture<F, A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("held", &self.held.len()).finish_non_exhaustive()
    }
}
