//! Servers that do to a client what real ones do, over real sockets.

use std::{future::Future, net::SocketAddr, sync::Arc};

use backstop_core::{Failure, Payload};
use backstop_provider::{Provider, ProviderBody, ProviderConfig};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, rustls};
use tower::ServiceExt;

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[expect(clippy::disallowed_methods, reason = "a test's server runs beside the test")]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

/// A server that hands every connection to `serve`, with the connection's number from 0.
pub(crate) async fn raw<F, Fut>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream, usize) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (listener, address) = listen().await;
    spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.expect("a connection");
            spawn(serve(stream, number));
        }
    });
    address
}

/// Reads one request off the wire, body included, and gives its text.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.parse().expect("a length"));
            if body.len() >= length {
                return Some(text);
            }
        }
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// A server that answers every request on every connection with the bytes that `answer` gives.
pub(crate) async fn answering(
    answer: impl Fn(&str) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> SocketAddr {
    raw(move |mut stream, _| {
        let answer = answer.clone();
        async move {
            while let Some(request) = read_request(&mut stream).await {
                if stream.write_all(&answer(&request)).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

/// A whole HTTP/1.1 response.
pub(crate) fn http1(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} Said So\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A TLS server for `localhost` that speaks `protocols`, echoes the request body, and says in a header which HTTP
/// version it was asked in. Gives its port and its certificate in PEM.
pub(crate) async fn tls_echo(protocols: &[&str]) -> (u16, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a server's configuration");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = raw(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                echo(stream).await;
            }
        }
    })
    .await;
    (address.port(), certified.cert.pem())
}

/// Echoes over HTTP/1.1 or HTTP/2, as the client likes.
pub(crate) async fn echo(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(|request: Request<Incoming>| async {
        let seen = format!("{:?} {} {}", request.version(), request.method(), request.uri());
        let body = request.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>(
            Response::builder().header("x-seen", seen).body(Full::new(body)).expect("a response"),
        )
    });
    let _ended =
        auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

pub(crate) fn provider(config: ProviderConfig) -> Provider {
    Provider::new(config).expect("a good configuration")
}

pub(crate) fn at(address: SocketAddr) -> ProviderConfig {
    ProviderConfig::new(format!("http://{address}/v1"))
}

pub(crate) fn request() -> Request<Payload> {
    Request::post("/chat/completions?trace=secret-query").body(Payload::new("{}".into())).expect("a request")
}

pub(crate) async fn send(provider: &Provider) -> Result<Response<ProviderBody>, Failure> {
    provider.clone().oneshot(request()).await
}

pub(crate) async fn read(response: Response<ProviderBody>) -> Result<Bytes, Failure> {
    Ok(response.into_body().collect().await?.to_bytes())
}

/// Asserts that `failure` names `address` and tells neither path nor query.
pub(crate) fn assert_says(failure: &Failure, what: &str, address: &str) {
    let text = failure.message();
    assert!(text.contains(what), "{text}");
    assert!(text.contains(address), "{text}");
    assert!(!text.contains("completions") && !text.contains("secret-query"), "{text}");
}
