//! What every layer promises, as a test of one call.
//!
//! The suite puts a layer over scripted services, as a stack of answers ([`check`]) or over plain HTTP
//! ([`check_plain`]), and panics with the name of every [`Rule`] that the layer breaks. It needs paused time: run it in
//! a `#[tokio::test(start_paused = true)]`.
//!
//! ```
//! use backstop_test_support::contract;
//! use tower_layer::{Identity, Layer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! contract::check(|script| Identity::new().layer(script)).await;
//! contract::check_plain(|script| Identity::new().layer(script)).await;
//! # }
//! ```
//!
//! What one cannot see from outside stays for the layer's own tests: that its state is shared by all its services, and
//! what a half-open breaker does with a probe that is dropped.

mod mode;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use backstop_core::{Answer, BoxError, Call, Failure, Payload};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use self::{
    mode::{Events, Frames},
    rules::Suite,
};
use crate::{AnswerPlan, Script, events, sample};

/// A promise of every layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The inner service is called on the very instance that was made ready, waits are passed on, and an error of
    /// readiness is the end.
    Readiness,
    /// A clone is made ready by itself, and neither disturbs the other.
    Clone,
    /// A response future that is dropped drops the inner one, and leaves nothing behind.
    Cancel,
    /// A body that is dropped half-way drops the inner one, and leaves nothing behind.
    Drop,
    /// What the body brings is what the inner one brought, and what it says of its size and end is true.
    Transparency,
    /// The inner service's errors come out as they are.
    Errors,
}

/// A rule that a layer breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// Which rule.
    pub rule: Rule,
    /// What was seen.
    pub how: String,
}

/// Runs a layer of answers over the suite: streamed and unstreamed calls, bodies read as events and as frames.
///
/// `factory` puts a new layer over the script, with a configuration in which a handful of failures, cancelled calls and
/// dropped bodies neither trips nor limits it.
///
/// # Panics
///
/// With every rule that the layer breaks.
pub async fn check<F, S, A>(factory: F)
where
    F: Fn(Script) -> S,
    S: Service<Request<Call>, Response = Response<A>, Error = Failure> + Clone,
    A: Answer,
{
    report(&broken(factory).await);
}

/// Runs a layer over plain HTTP through the suite.
///
/// # Panics
///
/// With every rule that the layer breaks.
pub async fn check_plain<F, S, B>(factory: F)
where
    F: Fn(Script<BoxError>) -> S,
    S: Service<Request<Payload>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    report(&broken_plain(factory).await);
}

/// Runs a layer that turns calls into plain HTTP and back: normalize, and whatever else speaks to a provider.
///
/// What it makes of answers and errors is its own matter, so of the rules only [`Rule::Readiness`], [`Rule::Clone`],
/// [`Rule::Cancel`] and [`Rule::Drop`] are checked. The provider below speaks OpenAI Chat Completions.
///
/// # Panics
///
/// With every rule that the layer breaks.
pub async fn check_provider_edge<F, S, B>(factory: F)
where
    F: Fn(Script<BoxError>) -> S,
    S: Service<Request<Call>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    report(&broken_provider_edge(factory).await);
}

/// Runs a layer that turns plain HTTP into calls and back, as the ingress edge does.
///
/// Checks the rules that [`check_provider_edge`] checks. The caller above speaks OpenAI Chat Completions.
///
/// # Panics
///
/// With every rule that the layer breaks.
pub async fn check_caller_edge<F, S, B>(factory: F)
where
    F: Fn(Script) -> S,
    S: Service<Request<Payload>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    report(&broken_caller_edge(factory).await);
}

/// What [`check`] finds.
pub async fn broken<F, S, A>(factory: F) -> Vec<Broken>
where
    F: Fn(Script) -> S,
    S: Service<Request<Call>, Response = Response<A>, Error = Failure> + Clone,
    A: Answer,
{
    let streamed = || sample::request(sample::streamed());
    let unstreamed = || sample::request(sample::unstreamed());
    let stream = AnswerPlan::text(&["Hel", "lo"]);
    let document = AnswerPlan::document("Hello");
    let half_stream = AnswerPlan::new().events([events::start(), events::text("Hel")]);
    let mut broken =
        Suite::new(&factory, streamed, [stream.clone()], half_stream.clone()).run::<Events>().await;
    broken.extend(Suite::new(&factory, streamed, [stream], half_stream).run::<Frames>().await);
    broken.extend(Suite::new(&factory, unstreamed, [document.clone()], document).run::<Events>().await);
    distinct(broken)
}

/// What [`check_plain`] finds.
pub async fn broken_plain<F, S, B>(factory: F) -> Vec<Broken>
where
    F: Fn(Script<BoxError>) -> S,
    S: Service<Request<Payload>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let request = || Request::new(Payload::new(Bytes::from_static(b"ping")));
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-checksum", http::HeaderValue::from_static("7"));
    let bytes = AnswerPlan::new().frame("Hel").frame("lo");
    let plans = [AnswerPlan::bytes("").sized(), bytes.clone().sized(), bytes.clone().trailers(trailers)];
    distinct(Suite::new(&factory, request, plans, bytes.cut(1)).run::<Frames>().await)
}

/// What [`check_provider_edge`] finds.
pub async fn broken_provider_edge<F, S, B>(factory: F) -> Vec<Broken>
where
    F: Fn(Script<BoxError>) -> S,
    S: Service<Request<Call>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let streamed = || sample::request(sample::streamed());
    let unstreamed = || sample::request(sample::unstreamed());
    let [(stream, half_stream), (document, half_document)] = answers();
    let mut broken =
        Suite::new(&factory, streamed, [stream], half_stream).translating().run::<Frames>().await;
    broken.extend(
        Suite::new(&factory, unstreamed, [document], half_document).translating().run::<Frames>().await,
    );
    distinct(broken)
}

/// What [`check_caller_edge`] finds.
pub async fn broken_caller_edge<F, S, B>(factory: F) -> Vec<Broken>
where
    F: Fn(Script) -> S,
    S: Service<Request<Payload>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let asks = |call: &Call| Request::new(Payload::new(call.origin().body().clone()));
    let streamed = || asks(&sample::streamed());
    let unstreamed = || asks(&sample::unstreamed());
    let [(stream, half_stream), (document, half_document)] = answers();
    let mut broken =
        Suite::new(&factory, streamed, [stream], half_stream).translating().run::<Frames>().await;
    broken.extend(
        Suite::new(&factory, unstreamed, [document], half_document).translating().run::<Frames>().await,
    );
    distinct(broken)
}

/// A stream and a whole answer, and the beginning of each.
fn answers() -> [(AnswerPlan, AnswerPlan); 2] {
    let half_stream = AnswerPlan::new().events([events::start(), events::text("Hel")]);
    let document = AnswerPlan::document("Hello");
    let half_document = document.clone().split_at(&[10]).cut(1);
    [(AnswerPlan::text(&["Hel", "lo"]), half_stream), (document, half_document)]
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {:?} is broken: {}", self.rule, self.how)
    }
}

fn report(broken: &[Broken]) {
    let lines: Vec<_> = broken.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "the layer breaks its contract:\n{}", lines.join("\n"));
}

/// The first finding of each rule.
fn distinct(broken: Vec<Broken>) -> Vec<Broken> {
    let mut first: Vec<Broken> = Vec::new();
    for found in broken {
        if first.iter().all(|known| known.rule != found.rule) {
            first.push(found);
        }
    }
    first
}
