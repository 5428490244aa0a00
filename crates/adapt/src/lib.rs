//! Per-target changes to a call, as typed edits.
//!
//! ```
//! use backstop_adapt::{AdaptConfig, AdaptLayer};
//! use backstop_core::{Edit, Parameter, Target};
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), backstop_core::Failure> {
//! let config = AdaptConfig::new(Target::new("openai", "gpt-4.1-mini")).with_edit(Edit::Drop(Parameter::Seed));
//! let provider: Script = Script::new([Step::answer(AnswerPlan::text(&["Hello"]))]);
//! let mut service = AdaptLayer::new(config).layer(provider.clone());
//! ready_call(&mut service, sample::request(sample::streamed())).await?;
//!
//! let call = provider.calls()[0].call.clone().unwrap();
//! assert_eq!(call.target().unwrap().name, "openai/gpt-4.1-mini");
//! assert_eq!(call.attempt().edits(), [Edit::Model("gpt-4.1-mini".into()), Edit::Drop(Parameter::Seed)]);
//! # Ok(())
//! # }
//! ```
//!
//! # Why
//!
//! Each target of a chain wants the same question a little differently: its own model name, a cap on tokens, a shorter
//! prompt, a parameter left out. This layer only *notes* what is to change, a few words shared by all calls;
//! normalize applies it, spliced into the caller's bytes or as fields. So nothing is rewritten that need not be, and
//! retries and other targets see the caller's own request.
//!
//! # Configured
//!
//! ```
//! use backstop_adapt::{AdaptConfig, AdaptLayer};
//! use backstop_core::{Edit, Json, Parameter, Target};
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), backstop_core::Failure> {
//! // A cheaper model of the same account: shorter answers, and a word of its own to it.
//! let most = Json::parse("500".into()).expect("a number");
//! let config = AdaptConfig::new(Target::new("openai", "gpt-4.1-nano"))
//!     .with_edits([Edit::Cap(Parameter::MaxTokens, most), Edit::AppendSystem("Be brief.".into())]);
//! let provider: Script = Script::new([Step::answer(AnswerPlan::text(&["Hello"]))]);
//! let mut service = AdaptLayer::new(config).layer(provider.clone());
//! ready_call(&mut service, sample::request(sample::streamed())).await?;
//! assert_eq!(provider.calls()[0].call.as_ref().unwrap().attempt().edits().len(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! # Where it stands
//!
//! At the top of a target: **adapt** → retry → attempt → … → normalize → provider.
//!
//! # What is counted when
//!
//! Nothing is. The edits are appended when the call is made; a request that is no [`Call`](backstop_core::Call) passes
//! as it is. The layer allocates nothing.
//!
//! # Cancel safety
//!
//! Readiness, future and body are the inner service's own, so cancelling is its matter alone.

mod config;
mod layer;
mod service;

pub use self::{config::AdaptConfig, layer::AdaptLayer, service::Adapt};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
