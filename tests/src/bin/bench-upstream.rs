//! The provider of the speed figures: answers every request with the same bytes, as fast as it can.
//!
//! `POST /v1/chat/completions` is answered with one JSON document, or, where the body says `"stream":true`, with a
//! stream of 100 text events, each in its own chunk.

use std::{convert::Infallible, env};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

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

async fn answer(request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let streamed = body.windows(13).any(|window| window == b"\"stream\":true");
    Ok(if streamed { stream() } else { document() })
}

fn document() -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(Full::new(Bytes::from_static(DOCUMENT.as_bytes())).boxed());
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn stream() -> Response<BoxBody<Bytes, Infallible>> {
    let head = std::iter::once(Bytes::from_static(ROLE.as_bytes()));
    let text = std::iter::repeat_n(Bytes::from_static(TEXT.as_bytes()), EVENTS);
    let tail = [FINISH, USAGE, DONE].map(|event| Bytes::from_static(event.as_bytes()));
    let frames = head.chain(text).chain(tail).map(|event| Ok(Frame::data(event)));
    let mut response = Response::new(StreamBody::new(futures_util::stream::iter(frames)).boxed());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream"));
    response
}

const EVENTS: usize = 100;
const DOCUMENT: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1790000000,"model":"gpt-4.1-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and then it does so again until the figures are steady.","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":256,"completion_tokens":22,"total_tokens":278,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_bench"}"#;
const ROLE: &str = concat!(
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
    "\n\n"
);
const TEXT: &str = concat!(
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}"#,
    "\n\n"
);
const FINISH: &str = concat!(
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#,
    "\n\n"
);
const USAGE: &str = concat!(
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4.1-mini","system_fingerprint":"fp_bench","choices":[],"usage":{"prompt_tokens":256,"completion_tokens":100,"total_tokens":356}}"#,
    "\n\n"
);
const DONE: &str = "data: [DONE]\n\n";
