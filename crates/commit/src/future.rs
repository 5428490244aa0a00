use std::{
    collections::VecDeque,
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use backstop_core::{Answer, Event, Failure, Form, Kind, clock};
use http::{Response, response};
use pin_project_lite::pin_project;

use crate::{CommitBody, CommitConfig, CommitObserver, Committed, MidStream};

pin_project! {
    /// Resolves when the answer is committed.
    ///
    /// Cancel safety: dropping it drops the provider's answer and all that is held of it.
    pub struct ResponseFuture<F, A, O = ()> {
        #[pin]
        state: State<F, A>,
        held: VecDeque<Event>,
        weight: usize,
        config: CommitConfig,
        observer: Arc<O>,
        started: Instant,
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
    pub(crate) const fn new(call: F, config: CommitConfig, observer: Arc<O>, started: Instant) -> Self {
        Self { state: State::Calling { call }, held: VecDeque::new(), weight: 0, config, observer, started }
    }
}

impl<F, A, O> Future for ResponseFuture<F, A, O>
where
    F: Future<Output = Result<Response<A>, Failure>>,
    A: Answer,
    O: CommitObserver,
{
    type Output = Result<Response<CommitBody<A>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let outgrown = loop {
            match this.state.as_mut().project() {
                StateProjection::Calling { call } => {
                    let (head, answer) = match ready!(call.poll(cx)) {
                        Ok(response) => response.into_parts(),
                        Err(failure) => {
                            this.state.project_replace(State::Done);
                            return Poll::Ready(Err(failure));
                        }
                    };
                    let holding = State::Holding { answer: Box::pin(answer), head: Some(head) };
                    this.state.as_mut().project_replace(holding);
                }
                StateProjection::Holding { answer, .. } => match ready!(answer.as_mut().poll_event(cx)) {
                    Some(Ok(event)) => {
                        *this.weight = this.weight.saturating_add(event.weight());
                        let commits = commits(this.config.mid_stream, &event);
                        this.held.push_back(event);
                        if commits {
                            break false;
                        }
                        if *this.weight > this.config.limit() {
                            if this.config.mid_stream == MidStream::Buffer {
                                break true;
                            }
                            this.state.project_replace(State::Done);
                            return Poll::Ready(Err(said_nothing(this.config.hold_limit)));
                        }
                    }
                    Some(Err(failure)) => {
                        this.state.project_replace(State::Done);
                        return Poll::Ready(Err(failure));
                    }
                    None => break false,
                },
                StateProjection::Done => unreachable!("polled after it was done"),
            }
        };
        let StateReplacement::Holding { answer, head: Some(head) } = this.state.project_replace(State::Done)
        else {
            unreachable!("only an answer is committed")
        };
        let waited = clock::now().saturating_duration_since(*this.started);
        this.observer.committed(Committed { held: this.held.len(), waited, outgrown });
        let body = CommitBody::new(mem::take(this.held), answer);
        Poll::Ready(Ok(Response::from_parts(head, body)))
    }
}

/// Nothing may be committed before the first token, and not everything can be held: so this is no answer.
fn said_nothing(limit: usize) -> Failure {
    Failure::new(Kind::Malformed, format!("the answer has more than {limit} bytes, and no token among them"))
}

/// Whether `event` is what the commit waits for. A whole document is whole in either case.
fn commits(mid_stream: MidStream, event: &Event) -> bool {
    let is_document = event.wire().is_some_and(|wire| wire.form == Form::Document);
    is_document || (mid_stream == MidStream::Error && event.is_semantic())
}

impl<F, A, O> fmt::Debug for ResponseFuture<F, A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("held", &self.held.len()).finish_non_exhaustive()
    }
}
