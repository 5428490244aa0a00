//! What a call fails with, and what is never told.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{
    answering, assert_says, at, http1, listen, provider, raw, read, read_request, send, tls_echo,
};
use backstop_core::{Clock, Kind, Payload};
use backstop_provider::{Credential, ProviderConfig};
use http::Request;
use http_body_util::BodyExt;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tower::ServiceExt;

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_connect_timeout() {
    let address = raw(|stream, _| async move {
        let _open = stream;
        pending::<()>().await;
    })
    .await;
    let config = ProviderConfig::new(format!("https://{address}/v1"));
    let provider = provider(config.with_connect_timeout(Duration::from_millis(50)));
    let failure = send(&provider).await.expect_err("no handshake");
    assert_eq!(failure.kind(), Kind::Timeout(Clock::Connect));
    assert_says(&failure, "no connection to", &address.to_string());
    assert!(failure.message().ends_with("within 50ms"), "{failure}");
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let failure =
        send(&provider(ProviderConfig::new("https://nowhere.invalid/v1"))).await.expect_err("no such name");
    assert_eq!(failure.kind(), Kind::Transport);
    assert_says(&failure, "the name lookup (DNS) failed: ", "no connection to nowhere.invalid:443");
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    let (listener, address) = listen().await;
    drop(listener);
    let failure = send(&provider(at(address))).await.expect_err("nobody there");
    assert_eq!(failure.kind(), Kind::Transport);
    assert_eq!(failure.message(), format!("no connection to {address}: connection refused"));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for() {
    let (port, _) = tls_echo(&["h2"]).await;
    let config = ProviderConfig::new(format!("https://localhost:{port}/v1"));
    let failure = send(&provider(config)).await.expect_err("an unknown authority");
    assert_eq!(failure.kind(), Kind::Transport);
    assert_says(&failure, "TLS failed: invalid peer certificate", &format!("localhost:{port}"));
}

#[tokio::test]
async fn a_plain_server_behind_https() {
    let address = raw(|mut stream, _| async move {
        stream.write_all(&http1(400, "", b"no TLS here")).await.expect("a reader");
        read_request(&mut stream).await;
    })
    .await;
    let failure =
        send(&provider(ProviderConfig::new(format!("https://{address}")))).await.expect_err("no TLS there");
    assert_eq!(failure.kind(), Kind::Transport);
    assert_says(&failure, "TLS failed: received corrupt message", &address.to_string());
}

/// Closes with unread data in the buffer and no linger: the peer sees a reset.
fn reset(stream: &TcpStream) {
    stream.set_zero_linger().expect("a socket");
}

#[tokio::test]
async fn resets_and_early_ends_before_the_head() {
    let address = raw(|mut stream, _| async move {
        read_request(&mut stream).await.expect("a request");
        reset(&stream);
    })
    .await;
    let failure = send(&provider(at(address))).await.expect_err("a reset");
    assert_eq!(failure.kind(), Kind::Transport);
    assert_says(
        &failure,
        "broke before the answer began: connection reset by the peer",
        &address.to_string(),
    );

    for head in ["", "HTTP/1.1 200 OK\r\ncontent-"] {
        let address = raw(move |mut stream, _| async move {
            read_request(&mut stream).await.expect("a request");
            stream.write_all(head.as_bytes()).await.expect("a reader");
        })
        .await;
        let failure = send(&provider(at(address))).await.expect_err("an early end");
        assert_eq!(failure.kind(), Kind::Transport);
        assert_says(
            &failure,
            "broke before the answer began: the peer closed the connection early",
            &address.to_string(),
        );
    }
}

#[tokio::test]
async fn a_peer_that_speaks_something_else() {
    let address = answering(|_| b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()).await;
    let failure = send(&provider(at(address))).await.expect_err("no HTTP");
    assert_eq!(failure.kind(), Kind::Transport);
    assert_says(&failure, "the peer does not speak HTTP", &address.to_string());
}

#[tokio::test]
async fn an_answer_that_breaks_off() {
    for (framing, is_reset, what) in [
        ("content-length: 100", false, "the peer closed the connection early"),
        ("transfer-encoding: chunked", false, "the peer closed the connection early"),
        ("transfer-encoding: chunked", true, "connection reset by the peer"),
    ] {
        let (listener, address) = listen().await;
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            read_request(&mut stream).await.expect("a request");
            let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n4\r\nhalf\r\n");
            stream.write_all(head.as_bytes()).await.expect("a reader");
            stream
        };
        let provider = provider(at(address));
        let (response, stream) = tokio::join!(send(&provider), server);
        let mut body = response.expect("a head").into_body();
        body.frame().await.expect("a first piece").expect("no failure yet");
        if is_reset {
            reset(&stream);
        }
        drop(stream);
        let failure = body.frame().await.expect("a frame").expect_err("a broken body");
        assert_eq!(failure.kind(), Kind::Transport);
        assert_says(&failure, "broke off: ", &address.to_string());
        assert_says(&failure, what, "");
        assert!(body.frame().await.is_none(), "one error, then nothing");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&elsewhere);
    let trap = raw(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        async {}
    })
    .await;
    for status in [301, 302, 303, 307, 308] {
        let address = answering(move |_| {
            http1(status, &format!("location: http://u:p@{trap}/steal?key=sk-live-0123456789\r\n"), b"moved")
        })
        .await;
        let provider = provider(at(address).with_keys(Credential::Bearer, ["sk-live-0123456789"]));
        let failure = send(&provider).await.expect_err("a redirect");
        assert_eq!(
            (failure.kind(), failure.provider_status().map(|it| it.as_u16())),
            (Kind::Malformed, Some(status))
        );
        assert_eq!(
            failure.message(),
            format!(
                "{address} answered {status} and points to http://{trap}; redirects are never followed: \
                 set `base_url` to where it points"
            )
        );
    }
    let address = answering(|_| b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()).await;
    let failure = send(&provider(at(address))).await.expect_err("no answer");
    assert_eq!(failure.message(), format!("{address} answered 304, which is no answer to a call"));
    assert_eq!(elsewhere.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn errors_come_down_without_our_keys() {
    let key = "my/secret+key";
    let address = answering(move |request| {
        assert!(request.contains("x-api-key: my/secret+key"));
        let body = br#"{"error":{"message":"bad key my/secret+key or my\/secret+key, sk-ant-abcdefgh****","type":"x"}}"#;
        http1(401, "x-quoted: key my/secret+key\r\nretry-after: 3\r\n", body)
    })
    .await;
    let provider = provider(at(address).with_keys(Credential::x_api_key(), [key]));
    let response = send(&provider).await.expect("an error is a response");
    assert_eq!(response.status(), 401);
    assert_eq!(
        (&response.headers()["x-quoted"], &response.headers()["retry-after"]),
        (&"key [redacted]".parse().expect("a value"), &"3".parse().expect("a value"))
    );
    assert!(!response.headers().contains_key("content-length"), "redaction changes it");
    let body = read(response).await.expect("a body");
    assert_eq!(
        String::from_utf8_lossy(&body),
        r#"{"error":{"message":"bad key [redacted] or [redacted], [redacted]","type":"x"}}"#
    );
    assert!(!format!("{provider:?}").contains("secret"));
}

#[tokio::test]
async fn long_errors_are_cut_and_no_key_is_cut_in_two() {
    const LIMIT: usize = 64 * 1024;
    let key = "0123456789abcdef";
    for before in [LIMIT - 20, LIMIT - 8, LIMIT, LIMIT + 8, 10 * LIMIT] {
        let body = [vec![b'.'; before], key.into(), vec![b'.'; 2 * LIMIT]].concat();
        let address = answering(move |_| http1(500, "", &body)).await;
        let provider = provider(at(address).with_keys(Credential::Bearer, [key]));
        let body = read(send(&provider).await.expect("an error is a response")).await.expect("a body");
        assert!((LIMIT - 32..=LIMIT).contains(&body.len()), "{before}: {}", body.len());
        let text = String::from_utf8(body.to_vec()).expect("text");
        assert!(!text.contains("0123"), "{before}: {}", &text[text.len() - 40..]);
    }
}

#[tokio::test]
async fn an_error_that_breaks_off_is_still_that_error() {
    let address = raw(|mut stream, _| async move {
        read_request(&mut stream).await.expect("a request");
        stream.write_all(b"HTTP/1.1 429 No\r\ncontent-length: 99\r\n\r\n{\"half\":").await.expect("a reader");
    })
    .await;
    let response = send(&provider(at(address))).await.expect("an error is a response");
    assert_eq!(response.status(), 429);
    assert_eq!(read(response).await.expect("what came"), "{\"half\":");
}

#[tokio::test]
async fn a_credential_that_is_not_there() {
    let (_, address) = listen().await;
    let provider = provider(at(address).with_keys(Credential::Bearer, ["one"]));
    let request = Request::post("/x").body(Payload::default().with_credential(Some(1))).expect("a request");
    let failure = provider.oneshot(request).await.expect_err("no such credential");
    assert_eq!(
        (failure.kind(), failure.message()),
        (Kind::Unauthorized, "no credential number 1 in a pool of 1: check `api_keys`")
    );
}
