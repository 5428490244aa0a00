//! A provider that answers what a test says, and remembers what it was asked, byte for byte.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use backstop_core::Dialect;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};

use crate::canned;

/// What a provider was asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Seen {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether a stream was asked for.
    #[must_use]
    pub fn stream(&self) -> bool {
        self.json()["stream"] == true
    }
}

/// A provider that runs until this value is dropped.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: AbortHandle,
}

type Answer = Arc<dyn Fn(&Seen) -> Response<Bytes> + Send + Sync>;

impl Upstream {
    /// Answers every request with what `answer` makes of it.
    ///
    /// # Panics
    ///
    /// Where no port can be had.
    pub async fn start(answer: impl Fn(&Seen) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        #[expect(clippy::disallowed_methods, reason = "ends with the value that owns it")]
        let task = tokio::spawn(accept(listener, Arc::clone(&seen), Arc::new(answer))).abort_handle();
        Self { address, seen, task }
    }

    /// Answers every request with `text`, in `dialect`, streamed where it is asked for.
    pub async fn saying(dialect: Dialect, text: &'static str) -> Self {
        Self::start(move |seen| canned::answer(dialect, seen.stream(), text)).await
    }

    /// What a configuration writes as its `base_url`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// All that it was asked so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, seen: Arc<Mutex<Vec<Seen>>>, answer: Answer) {
    // Dropped, and so ended, with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
        let service = service_fn(move |request| respond(request, Arc::clone(&seen), Arc::clone(&answer)));
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(
    request: Request<Incoming>,
    all: Arc<Mutex<Vec<Seen>>>,
    answer: Answer,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let seen = Seen { method: head.method, uri: head.uri.to_string(), headers: head.headers, body };
    let response = answer(&seen);
    all.lock().push(seen);
    Ok(response.map(Full::new))
}
