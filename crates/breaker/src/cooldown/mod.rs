//! Cooldowns: what a failure was about (a credential, a model, or the two together) is left alone for a while.
//!
//! A 401 is about a key, a 404 about a model, a 429 about a key with a model. None of them says that the provider is
//! ill, so none trips a [breaker](crate); but asking again at once with the same key is a waste. A [`CooldownLayer`]
//! chooses among the credentials of its target those that are free, in turn, notes what comes of each, and refuses
//! (`Refused(Cooling)`, with the earliest time that it is worth to come back) where none is. The registry,
//! [`Cooldowns`], is one for all chains: a key that is out of money in one chain is out of money in all of them.
//!
//! ```
//! use backstop_breaker::cooldown::{CooldownConfig, CooldownLayer, CooldownTarget, Cooldowns};
//! use backstop_core::{Failure, Kind};
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let cooldowns = Cooldowns::new(CooldownConfig::default());
//! let layer = CooldownLayer::new(cooldowns, CooldownTarget::new("anthropic", "claude-opus-4", 2));
//! let provider: Script = Script::new([Step::fail(Failure::new(Kind::Unauthorized, "invalid x-api-key"))])
//!     .then_repeat(Step::answer(AnswerPlan::text(&["Hi"])));
//! let mut service = layer.layer(provider.clone());
//!
//! let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
//! assert!(failure.class().other_key, "a retry may go out at once, with the other key");
//! for _ in 0..2 {
//!     assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_ok());
//! }
//! let credentials: Vec<_> = provider.calls().iter().map(|call| call.call.as_ref()?.attempt().credential()).collect();
//! assert_eq!(credentials, [Some(0), Some(1), Some(1)]);
//! # }
//! ```
//!
//! # What cools, and for how long
//!
//! | failure | what cools | for how long | then |
//! |---|---|---|---|
//! | `RateLimited` | the key with the model | Retry-After, or 1 s doubling to 30 s | free |
//! | `QuotaExhausted` | the key | 10 min | probed; alert |
//! | `Unauthorized` | the key | 30 s doubling to 10 min | probed; alert |
//! | `ModelNotFound` | the model | 60 s doubling to 10 min | probed; alert |
//!
//! A failure that knows its scope better than the table is believed: a rate limit of a whole account cools the key.
//! *Probed* means that one call at a time goes out with it until one succeeds. A success clears what its call used, as
//! far as that was free again when the call began; a failure of any other kind, and a dropped call, decide nothing and
//! free the probe's slot. A burst of calls that fail together counts as one failure. All is counted at the head, or at
//! the end of the body for a success.
//!
//! # Where it stands
//!
//! Right above the breaker of its target and below retry: adapt → retry → **cooldown** → breaker → … → provider. The
//! chosen credential goes into the call's attempt, so every retry chooses anew. Where requests are no calls and errors no
//! failures, as over a plain HTTP client, there is one implicit credential, and no word of another key.

mod config;
mod entries;
mod future;
mod layer;
mod observer;
mod registry;
mod service;
mod settlement;
mod subject;
mod target;

pub use self::{
    config::{Backoff, CooldownConfig},
    future::ResponseFuture,
    layer::CooldownLayer,
    observer::CooldownObserver,
    registry::Cooldowns,
    service::Cooldown,
    settlement::Settlement,
    subject::{Cooling, Subject},
    target::CooldownTarget,
};
