//! The provider of the speed figures: answers every request with the same bytes, as fast as it can.
//!
//! The end of the path says the dialect (`/v1/chat/completions` or `/v1/messages`), `"stream":true` in the body asks for a
//! stream of 100 text events, each in its own chunk. Under `/fail` every answer is an immediate 500, under `/open` a
//! stream says one word and then nothing until the caller leaves.

mod anthropic;
mod openai;

use std::{convert::Infallible, env};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What a provider says, in its own dialect.
struct Script {
    document: &'static str,
    /// Before the first text.
    head: &'static [&'static str],
    text: &'static str,
    tail: &'static [&'static str],
    error: &'static str,
}

type Body = BoxBody<Bytes, Infallible>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9300".to_owned());
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        #[expect(clippy::disallowed_methods, reason = "one task a connection, which ends with it")]
        tokio::spawn(async move {
            // A peer that hangs up between two passes of the measurement is no news.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = parts.uri.path();
    let script = if path.ends_with("/messages") { &anthropic::SCRIPT } else { &openai::SCRIPT };
    if path.starts_with("/fail") {
        let mut response = document(script.error);
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return Ok(response);
    }
    // The gateway may put the flag anywhere; a long prompt is not searched from its start.
    let streamed = body.len() < LARGE && body.windows(FLAG.len()).any(|window| window == FLAG);
    Ok(match streamed {
        true if path.starts_with("/open") => open(script),
        true => whole_stream(script),
        false => document(script.document),
    })
}

fn document(text: &'static str) -> Response<Body> {
    response("application/json", Full::new(Bytes::from_static(text.as_bytes())).boxed())
}

fn whole_stream(script: &'static Script) -> Response<Body> {
    let texts = std::iter::repeat_n(&script.text, EVENTS);
    let events = script.head.iter().chain(texts).chain(script.tail).map(|event| Ok(frame(event)));
    response("text/event-stream", StreamBody::new(stream::iter(events)).boxed())
}

fn open(script: &'static Script) -> Response<Body> {
    let events = script.head.iter().chain([&script.text]).map(|event| Ok(frame(event)));
    let events = stream::StreamExt::chain(stream::iter(events), stream::pending());
    response("text/event-stream", StreamBody::new(events).boxed())
}

fn response(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn frame(event: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(event.as_bytes()))
}

const EVENTS: usize = 100;
const FLAG: &[u8] = b"\"stream\":true";
/// No stream is asked for with a prompt of this size.
const LARGE: usize = 32 << 10;
