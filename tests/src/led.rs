//! A provider that a test leads by the hand: it sees each request, and says when which bytes go out.
//!
//! For what the simulator cannot show: that nothing is held back, that nothing is read ahead, that a call is dropped.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use backstop_core::Dialect;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// A listening provider. Dropping it ends it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Led {
    address: String,
    calls: mpsc::UnboundedReceiver<Call>,
    task: JoinHandle<()>,
}

/// A request that has come in, and the answer to it, which the test gives.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call {
    /// The request's path.
    pub path: String,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Bytes,
    frames: mpsc::Sender<Bytes>,
    written: Arc<AtomicU64>,
    over: watch::Receiver<bool>,
}

impl Led {
    /// Listens on a free port; every request gets a 200 with an event stream, whose bytes the test sends.
    ///
    /// # Panics
    ///
    /// Where no port is free.
    pub async fn start() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // What it was told to send and nobody has taken is with the test, not with the system.
        socket.set_send_buffer_size(64 << 10).expect("a TCP socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let listener = socket.listen(1024).expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (sender, calls) = mpsc::unbounded_channel();
        #[expect(clippy::disallowed_methods, reason = "ends with the value that is returned")]
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, sender.clone());
            }
        });
        Self { address, calls, task }
    }

    /// Where it listens, as a base URL for `dialect`'s provider.
    #[must_use]
    pub fn base_url(&self, dialect: Dialect) -> String {
        base_url(&self.address, dialect)
    }

    /// The next request.
    ///
    /// # Panics
    ///
    /// Where it cannot come any more.
    pub async fn call(&mut self) -> Call {
        self.calls.recv().await.expect("the provider listens")
    }

    /// Whether there is a request that nobody has taken yet.
    #[must_use]
    pub fn has_call(&self) -> bool {
        !self.calls.is_empty()
    }
}

impl Drop for Led {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Call {
    /// Sends `bytes` as one chunk, as soon as the reader takes it.
    ///
    /// # Panics
    ///
    /// Where the reader has left.
    pub async fn send(&self, bytes: impl Into<Bytes>) {
        self.frames.send(bytes.into()).await.expect("the gateway reads on");
    }

    /// Sends `bytes` as one chunk. Whether the reader was still there.
    pub async fn try_send(&self, bytes: impl Into<Bytes>) -> bool {
        self.frames.send(bytes.into()).await.is_ok()
    }

    /// The bytes that the connection has taken so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// A count of the bytes that the connection has taken, which outlives this.
    #[must_use]
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }

    /// Resolves when the gateway has let go of the call.
    pub async fn cancelled(&mut self) {
        // An error means the same: the body is gone.
        let _ = self.over.wait_for(|over| *over).await;
    }

    /// What the request asks, as JSON.
    ///
    /// # Panics
    ///
    /// Where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Ends the body in order.
    pub fn end(self) {}
}

/// `address` as a base URL for `dialect`'s provider.
#[must_use]
pub fn base_url(address: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::AnthropicMessages | Dialect::GeminiGenerate => format!("http://{address}"),
        _ => format!("http://{address}/v1"),
    }
}

/// What a stream in `dialect` begins with, before its first token.
#[must_use]
pub fn opening(dialect: Dialect, model: &str) -> String {
    match dialect {
        Dialect::AnthropicMessages => {
            let message = json!({
                "id": "msg_test", "type": "message", "role": "assistant", "model": model, "content": [],
                "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 1},
            });
            anthropic(&json!({"type": "message_start", "message": message}))
                + &anthropic(&json!({
                    "type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""},
                }))
        }
        Dialect::GeminiGenerate => gemini(model, "", None, 0),
        _ => {
            openai(model, &json!([choice(&json!({"role": "assistant", "content": ""}), None)]), &Value::Null)
        }
    }
}

/// One token of text in a stream of `dialect`.
#[must_use]
pub fn token(dialect: Dialect, model: &str, text: &str) -> String {
    match dialect {
        Dialect::AnthropicMessages => anthropic(&json!({
            "type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text},
        })),
        Dialect::GeminiGenerate => gemini(model, text, None, 0),
        _ => openai(model, &json!([choice(&json!({"content": text}), None)]), &Value::Null),
    }
}

/// What a stream in `dialect` ends with, after `tokens` tokens.
#[must_use]
pub fn closing(dialect: Dialect, model: &str, tokens: u64) -> String {
    match dialect {
        Dialect::AnthropicMessages => {
            anthropic(&json!({"type": "content_block_stop", "index": 0}))
                + &anthropic(&json!({
                    "type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
                    "usage": {"output_tokens": tokens},
                }))
                + &anthropic(&json!({"type": "message_stop"}))
        }
        Dialect::GeminiGenerate => gemini(model, "", Some("STOP"), tokens),
        _ => {
            let usage = json!({"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens});
            openai(model, &json!([choice(&json!({}), Some("stop"))]), &Value::Null)
                + &openai(model, &json!([]), &usage)
                + "data: [DONE]\n\n"
        }
    }
}

fn openai(model: &str, choices: &Value, usage: &Value) -> String {
    let chunk = json!({
        "id": "chatcmpl-test", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": model,
        "choices": choices, "usage": usage,
    });
    format!("data: {chunk}\n\n")
}

fn choice(delta: &Value, finish: Option<&str>) -> Value {
    json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish})
}

fn gemini(model: &str, text: &str, finish: Option<&str>, tokens: u64) -> String {
    let mut candidate = json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    let usage = json!({
        "promptTokenCount": 9, "candidatesTokenCount": tokens, "totalTokenCount": 9 + tokens,
    });
    let chunk = json!({
        "candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": "test",
    });
    format!("data: {chunk}\n\n")
}

fn anthropic(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}

fn serve(stream: TcpStream, calls: mpsc::UnboundedSender<Call>) {
    stream.set_nodelay(true).expect("a TCP socket");
    let service = service_fn(move |request| answer(request, calls.clone()));
    #[expect(clippy::disallowed_methods, reason = "one task a connection, which ends with it")]
    tokio::spawn(async move {
        // A gateway that hangs up is what some tests are about.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    });
}

async fn answer(
    request: Request<Incoming>,
    calls: mpsc::UnboundedSender<Call>,
) -> Result<Response<HandFed>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    // One chunk ahead at most, so that what is written is what was taken.
    let (frames, fed) = mpsc::channel(1);
    let (over, is_over) = watch::channel(false);
    let written = Arc::new(AtomicU64::new(0));
    let call = Call {
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        body,
        frames,
        written: Arc::clone(&written),
        over: is_over,
    };
    // Nobody there any more: the test is over.
    let _ = calls.send(call);
    let mut response = Response::new(HandFed { fed, written, over });
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

/// A body whose bytes a test sends. Says when it is dropped.
struct HandFed {
    fed: mpsc::Receiver<Bytes>,
    written: Arc<AtomicU64>,
    over: watch::Sender<bool>,
}

impl Body for HandFed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.fed.poll_recv(cx).map(|bytes| {
            let bytes = bytes?;
            self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            Some(Ok(Frame::data(bytes)))
        })
    }
}

impl Drop for HandFed {
    fn drop(&mut self) {
        self.over.send_replace(true);
    }
}

impl fmt::Debug for HandFed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandFed").finish_non_exhaustive()
    }
}
