use std::{
    future::poll_fn,
    pin::{Pin, pin},
};

use backstop_core::{Answer, Event, Failure};
use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;
use tower_service::Service;

/// Waits until `service` is ready, then calls it.
///
/// # Errors
///
/// The service's own, of readiness or of the call.
pub async fn ready_call<S: Service<R>, R>(service: &mut S, request: R) -> Result<S::Response, S::Error> {
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}

/// Reads an answer as events, up to its end or its failure.
pub async fn read_events<A: Answer>(answer: A) -> (Vec<Event>, Option<Failure>) {
    let (mut answer, mut events) = (pin!(answer), Vec::new());
    loop {
        match poll_fn(|cx| answer.as_mut().poll_event(cx)).await {
            Some(Ok(event)) => events.push(event),
            Some(Err(failure)) => return (events, Some(failure)),
            None => return (events, None),
        }
    }
}

/// Reads a body as bytes, up to its end.
///
/// # Errors
///
/// The body's first error.
pub async fn read_body<B: Body>(body: B) -> Result<Bytes, B::Error> {
    let (mut body, mut bytes) = (pin!(body), BytesMut::new());
    while let Some(frame) = next_frame(body.as_mut()).await {
        if let Ok(mut data) = frame?.into_data() {
            bytes.extend_from_slice(&data.copy_to_bytes(data.remaining()));
        }
    }
    Ok(bytes.freeze())
}

async fn next_frame<B: Body>(mut body: Pin<&mut B>) -> Option<Result<http_body::Frame<B::Data>, B::Error>> {
    poll_fn(|cx| body.as_mut().poll_frame(cx)).await
}
