use std::{
    future::{Ready, ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use backstop_core::{Answer, Call, Delta, Dialect, Event, Failure, Form, Text, Wire, poll_wire};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use tower_service::Service;

/// A provider that answers at once and allocates nothing, for tests that count what the layers above allocate.
#[derive(Clone, Copy, Debug)]
pub struct LeanProvider {
    tokens: u32,
    hesitates: bool,
}

/// The answer of a [`LeanProvider`]: so many tokens, and the terminator.
#[derive(Debug)]
pub struct LeanAnswer {
    left: u32,
    hesitates: bool,
    hesitated: bool,
}

impl LeanProvider {
    /// Answers with `tokens` events of text and a terminator.
    #[must_use]
    pub const fn new(tokens: u32) -> Self {
        Self { tokens, hesitates: false }
    }

    /// Has nothing to give the first time that each event is asked for, so that clocks start.
    #[must_use]
    pub const fn hesitating(mut self) -> Self {
        self.hesitates = true;
        self
    }
}

impl<R> Service<R> for LeanProvider {
    type Response = Response<LeanAnswer>;
    type Error = Failure;
    type Future = Ready<Result<Response<LeanAnswer>, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: R) -> Self::Future {
        let answer = LeanAnswer { left: self.tokens + 1, hesitates: self.hesitates, hesitated: false };
        ready(Ok(Response::new(answer)))
    }
}

impl Answer for LeanAnswer {
    fn poll_event(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        if self.hesitates && !std::mem::replace(&mut self.hesitated, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.hesitated = false;
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(None) };
        self.left = left;
        let (bytes, delta): (&[u8], _) = if left == 0 {
            (b"data: [DONE]\n\n", Delta::End)
        } else {
            (b"data: {}\n\n", Delta::Text { choice: 0, block: 0, text: Text::from_static("token") })
        };
        let wire =
            Wire { dialect: Dialect::OpenaiChat, form: Form::Stream, bytes: Bytes::from_static(bytes) };
        Poll::Ready(Some(Ok(Event::single(wire, delta))))
    }
}

impl Body for LeanAnswer {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        poll_wire(self, cx)
    }
}

/// Makes one call and reads its answer to the end, without a runtime of its own and without allocating. Gives the number
/// of events.
///
/// # Panics
///
/// If the call fails, or the service never becomes ready.
pub fn run_lean<S, A>(service: &mut S, request: Request<Call>) -> usize
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    A: Answer,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready(), "it is not ready");
    let mut call = pin!(service.call(request));
    let response = poll_out(|| call.as_mut().poll(&mut cx)).expect("the call fails");
    let (mut body, mut events) = (pin!(response.into_body()), 0);
    while let Some(event) = poll_out(|| body.as_mut().poll_event(&mut cx)) {
        event.expect("the answer fails");
        events += 1;
    }
    events
}

/// Polls until there is something: a lean provider hesitates once.
fn poll_out<T>(mut poll: impl FnMut() -> Poll<T>) -> T {
    for _ in 0..4 {
        if let Poll::Ready(output) = poll() {
            return output;
        }
    }
    panic!("it is never ready")
}
