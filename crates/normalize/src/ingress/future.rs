use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use backstop_core::{Answer, BoxError, Call, Dialect, Failure, Origin, RequestId, Text};
use backstop_dialect::{StreamEncoder, Voice, call_in_path, decoder, peek};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    IngressBody, IngressConfig, answer::Whole, in_flight::Reservation, layer::Edge, read::Read, refusal,
    response as heads,
};

pin_project! {
    /// Reads the request, calls the stack, and gives the head of the answer.
    ///
    /// For a caller who wants a document it resolves when the whole answer is there, so that whatever goes wrong has a
    /// status of its own. Cancel safety: dropping it ends the call.
    pub struct ResponseFuture<S, A, B>
    where
        S: Service<Request<Call>>,
    {
        #[pin]
        state: State<S, A, B, S::Future>,
        edge: Arc<Edge>,
        voice: Voice,
        received: Instant,
        origin: Option<Arc<Origin>>,
        reservation: Option<Reservation>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_replace = StateReplacement]
    enum State<S, A, B, F> {
        Reading { #[pin] read: Read<B>, inner: S, headers: HeaderMap, in_path: Option<(Text, bool)> },
        Refusing { failure: Failure },
        Readying { inner: S, call: Option<Request<Call>> },
        Calling { #[pin] call: F },
        Answering { #[pin] whole: Whole<A>, head: Option<response::Parts> },
        Done,
    }
}

impl<S, A, B> ResponseFuture<S, A, B>
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    pub(super) fn new(inner: S, request: Request<B>, edge: Arc<Edge>, received: Instant) -> Self {
        let (parts, body) = request.into_parts();
        // Gemini's callers say in the path what others say in the document.
        let in_path = (edge.config.dialect == Dialect::GeminiGenerate)
            .then(|| call_in_path(parts.uri.path(), parts.uri.query()))
            .transpose();
        let state = match (refusal::of_head(&parts.headers), in_path) {
            (Some(failure), _) | (None, Err(failure)) => State::Refusing { failure },
            (None, Ok(in_path)) => {
                let read = Read::new(body, &edge.config);
                State::Reading { read, inner, headers: parts.headers, in_path }
            }
        };
        let voice = Voice { id: RequestId::new(), include_usage: false };
        Self { state, edge, voice, received, origin: None, reservation: None }
    }
}

impl<S, A, B> Future for ResponseFuture<S, A, B>
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    A: Answer,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<IngressBody<A>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let result = loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Refusing { failure } => break Err(failure.clone()),
                StateProjection::Reading { read, headers, in_path, .. } => {
                    let (body, reservation) = match ready!(read.poll_read(cx)) {
                        Ok(read) => read,
                        Err(failure) => break Err(failure),
                    };
                    *this.reservation = reservation;
                    let origin = match begin(
                        &this.edge.config,
                        this.voice,
                        headers,
                        in_path.take(),
                        body,
                        *this.received,
                    ) {
                        Ok(origin) => Arc::new(origin),
                        Err(failure) => break Err(failure),
                    };
                    *this.origin = Some(Arc::clone(&origin));
                    let StateReplacement::Reading { inner, .. } =
                        this.state.as_mut().project_replace(State::Done)
                    else {
                        unreachable!("the state was just looked at")
                    };
                    State::Readying { inner, call: Some(Request::new(Call::new(origin))) }
                }
                StateProjection::Readying { inner, call } => match ready!(inner.poll_ready(cx)) {
                    Ok(()) => match call.take() {
                        Some(call) => State::Calling { call: inner.call(call) },
                        None => unreachable!("a call is made once"),
                    },
                    Err(failure) => break Err(failure),
                },
                StateProjection::Calling { call } => match ready!(call.poll(cx)) {
                    Err(failure) => break Err(failure),
                    Ok(response) => {
                        let Some(origin) = this.origin.as_deref() else {
                            unreachable!("a call has an origin")
                        };
                        let (mut head, answer) = response.into_parts();
                        if origin.peek().stream {
                            heads::streamed(&mut head.headers, origin);
                            // Google's own SDK reads nothing but data from a stream.
                            let told = this.origin.clone();
                            let told = told.filter(|_| this.edge.config.dialect != Dialect::GeminiGenerate);
                            let encoder = StreamEncoder::new(this.edge.config.dialect, *this.voice);
                            let body = IngressBody::stream(answer, encoder, told, this.reservation.take());
                            break Ok(Response::from_parts(head, body));
                        }
                        State::Answering { whole: Whole::new(answer), head: Some(head) }
                    }
                },
                StateProjection::Answering { whole, head } => {
                    match ready!(whole.poll_whole(cx, this.edge.config.dialect, this.voice)) {
                        Err(failure) => break Err(failure),
                        Ok(answer) => {
                            let (Some(origin), Some(mut head)) = (this.origin.as_deref(), head.take()) else {
                                unreachable!("an answer has an origin and one head")
                            };
                            heads::whole(&mut head.headers, origin, &answer.losses);
                            break Ok(Response::from_parts(
                                head,
                                IngressBody::whole(answer.body, this.reservation.take()),
                            ));
                        }
                    }
                }
                StateProjection::Done => unreachable!("polled after it was done"),
            };
            this.state.as_mut().project_replace(next);
        };
        this.state.as_mut().project_replace(State::Done);
        *this.reservation = None;
        Poll::Ready(Ok(result.unwrap_or_else(|failure| {
            if this.origin.is_none() {
                this.edge.observer.refused(&failure);
            }
            heads::failed(&this.edge.config, this.voice, this.origin.as_deref(), &failure)
        })))
    }
}

impl<S: Service<Request<Call>>, A, B> fmt::Debug for ResponseFuture<S, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// What the caller sent, once it is all there.
fn begin(
    config: &IngressConfig,
    voice: &mut Voice,
    headers: &HeaderMap,
    in_path: Option<(Text, bool)>,
    body: Bytes,
    received: Instant,
) -> Result<Origin, Failure> {
    let mut peek = peek(config.dialect, &body)?;
    if let Some((model, stream)) = in_path {
        (peek.model, peek.stream) = (model, stream);
    }
    voice.include_usage = peek.include_usage;
    let mut allowed = HeaderMap::new();
    for name in &config.request_headers {
        for value in headers.get_all(name) {
            // A copy: a clone shares the bytes of the connection's read buffer and keeps them for as long as the call.
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                allowed.append(name, value);
            }
        }
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    Ok(Origin::new(config.dialect, body, peek, decoder(config.dialect), received)
        .with_id(voice.id)
        .with_headers(allowed)
        .with_idempotency_key(key.map(Text::from)))
}
