//! What goes up, and what comes down when all is well.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{
    answering, at, echo, http1, provider, raw, read, read_request, request, send, tls_echo,
};
use backstop_core::Payload;
use backstop_provider::{Credential, ProviderConfig};
use http::{HeaderName, HeaderValue, Request};
use http_body::Body as _;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tokio::{io::AsyncWriteExt, sync::oneshot};
use tower::ServiceExt;

#[tokio::test]
async fn the_request_is_put_behind_the_base_url_with_the_chosen_key() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let address = answering(move |request| {
        log.lock().push(request.to_owned());
        http1(200, "x-from: there\r\n", b"{\"ok\":1}")
    })
    .await;
    let provider = provider(
        at(address)
            .with_keys(Credential::Bearer, ["sk-first", "sk-second"])
            .with_header(HeaderName::from_static("x-title"), HeaderValue::from_static("backstop")),
    );
    let asked = Request::post("/chat/completions?a=b")
        .header("host", "elsewhere.example")
        .header("content-length", "99")
        .header("connection", "close")
        .header("x-api-key", "the caller's own")
        .header("accept-encoding", "gzip")
        .body(Payload::new("{\"q\":1}".into()).with_credential(Some(1)))
        .expect("a request");
    let response = provider.clone().oneshot(asked).await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-from"]),
        (200, &HeaderValue::from_static("there"))
    );
    assert_eq!(read(response).await.expect("a body"), "{\"ok\":1}");

    let seen = seen.lock().pop().expect("a request").to_lowercase();
    let (head, body) = seen.split_once("\r\n\r\n").expect("a head");
    let mut lines: Vec<_> = head.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "post /v1/chat/completions?a=b http/1.1",
            "accept-encoding: identity",
            "authorization: bearer sk-second",
            "content-length: 7",
            &format!("host: {address}"),
            "x-title: backstop",
        ]
    );
    assert_eq!(body, "{\"q\":1}");
}

#[tokio::test]
async fn connections_are_kept_and_shared_by_clones() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = raw(move |mut stream, _| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(&http1(200, "", b"{}")).await.expect("a client that reads");
            }
        }
    })
    .await;
    let provider = provider(at(address));
    for _ in 0..5 {
        let response = send(&provider).await.expect("an answer");
        assert!(!response.body().is_end_stream(), "two bytes are to come");
        assert_eq!(response.body().size_hint().exact(), Some(2));
        read(response).await.expect("a body");
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_costs_no_request() {
    let (closed, wait) = oneshot::channel();
    let closed = Mutex::new(Some(closed));
    let address = raw(move |mut stream, number| {
        let closed = (number == 0).then(|| closed.lock().take()).flatten();
        async move {
            read_request(&mut stream).await.expect("a request");
            stream.write_all(&http1(200, "", b"{}")).await.expect("a client that reads");
            drop(stream);
            if let Some(closed) = closed {
                closed.send(()).expect("a test that waits");
            }
        }
    })
    .await;
    let provider = provider(at(address));
    read(send(&provider).await.expect("an answer")).await.expect("a body");
    wait.await.expect("the first connection to close");
    read(send(&provider).await.expect("an answer over a fresh connection")).await.expect("a body");
}

#[tokio::test]
async fn tls_endpoints_choose_the_version_and_private_authorities_are_trusted_on_demand() {
    for (protocols, version) in
        [(&["h2", "http/1.1"][..], "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")]
    {
        let (port, pem) = tls_echo(protocols).await;
        let config = ProviderConfig::new(format!("https://localhost:{port}/v1")).with_root_certificates(pem);
        let response = send(&provider(config)).await.expect("an answer");
        let seen = response.headers()["x-seen"].to_str().expect("text").to_owned();
        assert!(seen.starts_with(version) && seen.contains("/v1/chat/completions"), "{protocols:?}: {seen}");
        assert_eq!(read(response).await.expect("a body"), "{}");
    }
}

#[tokio::test]
async fn http2_is_spoken_at_once_where_it_is_known() {
    let address = raw(|stream, _| echo(stream)).await;
    let provider = provider(at(address).with_http2_prior_knowledge(true));
    let calls = (0..20).map(|_| async {
        let response = send(&provider).await.expect("an answer");
        let seen = response.headers()["x-seen"].to_str().expect("text").to_owned();
        assert_eq!(seen, format!("HTTP/2.0 POST http://{address}/v1/chat/completions?trace=secret-query"));
        assert_eq!(read(response).await.expect("a body"), "{}");
    });
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    for call in &mut calls {
        call.await;
    }
}

#[tokio::test]
async fn a_stream_arrives_piece_by_piece() {
    let (go, mut gone) = tokio::sync::mpsc::channel::<()>(1);
    let (listener, address) = crate::support::listen().await;
    crate::support::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_request(&mut stream).await.expect("a request");
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.expect("a reader");
        for _ in 0..3 {
            gone.recv().await.expect("a go");
            stream.write_all(b"6\r\n0: x\n\n\r\n").await.expect("a reader");
        }
        stream.write_all(b"0\r\n\r\n").await.expect("a reader");
    });
    let mut body = send(&provider(at(address))).await.expect("a head").into_body();
    for _ in 0..3 {
        go.send(()).await.expect("a server");
        let frame = body.frame().await.expect("a frame").expect("no failure");
        assert_eq!(frame.into_data().expect("data"), "0: x\n\n");
    }
    assert!(body.frame().await.is_none());
    assert!(body.frame().await.is_none() && body.is_end_stream(), "it stays ended");
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    let (ended, wait) = oneshot::channel();
    let ended = Mutex::new(Some(ended));
    let address = raw(move |mut stream, _| {
        let ended = ended.lock().take();
        async move {
            read_request(&mut stream).await.expect("a request");
            assert!(read_request(&mut stream).await.is_none());
            ended.expect("one connection").send(()).expect("a test that waits");
        }
    })
    .await;
    let call = provider(at(address)).oneshot(request());
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err(), "no head ever comes");
    tokio::time::timeout(Duration::from_secs(5), wait).await.expect("a prompt close").expect("a server");
}
