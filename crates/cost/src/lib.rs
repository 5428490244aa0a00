//! What calls of a model cost, to the last digit, as a tower layer.
//!
//! ```
//! use backstop_core::{Cost, Failure, Usage};
//! use backstop_catalog::Catalog;
//! use backstop_cost::{CostConfig, CostLayer, Tariff};
//! use backstop_test_support::{AnswerPlan, Script, Step, read_events, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let price = Catalog::bundled().price("openai", "gpt-4.1-mini").ok_or("unknown")?;
//! let layer = CostLayer::new(CostConfig::new(Tariff::new(price)?));
//! let provider: Script = Script::new([Step::answer(AnswerPlan::text(&["Hi"]))]);
//! let mut service = layer.layer(provider);
//!
//! let call = sample::streamed();
//! let number = call.origin().trail().begin("openai/gpt-4.1-mini".into(), backstop_core::clock::now());
//! let mut attempt = call.clone();
//! attempt.attempt_mut().set_number(number);
//! let response = ready_call(&mut service, sample::request(attempt)).await?;
//! read_events(response.into_body()).await;
//! assert_ne!(call.origin().trail().steps()[0].cost, Cost::Unknown);
//! # Ok(())
//! # }
//! ```
//!
//! # Why
//!
//! Fallback order is money. A fallback that saves a request may have cost three; only the cost of every attempt tells.
//!
//! # What is counted when
//!
//! | the call | usage | cost |
//! |---|---|---|
//! | ends, with the provider's usage | the provider's | known |
//! | ends without usage | prompt and answer, a quarter of their bytes | estimated |
//! | dies, is dropped or ended in the middle | what the provider told so far, at least a quarter of the bytes seen | estimated; known if the whole usage had come |
//! | gets an error status, or never went out | none | known, 0 |
//! | a connection that breaks before the head | none | estimated, 0 |
//! | runs out of time before the head, or gets no answer in a 200 | the prompt | estimated |
//! | any of these, where the price is unknown | as above | unknown |
//!
//! The cost is written to the call's step of the [trail](backstop_core::Trail) and told to the [observer](CostObserver).
//! The price is that of the standard service tier: what tier answered is not among the usage that dialects read.
//! Searches of the web and images are in the catalogue, but not counted here: usage has no bucket for them.
//!
//! # Ordering
//!
//! Innermost of a target's layers, right above normalize: it sees what the provider sent, not what the layers above make of
//! it, so an answer that was refused or held back is counted like any other. The layer that begins the step stands above.
//!
//! # Bounds
//!
//! With [`max_cost`](CostConfig::max_cost) a call whose prompt alone would pass the bound is refused as
//! `Refused(Budget)`, so that the chain goes on to a cheaper target, and with [`end_stream`](CostConfig::end_stream) a
//! stream that passes it ends with that failure. Estimates decide, and unknown prices refuse nothing.
//!
//! # Cancel safety
//!
//! Dropping the future or the body settles an estimate.

mod bill;
mod body;
mod config;
mod future;
mod layer;
mod observer;
mod service;
mod tariff;

pub use self::{
    body::CostedBody,
    config::CostConfig,
    future::ResponseFuture,
    layer::CostLayer,
    observer::CostObserver,
    service::Costed,
    tariff::{BadPrice, Tariff},
};
