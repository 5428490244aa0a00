//! Validate alone, between the edges: an answer that is blank, or one word for ever, is a failure.

use std::{env, error::Error};

use axum::Router;
use backstop_core::Dialect;
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_provider::{Credential, Provider, ProviderConfig};
use backstop_validate::{Repetition, ValidateConfig, ValidateLayer};
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com/v1".to_owned());
    let openai = ProviderConfig::new(url).with_keys(Credential::Bearer, [env::var("OPENAI_API_KEY")?]);

    let config = ValidateConfig::new().with_non_empty(true).with_repetition(Some(Repetition::default()));
    let stack = ServiceBuilder::new()
        .layer(IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)))
        .layer(ValidateLayer::new(config))
        .layer(NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)))
        .service(Provider::new(openai)?);
    backstop_examples::serve(Router::new().route_service("/v1/chat/completions", stack)).await
}
