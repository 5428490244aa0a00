//! Adapt alone, between the edges: callers ask for `writer`, and the provider for what that is today.

use std::{env, error::Error};

use axum::Router;
use backstop_adapt::{AdaptConfig, AdaptLayer};
use backstop_core::{Dialect, Edit, Json, Parameter, Target};
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_provider::{Credential, Provider, ProviderConfig};
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com/v1".to_owned());
    let openai = ProviderConfig::new(url).with_keys(Credential::Bearer, [env::var("OPENAI_API_KEY")?]);

    let config = AdaptConfig::new(Target::new("openai", "gpt-4.1-mini"))
        .with_edit(Edit::AppendSystem("Answer briefly.".into()))
        .with_edit(Edit::Cap(Parameter::MaxTokens, Json::parse("500".into())?))
        .with_edit(Edit::Drop(Parameter::Seed));
    let stack = ServiceBuilder::new()
        .layer(IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)))
        .layer(AdaptLayer::new(config))
        .layer(NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)))
        .service(Provider::new(openai)?);
    backstop_examples::serve(Router::new().route_service("/v1/chat/completions", stack)).await
}
