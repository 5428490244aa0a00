//! A caller: plain HTTP/1.1 over its own connection, one a request.

use std::time::{Duration, Instant};

use backstop_core::{Dialect, clock};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};

use crate::reading::{self, Observed};

/// What a caller asks.
#[derive(Clone, Debug)]
#[must_use]
pub struct Ask {
    dialect: Dialect,
    path: String,
    body: Value,
    headers: HeaderMap,
    receive_buffer: Option<u32>,
}

impl Ask {
    /// A question to `model`: one user message, not streamed, at most 1,000 tokens.
    pub fn new(dialect: Dialect, model: &str, prompt: &str) -> Self {
        let body = match dialect {
            Dialect::GeminiGenerate => json!({
                "contents": [{"role": "user", "parts": [{"text": prompt}]}],
                "generationConfig": {"maxOutputTokens": 1000},
            }),
            _ => {
                json!({"model": model, "max_tokens": 1000, "messages": [{"role": "user", "content": prompt}]})
            }
        };
        Self {
            dialect,
            path: path(dialect, model, false),
            body,
            headers: HeaderMap::new(),
            receive_buffer: None,
        }
    }

    /// Streamed, with usage at the end.
    pub fn streamed(mut self, streamed: bool) -> Self {
        if streamed && self.dialect == Dialect::GeminiGenerate {
            self.path = self.path.replace(":generateContent", ":streamGenerateContent?alt=sse");
        } else if streamed {
            self.body["stream"] = json!(true);
            if self.dialect == Dialect::OpenaiChat {
                self.body["stream_options"] = json!({"include_usage": true});
            }
        }
        self
    }

    /// With a top-level field.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.body[field] = value;
        self
    }

    /// With a header.
    ///
    /// # Panics
    ///
    /// Where `name` or `value` can be none.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers.append(name, HeaderValue::try_from(value).expect("a header value"));
        self
    }

    /// Lets the system hold about so many bytes that were not read yet, and no more.
    pub const fn receive_buffer(mut self, bytes: u32) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Where it is sent.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The bytes that it sends.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        Bytes::from(self.body.to_string())
    }

    /// Sends it to `address` and reads the whole answer.
    ///
    /// # Panics
    ///
    /// Where the server cannot be reached or breaks the connection off.
    pub async fn send(&self, address: &str) -> (Observed, Duration) {
        let started = clock::now();
        let response = self.start(address).await;
        let observed = read(self.dialect, response).await;
        (observed, since(started))
    }

    /// Sends it over `connection` and gives the response once its head is there.
    ///
    /// # Panics
    ///
    /// Where the server breaks the connection off.
    pub async fn start_over(&self, connection: &mut http2::SendRequest<Full<Bytes>>) -> Response<Incoming> {
        let request = Request::post(format!("http://gateway{}", self.path()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(self.bytes()))
            .expect("a request");
        connection.ready().await.expect("an open connection");
        connection.send_request(request).await.expect("a response")
    }

    /// Sends it to `address` and gives the response once its head is there.
    ///
    /// # Panics
    ///
    /// Where the server cannot be reached or breaks the connection off.
    pub async fn start(&self, address: &str) -> Response<Incoming> {
        let stream = match self.receive_buffer {
            None => TcpStream::connect(address).await,
            Some(bytes) => {
                let socket = TcpSocket::new_v4().expect("a socket");
                socket.set_recv_buffer_size(bytes).expect("a TCP socket");
                socket.connect(address.parse().expect("an address")).await
            }
        };
        let stream = stream.expect("the server takes connections");
        request_over(stream, Method::POST, self.path(), self.headers.clone(), self.bytes()).await
    }
}

/// Where a dialect's requests to `model` are sent.
#[must_use]
pub fn path(dialect: Dialect, model: &str, streamed: bool) -> String {
    match (dialect, streamed) {
        (Dialect::GeminiGenerate, false) => format!("/v1beta/models/{model}:generateContent"),
        (Dialect::GeminiGenerate, true) => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
        (Dialect::AnthropicMessages, _) => "/v1/messages".to_owned(),
        _ => "/v1/chat/completions".to_owned(),
    }
}

/// One request over a connection of its own. Dropping the response's body ends the connection.
///
/// # Panics
///
/// Where the server cannot be reached or breaks the connection off.
pub async fn request(
    address: &str,
    method: Method,
    path: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Incoming> {
    let stream = TcpStream::connect(address).await.expect("the server takes connections");
    request_over(stream, method, path, headers, body).await
}

async fn request_over(
    stream: TcpStream,
    method: Method,
    path: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Incoming> {
    stream.set_nodelay(true).expect("a TCP socket");
    let address = stream.peer_addr().expect("an open connection").to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    #[expect(clippy::disallowed_methods, reason = "drives the connection and ends with it")]
    tokio::spawn(connection);
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().expect("a path");
    *request.headers_mut() = headers;
    request.headers_mut().insert(header::HOST, HeaderValue::try_from(address).expect("an address"));
    request.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    sender.send_request(request).await.expect("a response")
}

/// A connection over HTTP/2, without TLS, for many requests at a time.
///
/// # Panics
///
/// Where the server cannot be reached.
pub async fn http2(address: &str) -> http2::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("the server takes connections");
    stream.set_nodelay(true).expect("a TCP socket");
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    #[expect(clippy::disallowed_methods, reason = "drives the connection and ends with it")]
    tokio::spawn(connection);
    sender
}

/// Reads the whole answer in `dialect`.
///
/// # Panics
///
/// Where the connection breaks in the middle of the body: a gateway must end every body in order.
pub async fn read(dialect: Dialect, response: Response<Incoming>) -> Observed {
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body that ends in order").to_bytes();
    reading::read(dialect, head.status, head.headers, &body)
}

fn since(started: Instant) -> Duration {
    clock::now().saturating_duration_since(started)
}
