//! A layer of your own between ours: it counts the characters of every answer, and refuses callers who have had enough.

use std::{
    env,
    error::Error,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::Router;
use backstop_commit::CommitLayer;
use backstop_core::{Answer, Call, Delta, Dialect, Event, Failure, Refusal, poll_wire};
use backstop_normalize::ingress::{IngressConfig, IngressLayer};
use backstop_normalize::{NormalizeConfig, NormalizeLayer};
use backstop_provider::{Credential, Provider, ProviderConfig};
use backstop_retry::RetryLayer;
use bytes::Bytes;
use futures_util::future::{self, Either, Ready};
use http::{Request, Response};
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use tower::{Layer, Service, ServiceBuilder};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("OPENAI_BASE_URL").unwrap_or_else(|_| "https://api.openai.com/v1".to_owned());
    let leaf = ProviderConfig::new(url).with_keys(Credential::Bearer, [env::var("OPENAI_API_KEY")?]);
    let stack = ServiceBuilder::new()
        .layer(IngressLayer::new(IngressConfig::new(Dialect::OpenaiChat)))
        .layer(AllowanceLayer::new(env::var("ALLOWANCE")?.parse()?)) // ← yours
        .layer(RetryLayer::default())
        .layer(CommitLayer::default())
        .layer(NormalizeLayer::new(NormalizeConfig::new(Dialect::OpenaiChat)))
        .service(Provider::new(leaf)?);
    backstop_examples::serve(Router::new().route_service("/v1/chat/completions", stack)).await
}

/// Answers until so many characters have been said. State lives in the layer, so that all connections share it.
#[derive(Clone, Debug)]
struct AllowanceLayer(Arc<AtomicUsize>);

#[derive(Clone, Debug)]
struct Allowance<S> {
    inner: S,
    left: Arc<AtomicUsize>,
}

pin_project! {
    /// A call whose answer will be counted.
    struct Counting<F> {
        #[pin]
        call: F,
        left: Arc<AtomicUsize>,
    }
}

pin_project! {
    /// An answer whose characters are counted as they pass.
    struct Counted<A> {
        #[pin]
        answer: A,
        left: Arc<AtomicUsize>,
    }
}

impl AllowanceLayer {
    fn new(characters: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(characters)))
    }
}

impl<S> Layer<S> for AllowanceLayer {
    type Service = Allowance<S>;

    fn layer(&self, inner: S) -> Allowance<S> {
        Allowance { inner, left: Arc::clone(&self.0) }
    }
}

impl<S, A> Service<Request<Call>> for Allowance<S>
where
    S: Service<Request<Call>, Response = Response<A>, Error = Failure>,
    A: Answer,
{
    type Response = Response<Counted<A>>;
    type Error = Failure;
    type Future = Either<Counting<S::Future>, Ready<Result<Response<Counted<A>>, Failure>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Call>) -> Self::Future {
        if self.left.load(Ordering::Relaxed) == 0 {
            return Either::Right(future::ready(Err(Failure::refused(
                Refusal::Budget,
                "the allowance is used up",
            ))));
        }
        Either::Left(Counting { call: self.inner.call(request), left: Arc::clone(&self.left) })
    }
}

impl<F, A> Future for Counting<F>
where
    F: Future<Output = Result<Response<A>, Failure>>,
{
    type Output = Result<Response<Counted<A>>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.call.poll(cx));
        let left = Arc::clone(this.left);
        Poll::Ready(result.map(|response| response.map(|answer| Counted { answer, left })))
    }
}

impl<A: Answer> Answer for Counted<A> {
    fn poll_event(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Failure>>> {
        let this = self.project();
        let event = ready!(this.answer.poll_event(cx));
        if let Some(Ok(event)) = &event {
            for delta in event.deltas() {
                if let Delta::Text { text, .. } = delta {
                    let said = text.chars().count();
                    let spend = |left: usize| Some(left.saturating_sub(said));
                    let _ = this.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
                }
            }
        }
        Poll::Ready(event)
    }
}

impl<A: Answer> Body for Counted<A> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        poll_wire(self, cx)
    }
}
