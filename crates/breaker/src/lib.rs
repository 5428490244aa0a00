//! A circuit breaker that hears the end of the stream, and cooldowns by scope.
//!
//! ```
//! use backstop_breaker::{BreakerConfig, BreakerLayer, BreakerState};
//! use backstop_core::{Failure, Kind, clock};
//! use backstop_test_support::{Script, Step, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let layer = BreakerLayer::new(BreakerConfig::new().with_consecutive(3)).with_name("openai/gpt-4.1");
//! let handle = layer.handle();
//! let provider: Script = Script::repeat(Step::fail(Failure::new(Kind::Server, "oops")));
//! let mut service = layer.layer(provider.clone());
//!
//! for _ in 0..3 {
//!     assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_err());
//! }
//! assert!(matches!(handle.state(clock::now()), BreakerState::Open { .. }));
//!
//! // From now on the provider is left alone, and callers fall over at once.
//! let refusal = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
//! assert!(refusal.retry_after().is_some());
//! assert_eq!(provider.calls().len(), 3);
//! # }
//! ```
//!
//! # Why
//!
//! A provider that is down takes its time to say so: every call spends a timeout to learn what the one before knew. A
//! breaker learns it once and refuses at once, so that a chain falls over in no time, and it stops the crowd that would
//! hinder the provider's recovery. It is for failures of the *target*: what is about a credential or a model is left to
//! the [cooldowns](cooldown), which stop that and no more.
//!
//! # Configured
//!
//! ```
//! use std::time::Duration;
//!
//! use backstop_breaker::{BreakerConfig, BreakerLayer, BreakerState};
//! use backstop_core::{Failure, Kind, Refusal, clock};
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let config = BreakerConfig::new()
//!     .with_ratio(0.3, 20)
//!     .with_window(Duration::from_secs(60))
//!     .with_open(Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60));
//! let layer = BreakerLayer::new(config);
//! let mut service = layer.layer(Script::<Failure>::repeat(Step::answer(AnswerPlan::text(&["Hi"]))));
//!
//! // An operator takes the target out, and somebody watches.
//! let (handle, mut watch) = (layer.handle(), layer.handle().watch());
//! handle.force_open(clock::now());
//! assert_eq!(watch.changed().await.state, BreakerState::ForcedOpen);
//! let refusal = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
//! assert_eq!(refusal.kind(), Kind::Refused(Refusal::BreakerOpen));
//! handle.auto(clock::now());
//! assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_ok());
//! # }
//! ```
//!
//! # What is counted when
//!
//! | what happened | counted | when |
//! |---|---|---|
//! | an answer that came to its end | success | at the end of its body |
//! | overload, server error, timeout, malformed answer | failure | at the head, or where the body dies |
//! | transport: refused, reset, DNS, TLS | two failures | at the head, or where the body dies |
//! | rate limit, quota, credential, unknown model, the caller's own error | nothing | |
//! | the caller left: response future or body dropped | nothing | at the drop |
//! | a call begun before the breaker last changed its state | nothing | |
//!
//! What weighs how much is the failure table's word ([`BreakerWeight`](backstop_core::BreakerWeight)).
//!
//! # States
//!
//! *Closed*, calls pass and are counted by a few atomic operations, without a lock. It trips at a share of failures in a
//! sliding window, or at failures in a row; the latter count only attempts begun after the last success, so that a pile
//! of old calls that time out together does not bring down a target that has recovered. *Open*, every call is refused
//! with the time until the next probe. Then it is *half-open*: one call at a time goes out as a probe. A probe that
//! comes to its end closes the breaker; one that fails opens it for longer; one that is dropped, or fails in a way that
//! is not the target's fault, decides nothing, and the next call probes. A probe whose stream is still running after
//! [`probe_patience`](BreakerConfig::probe_patience) is not waited for: another may go out beside it.
//!
//! # Where it stands
//!
//! Per target, above commit and timeouts, whose failures it must see, and below retry, which must see its refusals:
//! adapt → retry → cooldown → **breaker** → timeouts → commit → normalize → provider. Readiness is the inner service's.
//!
//! Over a plain HTTP client, use [`PlainHttp`](backstop_core::classify::PlainHttp); inside an axum `Router`,
//! [`InfallibleHttp`](backstop_core::classify::InfallibleHttp). State lives in the layer, so that all connections share
//! it.
//!
//! # Cost and cancel safety
//!
//! While it is closed, a call costs a few atomic operations and no allocation. A future or body that is dropped counts as
//! nothing, and a probe that is dropped frees its slot at once.

mod config;
pub mod cooldown;
mod future;
mod handle;
mod layer;
mod observer;
mod policy;
mod service;
mod settlement;
mod state;
mod streak;
mod sync;
mod watch;
mod window;

pub use self::{
    config::BreakerConfig,
    future::ResponseFuture,
    handle::BreakerHandle,
    layer::BreakerLayer,
    observer::BreakerObserver,
    service::Breaker,
    settlement::Settlement,
    state::{BreakerState, Counts, Snapshot, Transition},
    watch::BreakerWatch,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
