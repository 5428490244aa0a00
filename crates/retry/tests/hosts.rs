//! Retry where people have it: over a plain hyper client, and inside an axum router.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router, body::to_bytes, extract::Request, http::StatusCode, response::IntoResponse, routing::post,
};
use backstop_core::{
    BoxError, Failure, Kind,
    classify::{InfallibleHttp, PlainHttp},
};
use backstop_retry::{RetryConfig, RetryLayer};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::net::TcpListener;
use tower::{ServiceExt, util::MapErr};
use tower_layer::Layer;

/// Echoes what it is sent, after so many failures.
fn fails_first(failures: u32) -> (Router, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let echo = post(move |body: Bytes| async move {
        if counted.fetch_add(1, Ordering::Relaxed) < failures {
            return (StatusCode::SERVICE_UNAVAILABLE, Bytes::from("busy"));
        }
        (StatusCode::OK, body)
    });
    (Router::new().route("/", echo), calls)
}

#[expect(clippy::disallowed_methods, reason = "a test's server is a program of its own")]
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
}

fn config() -> RetryConfig {
    RetryConfig::new().with_backoff(Duration::from_millis(1), Duration::from_millis(1))
}

type Plain = MapErr<
    Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    fn(hyper_util::client::legacy::Error) -> BoxError,
>;

fn client() -> Plain {
    Client::builder(TokioExecutor::new()).build_http().map_err(BoxError::from)
}

#[tokio::test]
async fn over_a_raw_hyper_client() {
    let (router, calls) = fails_first(1);
    let uri = serve(router).await;
    let service = RetryLayer::new(config()).with_classifier(PlainHttp::new()).layer(client());
    // A replay is the whole request, however long it is.
    let long = Bytes::from(vec![b'x'; 1 << 20]);
    let request = http::Request::post(uri).body(Full::new(long.clone())).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), long);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_refused_connection_is_retried_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let seen = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&seen);
    let counting = client().map_request(move |request| {
        counted.fetch_add(1, Ordering::Relaxed);
        request
    });
    let service = RetryLayer::new(config().with_retries(3)).with_classifier(PlainHttp::new()).layer(counting);
    let error = service.oneshot(http::Request::post(uri).body(Full::default()).unwrap()).await.unwrap_err();
    assert_eq!(Failure::from_error(error).kind(), Kind::Transport);
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn inside_an_axum_router() {
    let (inner, calls) = fails_first(1);
    let stack = RetryLayer::new(config()).with_classifier(InfallibleHttp::new()).layer(inner);
    // What is sent twice must be there in full: the body is collected first.
    let app = Router::new().fallback(move |request: Request| async move {
        let (head, body) = request.into_parts();
        match to_bytes(body, 2 << 20).await {
            Ok(body) => stack.oneshot(Request::from_parts(head, Full::new(body))).await.into_response(),
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
    });
    let uri = serve(app).await;
    let request = http::Request::post(uri).body(Full::from("ping")).unwrap();
    let response = client().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ping");
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}
