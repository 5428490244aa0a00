use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::SystemTime,
};

use backstop_core::{BoxError, Failure, Origin};
use backstop_dialect::{ErrorResponse, Loss, decode_error};
use bytes::{Bytes, BytesMut};
use http::{Response, response};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{NormalizeConfig, NormalizedBody, body::Asked, policy};

pin_project! {
    /// Resolves with the head of an answer, or with what an error status and its body mean.
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
        config: Arc<NormalizeConfig>,
        asked: Asked,
        losses: Vec<Loss>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateReplacement]
    enum State<F, B> {
        Failed { failure: Failure },
        Calling { #[pin] call: F },
        Refused { head: response::Parts, #[pin] body: B, read: BytesMut },
        Done,
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(crate) fn new(call: F, config: Arc<NormalizeConfig>, origin: &Origin, losses: Vec<Loss>) -> Self {
        let asked = asked(&config, origin);
        Self { state: State::Calling { call }, config, asked, losses }
    }

    pub(crate) fn failed(failure: Failure, config: Arc<NormalizeConfig>, origin: &Origin) -> Self {
        let asked = asked(&config, origin);
        Self { state: State::Failed { failure }, config, asked, losses: Vec::new() }
    }
}

fn asked(config: &NormalizeConfig, origin: &Origin) -> Asked {
    let (peek, dialect) = (origin.peek(), config.dialect);
    let passed_on = origin.dialect() == dialect;
    Asked { dialect, choices: peek.choices.max(1), streamed: peek.stream, passed_on }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<NormalizedBody<B>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let result = loop {
            match this.state.as_mut().project() {
                StateProjection::Failed { failure } => break Err(failure.clone()),
                StateProjection::Calling { call } => match ready!(call.poll(cx)) {
                    Err(error) => break Err(Failure::from_error(error)),
                    Ok(response) => {
                        let (mut head, body) = response.into_parts();
                        if head.status.is_success() {
                            head.headers = policy::come_back(&head.headers, this.losses);
                            let body = NormalizedBody::new(body, this.config, *this.asked);
                            break Ok(Response::from_parts(head, body));
                        }
                        let refused = State::Refused { head, body, read: BytesMut::new() };
                        this.state.as_mut().project_replace(refused);
                    }
                },
                StateProjection::Refused { head, body, read } => {
                    // What of an error body does not come, or is too much, is not needed to know the kind.
                    if let Some(Ok(frame)) = ready!(body.poll_frame(cx)) {
                        let data = frame.into_data().unwrap_or_default();
                        read.extend_from_slice(&data[..data.len().min(ERROR_LIMIT - read.len())]);
                        if read.len() < ERROR_LIMIT {
                            continue;
                        }
                    }
                    let body = read.split().freeze();
                    let (status, headers) = (head.status, &head.headers);
                    let response = ErrorResponse { status, headers, body: &body, wall: SystemTime::now() };
                    break Err(decode_error(this.config.dialect, &response));
                }
                StateProjection::Done => unreachable!("polled after it was done"),
            }
        };
        this.state.project_replace(State::Done);
        Poll::Ready(result)
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

const ERROR_LIMIT: usize = 64 << 10;
