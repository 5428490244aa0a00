//! What every layer promises (`backstop_test_support::contract`), as far as a leaf can: it has no service inside, so the
//! rules are about its connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop_provider::Provider;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tower::{Service, ServiceExt};

use crate::support::{at, http1, provider, raw, read, read_request, request, send};

const ROUNDS: usize = 20;

/// Counts the connections that are open.
#[derive(Clone, Default)]
struct Open(Arc<AtomicUsize>);

impl Open {
    /// A provider that begins each answer with `beginning` and then waits for its peer to leave.
    async fn behind(&self, beginning: &'static [u8]) -> Provider {
        let open = self.clone();
        let serve = move |mut stream: TcpStream, _| {
            let open = open.clone();
            async move {
                open.0.fetch_add(1, Ordering::SeqCst);
                if read_request(&mut stream).await.is_some() {
                    stream.write_all(beginning).await.expect("a client that reads");
                    while read_request(&mut stream).await.is_some() {}
                }
                open.0.fetch_sub(1, Ordering::SeqCst);
            }
        };
        provider(at(raw(serve).await))
    }

    /// All of them are closed, promptly.
    async fn closes(&self) {
        let closed = async {
            while self.0.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(5), closed).await.expect("every connection is closed");
    }
}

#[tokio::test]
async fn readiness_and_clones() {
    let address = raw(|mut stream, _| async move {
        while read_request(&mut stream).await.is_some() {
            stream.write_all(&http1(200, "", b"{}")).await.expect("a client that reads");
        }
    })
    .await;
    let mut service = provider(at(address));
    // Always ready, however often one asks, and whatever becomes of clones.
    for _ in 0..ROUNDS {
        let mut idle = service.clone();
        assert!(idle.ready().now_or_never().expect("at once").is_ok());
        assert!(service.ready().now_or_never().expect("at once").is_ok());
    }
    let (one, two) = (service.call(request()), service.clone().oneshot(request()));
    let (one, two) = tokio::join!(one, two);
    for response in [one, two] {
        assert_eq!(read(response.expect("an answer")).await.expect("a body"), "{}");
    }
}

#[tokio::test]
async fn calls_that_are_dropped_leave_no_connection() {
    let open = Open::default();
    let mut service = open.behind(b"").await;
    for _ in 0..ROUNDS {
        drop(service.call(request()));
        let call = service.clone().oneshot(request());
        assert!(timeout(Duration::from_millis(5), call).await.is_err(), "no head ever comes");
    }
    open.closes().await;
}

#[tokio::test]
async fn bodies_that_are_dropped_half_way_leave_no_connection() {
    let open = Open::default();
    let service = open.behind(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    for _ in 0..ROUNDS {
        let mut body = send(&service).await.expect("a head").into_body();
        let frame = body.frame().await.expect("a frame").expect("no failure");
        assert_eq!(frame.into_data().expect("data"), "half");
    }
    open.closes().await;
}
