//! Over reqwest: a target whose HTTP client is one that the app has anyway, behind a breaker and a retry.

use std::{env, error::Error};

use axum::Router;
use backstop_breaker::BreakerLayer;
use backstop_commit::CommitLayer;
use backstop_core::{Dialect, Payload};
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_retry::RetryLayer;
use http::{Request, Response};
use tower::{ServiceBuilder, service_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com".to_owned());
    let key = env::var("OPENAI_API_KEY")?;
    let client = reqwest::Client::new();

    // Plain HTTP in, plain HTTP out: all that normalize asks of a client.
    let leaf = service_fn(move |request: Request<Payload>| {
        let (head, body) = request.into_parts();
        let call = client
            .request(head.method, format!("{base}{}", head.uri))
            .headers(head.headers)
            .bearer_auth(&key)
            .body(body.bytes().clone());
        async move { call.send().await.map(Response::<reqwest::Body>::from) }
    });
    let stack = ServiceBuilder::new()
        .layer(IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)))
        .layer(RetryLayer::default())
        .layer(BreakerLayer::default().with_name("openai"))
        .layer(CommitLayer::default())
        .layer(NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)))
        .service(leaf);
    backstop_examples::serve(Router::new().route_service("/v1/chat/completions", stack)).await
}
