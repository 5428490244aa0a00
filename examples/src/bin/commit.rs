//! Commit alone, between the edges: an answer that dies in the middle was none, and its caller gets an error instead of a half.

use std::{env, error::Error};

use axum::Router;
use backstop_commit::{CommitConfig, CommitLayer, MidStream};
use backstop_core::Dialect;
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_provider::{Credential, Provider, ProviderConfig};
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com/v1".to_owned());
    let openai = ProviderConfig::new(url).with_keys(Credential::Bearer, [env::var("OPENAI_API_KEY")?]);

    let stack = ServiceBuilder::new()
        .layer(IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)))
        .layer(CommitLayer::new(CommitConfig::new().with_mid_stream(MidStream::Buffer)))
        .layer(NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)))
        .service(Provider::new(openai)?);
    backstop_examples::serve(Router::new().route_service("/v1/chat/completions", stack)).await
}
