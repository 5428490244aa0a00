//! In process and over sockets, the same happens.

use std::time::{Duration, SystemTime};

use backstop_simulator::{Behaviour, Dialect, Server, Simulator};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::{net::TcpStream, task::JoinSet};
use tower_service::Service;

use crate::{any_input::WORDS, common};

/// Status, headers, bytes, and whether it broke; nothing where there was no head.
type Seen = Option<(StatusCode, HeaderMap, Vec<u8>, bool)>;

/// Words after which nothing ends, each with tests of its own.
const ENDLESS: &[&str] = &["no-answer", "silent", "never-ends", "repeat-forever"];

fn simulator(word: &str) -> Simulator {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
    let behaviour: Behaviour = word.replace("=1s", "=5ms").parse().unwrap();
    Simulator::new("a").with_time(time).with_behaviour(behaviour)
}

fn request(dialect: Dialect, stream: bool) -> Request<Full<Bytes>> {
    let mut body = common::ask(dialect, "hello there, größere Welt");
    body["stream"] = json!(stream);
    let mut request = common::request(dialect, body.to_string());
    *request.uri_mut() = format!("http://localhost{}", request.uri()).parse().unwrap();
    request
}

async fn read<B, E>(response: Result<http::Response<B>, E>) -> Seen
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Debug,
{
    let (mut parts, mut body) = response.ok()?.into_parts();
    // What the transport decides.
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::DATE] {
        parts.headers.remove(name);
    }
    let (mut bytes, mut broken) = (Vec::new(), false);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap()),
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    Some((parts.status, parts.headers, bytes, broken))
}

async fn over_http1(server: &Server, request: Request<Full<Bytes>>) -> Seen {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async { connection.await.unwrap_or_default() });
    read(sender.send_request(request).await).await
}

async fn over_http2(server: &Server, request: Request<Full<Bytes>>) -> Seen {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async { connection.await.unwrap_or_default() });
    read(sender.send_request(request).await).await
}

#[tokio::test]
async fn every_word_plays_the_same_everywhere() {
    let mut compared = 0;
    for word in WORDS.iter().filter(|word| !ENDLESS.iter().any(|endless| word.starts_with(endless))) {
        for (dialect, stream) in
            Dialect::ALL.into_iter().flat_map(|dialect| [(dialect, true), (dialect, false)])
        {
            let within = read(simulator(word).call(request(dialect, stream)).await).await;
            // A server has ids of its own only by its number of requests: each has one.
            let server = simulator(word).start().await.unwrap();
            let over = over_http1(&server, request(dialect, stream)).await;
            assert_eq!(over, within, "{word}, {dialect}, HTTP/1.1, stream: {stream}");
            let server = simulator(word).start().await.unwrap();
            let over = over_http2(&server, request(dialect, stream)).await;
            // A body that is shorter than it said is never read to its end over HTTP/2: how far is the client's affair.
            let exact = *word != "cut-body=length";
            assert_eq!(over.is_some(), within.is_some(), "{word}, {dialect}, HTTP/2, stream: {stream}");
            if exact {
                assert_eq!(over, within, "{word}, {dialect}, HTTP/2, stream: {stream}");
            }
            compared += 1;
        }
    }
    assert!(compared > 150, "{compared}");
}
