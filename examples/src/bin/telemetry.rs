//! Telemetry alone, between the edges: what becomes of requests and attempts, for Prometheus.

use std::{env, error::Error};

use axum::Router;
use axum::{http::header, routing::get};
use backstop_core::Dialect;
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_provider::{Credential, Provider, ProviderConfig};
use backstop_telemetry::{
    AttemptLayer, RequestLayer,
    metrics::{CONTENT_TYPE, Metrics, Snapshot},
};
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com/v1".to_owned());
    let openai = ProviderConfig::new(url).with_keys(Credential::Bearer, [env::var("OPENAI_API_KEY")?]);

    let (metrics, target) = (Metrics::new(), "openai/gpt-4.1-mini");
    let stack = ServiceBuilder::new()
        .layer(IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)))
        .layer(RequestLayer::new().with_observer(metrics.requests()))
        .layer(AttemptLayer::new(target).with_observer(metrics.target(&target.into())))
        .layer(NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)))
        .service(Provider::new(openai)?);
    let page =
        move || async move { ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics.render(Snapshot::new())) };
    let app = Router::new().route_service("/v1/chat/completions", stack).route("/metrics", get(page));
    backstop_examples::serve(app).await
}
