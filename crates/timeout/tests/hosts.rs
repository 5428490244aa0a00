//! The clocks where people have them: over a plain hyper client, and inside an axum router.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use backstop_core::{
    BoxError, Clock, Failure, Kind,
    classify::{InfallibleHttp, PlainHttp},
};
use backstop_test_support::{AnswerPlan, ScriptedBody};
use backstop_timeout::{
    DeadlineLayer, FirstByteTimeoutLayer, FirstTokenTimeoutLayer, IdleTimeoutLayer, SilentTimeoutLayer,
    Timeouts, TotalTimeoutLayer,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::net::TcpListener;
use tower::{ServiceExt, util::MapErr};
use tower_layer::Layer;

const SHORT: Option<Duration> = Some(Duration::from_millis(50));

/// A provider that is silent after its first byte, and another that never says anything.
fn provider() -> Router {
    let goes_silent =
        || async { Body::new(ScriptedBody::<BoxError>::new(AnswerPlan::new().frame("a").stall())) };
    Router::new()
        .route("/silent", get(goes_silent))
        .route("/never", get(std::future::pending::<String>))
        .route("/well", get(|| async { "well" }))
}

#[expect(clippy::disallowed_methods, reason = "a test's server is a program of its own")]
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn over_a_raw_hyper_client() {
    let base = serve(provider()).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    // The one line that a client needs: an error type that can carry a timeout.
    let client: MapErr<_, fn(_) -> BoxError> = client.map_err(BoxError::from);
    let timeouts = Timeouts::new().with_first_byte(SHORT).with_silent(SHORT);
    let silent = SilentTimeoutLayer::new(timeouts).with_classifier(PlainHttp::new()).layer(client);
    let service = FirstByteTimeoutLayer::new(timeouts).with_classifier(PlainHttp::new()).layer(silent);
    let request = |path| Request::get(format!("{base}{path}")).body(Full::default()).unwrap();

    let error = service.clone().oneshot(request("/never")).await.unwrap_err();
    assert_eq!(Failure::from_error(error).kind(), Kind::Timeout(Clock::FirstByte));
    let response = service.oneshot(request("/silent")).await.unwrap();
    let error = response.into_body().collect().await.unwrap_err();
    assert_eq!(Failure::from_error(error).kind(), Kind::Timeout(Clock::Silent));
}

#[tokio::test]
async fn inside_an_axum_router() {
    let deadline =
        DeadlineLayer::new(Timeouts::new().with_deadline(SHORT)).with_classifier(InfallibleHttp::new());
    let router = provider().layer(deadline);
    let ask = |path: &str| router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
    let response: Response<Body> = ask("/never").await.unwrap();
    assert_eq!(response.status(), 504);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "no complete answer within 50ms\n");
    assert!(ask("/silent").await.unwrap().into_body().collect().await.is_err());
}

#[tokio::test]
async fn all_clocks_at_once_over_a_client_and_inside_a_router() {
    let long = Some(Duration::from_secs(60));
    let timeouts = Timeouts::new().with_total(long).with_deadline(long);
    macro_rules! stack {
        ($classifier:expr, $inner:expr) => {{
            let body = IdleTimeoutLayer::new(timeouts)
                .with_classifier($classifier)
                .layer(SilentTimeoutLayer::new(timeouts).with_classifier($classifier).layer($inner));
            let head = FirstTokenTimeoutLayer::new(timeouts)
                .with_classifier($classifier)
                .layer(FirstByteTimeoutLayer::new(timeouts).with_classifier($classifier).layer(body));
            DeadlineLayer::new(timeouts)
                .with_classifier($classifier)
                .layer(TotalTimeoutLayer::new(timeouts).with_classifier($classifier).layer(head))
        }};
    }
    let inside = provider()
        .layer(IdleTimeoutLayer::new(timeouts).with_classifier(InfallibleHttp::new()))
        .layer(SilentTimeoutLayer::new(timeouts).with_classifier(InfallibleHttp::new()))
        .layer(FirstTokenTimeoutLayer::new(timeouts).with_classifier(InfallibleHttp::new()))
        .layer(FirstByteTimeoutLayer::new(timeouts).with_classifier(InfallibleHttp::new()))
        .layer(TotalTimeoutLayer::new(timeouts).with_classifier(InfallibleHttp::new()))
        .layer(DeadlineLayer::new(timeouts).with_classifier(InfallibleHttp::new()));
    let base = serve(inside).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let client: MapErr<_, fn(_) -> BoxError> = client.map_err(BoxError::from);
    let over = stack!(PlainHttp::new(), client);
    let response =
        over.oneshot(Request::get(format!("{base}/well")).body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "well");
}
