//! A provider of your own: the last target of the chain needs no network, and says at least something.

use std::{
    collections::VecDeque,
    env,
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use axum::Router;
use backstop_commit::CommitLayer;
use backstop_core::{
    Answer, Call, Delta, Dialect, Event, Failure, Finish, FinishReason, Reply, Start, Target, poll_wire,
};
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_provider::{Credential, Provider, ProviderConfig};
use backstop_telemetry::AttemptLayer;
use bytes::Bytes;
use futures_util::future::{Ready, ready};
use http::{Request, Response};
use http_body::{Body, Frame};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com/v1".to_owned());
    let leaf = ProviderConfig::new(url).with_keys(Credential::Bearer, [env::var("OPENAI_API_KEY")?]);
    let openai = ServiceBuilder::new()
        .layer(AttemptLayer::new("openai/gpt-4.1-mini"))
        .layer(CommitLayer::default())
        .layer(NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)))
        .service(Provider::new(leaf)?);
    let canned =
        AttemptLayer::new("house/canned").layer(Canned("We are busy. Please ask again in a minute."));
    let chain = [
        Candidate::new(boxed(openai), Target::new("openai", "gpt-4.1-mini")),
        Candidate::new(boxed(canned), Target::new("house", "canned")),
    ];
    let stack = Fallback::new(chain, FallbackConfig::default())?;
    let edge = |dialect| IngressLayer::new(IngressConfig::new(dialect)).layer(stack.clone());
    let app = Router::new()
        .route_service("/v1/chat/completions", edge(Dialect::OpenaiChat))
        .route_service("/v1/messages", edge(Dialect::AnthropicMessages));
    backstop_examples::serve(app).await
}

/// One type for the stacks of all targets.
fn boxed<S, A>(stack: S) -> BoxCloneSyncService<Request<Call>, Response<Reply>, Failure>
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    A: Answer + Send + 'static,
{
    BoxCloneSyncService::new(stack.map_response(|response| response.map(Reply::new)))
}

/// Says the same to everybody. The edge puts it into whatever dialect the caller speaks, streamed or not.
#[derive(Clone, Copy, Debug)]
struct Canned(&'static str);

/// An answer whose events are all there.
struct Events(VecDeque<Event>);

impl Service<Request<Call>> for Canned {
    type Response = Response<Events>;
    type Error = Failure;
    type Future = Ready<Result<Response<Events>, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Call>) -> Self::Future {
        let id = request.body().attempt_id().to_string();
        let start = Start { id: id.into(), model: "canned".into(), created: None };
        let deltas = vec![
            Delta::Start(start),
            Delta::Text { choice: 0, block: 0, text: self.0.into() },
            Delta::Finish { choice: 0, finish: Finish::new(FinishReason::Stop, "stop") },
            Delta::End,
        ];
        ready(Ok(Response::new(Events([Event::synthetic(deltas)].into()))))
    }
}

impl Answer for Events {
    fn poll_event(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        poll_wire(self, cx)
    }
}
