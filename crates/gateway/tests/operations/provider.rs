//! A provider that speaks OpenAI's dialect and does what the model's name says.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::Notify,
    task::{AbortHandle, JoinSet},
    time::{Sleep, sleep},
};

/// Listens until it is dropped. Models: `good` answers at once, `slow` drips 20 tokens over a second, `busy` is
/// overloaded, `busy-later` says so when it is let go, `refuses` accepts no key.
pub(crate) struct Provider {
    pub(crate) base_url: String,
    seen: Arc<Seen>,
    task: AbortHandle,
}

#[derive(Default)]
struct Seen {
    models: Mutex<Vec<String>>,
    connections: AtomicUsize,
    let_go: Notify,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        #[expect(clippy::disallowed_methods, reason = "ends with the value that owns it")]
        let task = tokio::spawn(accept(listener, Arc::clone(&seen))).abort_handle();
        Self { base_url, seen, task }
    }

    /// How often `model` was asked for.
    pub(crate) fn asked(&self, model: &str) -> usize {
        self.seen.models.lock().iter().filter(|seen| *seen == model).count()
    }

    /// Lets a caller of `busy-later` know.
    pub(crate) fn let_go(&self) {
        self.seen.let_go.notify_one();
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, seen: Arc<Seen>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        let seen = Arc::clone(&seen);
        connections.spawn(async move {
            seen.connections.fetch_add(1, Ordering::Relaxed);
            let service = service_fn(|request| answer(request, Arc::clone(&seen)));
            // A gateway that hangs up is what some tests are about.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            seen.connections.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

async fn answer(request: Request<Incoming>, seen: Arc<Seen>) -> Result<Response<Paced>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let model = asked["model"].as_str().unwrap_or_default().to_owned();
    seen.models.lock().push(model.clone());
    let refuse = |status: StatusCode, kind: &str| {
        let error = json!({"error": {"message": kind, "type": kind, "param": null, "code": null}});
        respond(status, "application/json", Paced::at_once(error.to_string()))
    };
    Ok(match (model.as_str(), asked["stream"] == true) {
        ("busy", _) => refuse(StatusCode::SERVICE_UNAVAILABLE, "server_error"),
        ("busy-later", _) => {
            seen.let_go.notified().await;
            refuse(StatusCode::SERVICE_UNAVAILABLE, "server_error")
        }
        ("refuses", _) => refuse(StatusCode::UNAUTHORIZED, "invalid_request_error"),
        ("slow", true) => {
            respond(StatusCode::OK, "text/event-stream", stream(&model, 20, Duration::from_millis(50)))
        }
        (_, true) => respond(StatusCode::OK, "text/event-stream", stream(&model, 4, Duration::ZERO)),
        _ => respond(StatusCode::OK, "application/json", Paced::at_once(document(&model))),
    })
}

fn respond(status: StatusCode, content_type: &'static str, body: Paced) -> Response<Paced> {
    Response::builder().status(status).header(header::CONTENT_TYPE, content_type).body(body).unwrap()
}

fn document(model: &str) -> String {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000, "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "token token"}, "logprobs": null,
                     "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
    })
    .to_string()
}

fn stream(model: &str, tokens: u64, gap: Duration) -> Paced {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": model,
            "choices": choices, "usage": usage,
        });
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let choice = |delta: Value, finish: Option<&str>| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
    let mut frames =
        VecDeque::from([chunk(choice(json!({"role": "assistant", "content": ""}), None), Value::Null)]);
    frames.extend((0..tokens).map(|_| chunk(choice(json!({"content": "token "}), None), Value::Null)));
    frames.push_back(chunk(choice(json!({}), Some("stop")), Value::Null));
    let usage = json!({"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens});
    frames.push_back(chunk(json!([]), usage));
    frames.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
    Paced { frames, gap, wait: None }
}

/// Frames, one every `gap`.
pub(crate) struct Paced {
    frames: VecDeque<Bytes>,
    gap: Duration,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    fn at_once(text: String) -> Self {
        Self { frames: VecDeque::from([Bytes::from(text)]), gap: Duration::ZERO, wait: None }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        let Some(frame) = self.frames.pop_front() else { return Poll::Ready(None) };
        if !self.gap.is_zero() {
            self.wait = Some(Box::pin(sleep(self.gap)));
        }
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}
