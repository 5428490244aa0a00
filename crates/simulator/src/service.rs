//! The simulator as a service.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::time::Instant;
use tower_service::Service;

use crate::{
    body::SimulatorBody,
    dialect::recognise,
    error::Broken,
    future::ResponseFuture,
    record::{End, Recorded},
    simulator::Simulator,
};

/// In process: no socket, and every wait is tokio's, so that paused time passes at once.
///
/// A connection that breaks is an error of the call or of the body. Dropping the future or the body is the caller
/// leaving.
impl<B: Body> Service<Request<B>> for Simulator {
    type Response = Response<SimulatorBody>;
    type Error = Broken;
    type Future = ResponseFuture<B>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<B> {
        let (parts, body) = request.into_parts();
        let (limit, flavour, (dialect, operation)) = {
            let state = self.shared.state.lock();
            (state.body_limit, state.flavour, recognise(parts.uri.path(), &parts.headers, &state.dialects))
        };
        let entry = self.shared.recorder.add(|number| Recorded {
            number,
            at: Instant::now(),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            body: Bytes::new(),
            dialect,
            key: dialect.voice(flavour).key(&parts.uri, &parts.headers).map(str::to_owned),
            model: None,
            streamed: false,
            refused_by: None,
            status: None,
            sent_tokens: 0,
            prompt_tokens: 0,
            told: None,
            end: End::Waiting,
        });
        ResponseFuture::new(body, limit, self.shared.clone(), parts, dialect, operation, entry)
    }
}
