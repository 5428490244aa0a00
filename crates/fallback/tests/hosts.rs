//! A chain where people have it: over plain hyper clients, and inside an axum router.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in a helper too")]

use std::convert::Infallible;

use axum::{
    Router, body::to_bytes, extract::Request, http::StatusCode, response::IntoResponse, routing::post,
};
use backstop_core::{
    BoxError, Target,
    classify::{InfallibleHttp, PlainHttp},
};
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::net::TcpListener;
use tower::{Service, ServiceExt};

type Plain = http::Request<Full<Bytes>>;

/// Answers with its name and what it was sent, or with a status.
fn upstream(name: &'static str, status: StatusCode) -> Router {
    let echo = post(move |body: Bytes| async move { (status, format!("{name}: {} bytes", body.len())) });
    Router::new().route("/", echo)
}

#[expect(clippy::disallowed_methods, reason = "a test's server is a program of its own")]
async fn serve(router: Router) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/").parse().unwrap()
}

/// A client of one upstream.
fn client(
    uri: Uri,
) -> impl Service<Plain, Response = http::Response<Incoming>, Error = BoxError, Future: Send> + Clone {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    client.map_err(BoxError::from).map_request(move |mut request: Plain| {
        *request.uri_mut() = uri.clone();
        request
    })
}

fn candidate<S>(name: &str, service: S) -> Candidate<S> {
    Candidate::new(service, Target::new("upstream", name))
}

#[tokio::test]
async fn over_raw_hyper_clients() {
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap()
    };
    let busy = serve(upstream("busy", StatusCode::SERVICE_UNAVAILABLE)).await;
    let well = serve(upstream("well", StatusCode::OK)).await;
    let chain = [
        candidate("gone", client(gone)),
        candidate("busy", client(busy.clone())),
        candidate("well", client(well)),
    ];
    let service = Fallback::with(chain, FallbackConfig::new(), PlainHttp::new(), ()).unwrap();
    let request = || http::Request::post("/").body(Full::from(vec![b'x'; 1 << 20])).unwrap();
    let response = service.oneshot(request()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "well: 1048576 bytes");

    // Nobody is well: the most actionable answer is the last word, though it was not the last one.
    let limited = serve(upstream("limited", StatusCode::TOO_MANY_REQUESTS)).await;
    let chain = [candidate("limited", client(limited)), candidate("busy", client(busy))];
    let service = Fallback::with(chain, FallbackConfig::new(), PlainHttp::new(), ()).unwrap();
    assert_eq!(service.oneshot(request()).await.unwrap().status(), 429);
}

#[tokio::test]
async fn inside_an_axum_router() {
    let chain = [
        candidate("busy", upstream("busy", StatusCode::SERVICE_UNAVAILABLE)),
        candidate("well", upstream("well", StatusCode::OK)),
    ];
    let stack = Fallback::with(chain, FallbackConfig::new(), InfallibleHttp::new(), ()).unwrap();
    // What is sent twice must be there in full: the body is collected first.
    let app = Router::new().fallback(move |request: Request| async move {
        let (head, body) = request.into_parts();
        match to_bytes(body, 2 << 20).await {
            Ok(body) => {
                let answer: Result<_, Infallible> =
                    stack.oneshot(Request::from_parts(head, Full::new(body))).await;
                answer.into_response()
            }
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
    });
    let uri = serve(app).await;
    let response =
        client(uri).oneshot(http::Request::post("/").body(Full::from("ping")).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "well: 4 bytes");
}
