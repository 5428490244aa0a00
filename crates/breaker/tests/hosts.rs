//! The breaker where people have it: over a plain hyper client, and inside an axum router.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{Router, http::StatusCode, routing::get};
use backstop_breaker::{
    BreakerConfig, BreakerLayer,
    cooldown::{CooldownLayer, CooldownTarget, Cooldowns},
};
use backstop_core::{
    BoxError, Failure, Kind, Refusal,
    classify::{InfallibleHttp, PlainHttp},
};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::{TcpListener, TcpStream};
use tower::{ServiceExt, util::MapErr};
use tower_layer::Layer;

/// Serves `router` on a port of its own.
#[expect(clippy::disallowed_methods, reason = "a test's server is a program of its own")]
async fn serve(router: Router) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/").parse().unwrap()
}

fn failing(calls: &Arc<AtomicU32>) -> Router {
    let calls = Arc::clone(calls);
    Router::new().route(
        "/",
        get(move || async move {
            calls.fetch_add(1, Ordering::Relaxed);
            StatusCode::INTERNAL_SERVER_ERROR
        }),
    )
}

#[tokio::test]
async fn over_a_raw_hyper_client() {
    let calls = Arc::new(AtomicU32::new(0));
    let uri = serve(failing(&calls)).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    // The one line that a client needs: an error type that can carry a refusal.
    let client: MapErr<_, fn(_) -> BoxError> = client.map_err(BoxError::from);
    let service = BreakerLayer::new(BreakerConfig::new().with_consecutive(3))
        .with_classifier(PlainHttp::new())
        .layer(client);
    let request = || Request::get(uri.clone()).body(Full::default()).unwrap();
    for _ in 0..3 {
        let response = service.clone().oneshot(request()).await.unwrap();
        assert_eq!(response.status(), 500);
        response.into_body().collect().await.unwrap();
    }
    let refusal = Failure::from_error(service.clone().oneshot(request()).await.unwrap_err());
    assert_eq!(refusal.kind(), Kind::Refused(Refusal::BreakerOpen));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn two_connections_of_an_axum_server_share_one_breaker() {
    let calls = Arc::new(AtomicU32::new(0));
    let breaker =
        BreakerLayer::new(BreakerConfig::new().with_consecutive(4)).with_classifier(InfallibleHttp::new());
    let uri = serve(failing(&calls).layer(breaker)).await;
    let (mut one, mut two) = (connect(&uri).await, connect(&uri).await);
    for expected in [500, 500, 503] {
        for connection in [&mut one, &mut two] {
            assert_eq!(status(connection).await, expected);
        }
    }
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn cooldowns_over_a_raw_hyper_client_and_inside_a_router() {
    let calls = Arc::new(AtomicU32::new(0));
    let cooldowns = Cooldowns::default();
    let layer = CooldownLayer::new(cooldowns.clone(), CooldownTarget::new("openai", "gpt-4.1", 1));
    let counted = Arc::clone(&calls);
    let limited = get(move || async move {
        counted.fetch_add(1, Ordering::Relaxed);
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "9")])
    });
    let inside = layer.clone().with_classifier(InfallibleHttp::new());
    let uri = serve(Router::new().route("/", limited).layer(inside)).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let client: MapErr<_, fn(_) -> BoxError> = client.map_err(BoxError::from);
    let service = layer.with_classifier(PlainHttp::new()).layer(client.clone());
    let request = || Request::get(uri.clone()).body(Full::default()).unwrap();

    let response = service.clone().oneshot(request()).await.unwrap();
    assert_eq!(response.status(), 429);
    // The client's own cooldown, and the server's for whoever has none: both know of it, by one registry.
    let refusal = Failure::from_error(service.oneshot(request()).await.unwrap_err());
    assert_eq!(refusal.kind(), Kind::Refused(Refusal::Cooling));
    assert_eq!(client.oneshot(request()).await.unwrap().status(), 503);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(cooldowns.list().len(), 1);
}

#[tokio::test]
async fn several_layers_in_one_place_of_a_router() {
    let calls = Arc::new(AtomicU32::new(0));
    let cooldowns = CooldownLayer::new(Cooldowns::default(), CooldownTarget::new("openai", "gpt-4.1", 1));
    let breaker = BreakerLayer::new(BreakerConfig::new().with_consecutive(1));
    let layers = tower::ServiceBuilder::new()
        .layer(cooldowns.with_classifier(InfallibleHttp::new()))
        .layer(breaker.clone().with_classifier(InfallibleHttp::new()))
        .layer(BreakerLayer::default().with_classifier(InfallibleHttp::new()));
    let app = failing(&calls).layer(layers);
    let ask = || app.clone().oneshot(Request::get("/").body(axum::body::Body::empty()).unwrap());
    for expected in [500, 503] {
        assert_eq!(ask().await.unwrap().status(), expected);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

type Connection = hyper::client::conn::http1::SendRequest<Full<Bytes>>;

#[expect(clippy::disallowed_methods, reason = "hyper's connections need a task to run in")]
async fn connect(uri: &Uri) -> Connection {
    let stream = TcpStream::connect(uri.authority().unwrap().as_str()).await.unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn status(connection: &mut Connection) -> StatusCode {
    connection.ready().await.unwrap();
    let request = Request::get("/").header("host", "test").body(Full::default()).unwrap();
    let response = connection.send_request(request).await.unwrap();
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
async fn around_a_service_that_cannot_fail() {
    let inner = tower::service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(http::Response::builder().status(503).body(Full::<Bytes>::default()).unwrap())
    });
    let service = BreakerLayer::new(BreakerConfig::new().with_consecutive(1))
        .with_classifier(InfallibleHttp::new())
        .layer(inner);
    for (expected, retry_after) in [(503, None), (503, Some("5"))] {
        let response = service.clone().oneshot(Request::new(Full::default())).await.unwrap();
        assert_eq!(response.status(), expected);
        let told = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        assert_eq!(told, retry_after);
    }
}
