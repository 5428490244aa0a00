//! An axum app that assembles its own pipeline: OpenAI first, then Anthropic, each behind layers of its own.

use std::{env, error::Error};

use axum::Router;
use backstop_adapt::{AdaptConfig, AdaptLayer};
use backstop_breaker::BreakerLayer;
use backstop_commit::CommitLayer;
use backstop_core::Dialect::{self, AnthropicMessages, OpenaiChat};
use backstop_core::{Call, Failure, Reply, Target};
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_provider::{Credential, Provider, ProviderConfig};
use backstop_retry::RetryLayer;
use backstop_telemetry::AttemptLayer;
use backstop_timeout::{DeadlineLayer, FirstByteTimeoutLayer, FirstTokenTimeoutLayer, IdleTimeoutLayer};
use backstop_timeout::{SilentTimeoutLayer, TotalTimeoutLayer};
use http::{Request, Response};
use tower::{Layer, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

type Stack = BoxCloneSyncService<Request<Call>, Response<Reply>, Failure>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let openai = ProviderConfig::new(url("OPENAI_BASE_URL", "https://api.openai.com/v1"))
        .with_keys(Credential::Bearer, [env::var("OPENAI_API_KEY")?]);
    let anthropic = ProviderConfig::new(url("ANTHROPIC_BASE_URL", "https://api.anthropic.com/v1"))
        .with_keys(Credential::x_api_key(), [env::var("ANTHROPIC_API_KEY")?]);
    let targets = [
        over(Provider::new(openai)?, OpenaiChat, Target::new("openai", "gpt-4.1-mini")),
        over(Provider::new(anthropic)?, AnthropicMessages, Target::new("anthropic", "claude-sonnet-4-5")),
    ];
    let chain = DeadlineLayer::default().layer(Fallback::new(targets, FallbackConfig::default())?);
    let edge = |dialect| IngressLayer::new(IngressConfig::new(dialect)).layer(chain.clone());
    let app = Router::new()
        .route_service("/v1/chat/completions", edge(OpenaiChat))
        .route_service("/v1/messages", edge(AnthropicMessages));
    backstop_examples::serve(app).await
}

/// One target: the layers that stand over a provider, the outermost first.
fn over(provider: Provider, dialect: Dialect, target: Target) -> Candidate<Stack> {
    let stack = ServiceBuilder::new()
        .layer(AdaptLayer::new(AdaptConfig::new(target.clone())))
        .layer(RetryLayer::default())
        .layer(AttemptLayer::new(target.name.clone()))
        .layer(BreakerLayer::default().with_name(target.name.clone()))
        .layer(TotalTimeoutLayer::default())
        .layer(CommitLayer::default())
        .layer(FirstTokenTimeoutLayer::default())
        .layer(SilentTimeoutLayer::default())
        .layer(IdleTimeoutLayer::default())
        .layer(FirstByteTimeoutLayer::default())
        .layer(NormalizeLayer::new(NormalizeConfig::new(dialect)))
        .service(provider);
    Candidate::new(Stack::new(stack.map_response(|response| response.map(Reply::new))), target)
}
