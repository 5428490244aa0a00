//! Retries on the same target: one owner, one budget, full jitter, and never against a provider's word.
//!
//! ```
//! use backstop_core::{Failure, Kind};
//! use backstop_retry::{RetryConfig, RetryLayer};
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let provider: Script = Script::new([
//!     Step::fail(Failure::new(Kind::Server, "oops")),
//!     Step::answer(AnswerPlan::text(&["Hello"])),
//! ]);
//! let mut service = RetryLayer::new(RetryConfig::default()).layer(provider.clone());
//! assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_ok());
//! assert_eq!(provider.calls().len(), 2);
//! # }
//! ```
//!
//! # Why
//!
//! A retry helps where the same request may do better a moment later, and only there. The failure table says which
//! failures those are; a target that went silent, a spent quota or a wrong request are not among them. Retries multiply
//! traffic exactly when a provider can bear it least, so they are bounded three times: by number, by a budget that all
//! targets share ([`RetryBudget`](backstop_core::RetryBudget)), and by the caller's deadline.
//!
//! # Configured
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use backstop_core::{Failure, Kind, RetryBudget};
//! use backstop_retry::{RetryConfig, RetryLayer};
//! use backstop_test_support::{Script, Step, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! // All targets of an app share one budget: here a tenth of the traffic, and one retry a second.
//! let budget = Arc::new(RetryBudget::new(0.1, 1));
//! let config = RetryConfig::new().with_retries(3).with_backoff(Duration::from_millis(100), Duration::from_secs(1));
//! let layer = RetryLayer::new(config).with_budget(Arc::clone(&budget));
//!
//! let provider: Script = Script::repeat(Step::fail(Failure::new(Kind::Server, "oops")));
//! let mut service = layer.layer(provider.clone());
//! assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_err());
//! assert_eq!(provider.calls().len(), 4);
//! # }
//! ```
//!
//! # Where it stands
//!
//! Per target, right below adapt and above everything that may fail: adapt → **retry** → attempt → cooldown → breaker →
//! … → provider. There is one owner of retries: SDKs are told not to retry, and no other layer does.
//!
//! Over a plain HTTP client use [`PlainHttp`](backstop_core::classify::PlainHttp), inside an axum router
//! [`InfallibleHttp`](backstop_core::classify::InfallibleHttp). Requests must be `Clone`: a body that streams is
//! collected first.
//!
//! # When it retries
//!
//! | failure | retry | wait |
//! |---|---|---|
//! | any, and another credential of the same target is free | at once, up to [`other_keys`](RetryConfig::other_keys) times | none |
//! | rate limited, with a Retry-After of at most [`max_wait`](RetryConfig::max_wait) | once | as told, and up to a tenth longer |
//! | rate limited, without one or with a longer one | no: the next target is faster | |
//! | overloaded, server error | up to [`retries`](RetryConfig::retries) times | full jitter, but at least a Retry-After; one beyond `max_wait` is no retry |
//! | transport, malformed answer | once, if there are retries at all | full jitter |
//! | any timeout | no | |
//! | everything else | no | |
//!
//! # What is counted when
//!
//! The budget is credited when a call comes in and charged when a retry is decided; a retry with another credential is
//! not charged. Only heads are retried: what fails in the middle of a body is commit's matter.
//!
//! # Cancel safety
//!
//! Dropping the future drops the attempt or the wait that it is in. Each attempt gets a clone of the request; a clone of
//! a call copies no prompt.

mod config;
mod future;
mod layer;
mod observer;
mod policy;
mod service;

pub use self::{
    config::RetryConfig,
    future::ResponseFuture,
    layer::RetryLayer,
    observer::{Retried, RetryObserver},
    service::Retry,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
