//! The attempt trail and the log line of a request, as tower layers.
//!
//! ```
//! use backstop_core::{Failure, Kind, StepOutcome};
//! use backstop_telemetry::{AttemptLayer, RequestLayer};
//! use backstop_test_support::{AnswerPlan, Script, Step, read_events, sample};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Failure> {
//! let provider: Script = Script::new([Step::answer(AnswerPlan::text(&["Hi"]))]);
//! let stack = ServiceBuilder::new()
//!     .layer(RequestLayer::new()) // one log event when the answer has ended
//!     .layer(AttemptLayer::new("openai/gpt-4.1-mini")) // one step of the trail a call
//!     .service(provider);
//!
//! let call = sample::streamed();
//! let response = stack.oneshot(sample::request(call.clone())).await?;
//! assert_eq!(call.origin().trail().steps()[0].outcome, StepOutcome::Running);
//! read_events(response.into_body()).await;
//! let step = &call.origin().trail().steps()[0];
//! assert_eq!((step.outcome, &*step.target), (StepOutcome::Success, "openai/gpt-4.1-mini"));
//! # Ok(())
//! # }
//! ```
//!
//! # Why
//!
//! A chain that falls over hides failures; somebody must still see them. What was tried for a request, with what
//! outcome and at what price, is one list, the [`Trail`](backstop_core::Trail), written by one layer. Response headers,
//! the log line, and later metrics and spans all read it, so they can never disagree.
//!
//! # Ordering
//!
//! [`RequestLayer`] is the outermost layer of calls, right below the ingress edge. [`AttemptLayer`] stands in each
//! target's stack below retry, so that every retry is a step of its own, and above cooldowns and breaker, so that a
//! refusal is one, too.
//!
//! # What is counted when
//!
//! | moment | attempt | request |
//! |---|---|---|
//! | call | a step begins, the attempt gets its number | the clock already runs since the call was received |
//! | head | the provider's status is noted | the status for the caller is noted |
//! | first semantic event | time to first token | time to first token |
//! | end of the body, or the terminator | step settled: success | log event: success |
//! | failure, before or after the head | step settled: failed | log event: failed |
//! | drop of the future or the body | step settled: dropped | log event: dropped |
//!
//! A body that is read as bytes shows no events: its first token is its head, and its usage stays unknown. Requests
//! that carry no [`Call`](backstop_core::Call) pass untouched.
//!
//! # Alerts
//!
//! A provider that does not accept a key, has no money left for it, or does not know a model needs a human. Such a step
//! emits an event at WARN with the target `backstop::alert`.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `prometheus` | no | `metrics`: counters and histograms for Prometheus, fed by the observers |
//!
//! # Cancel safety
//!
//! Dropping a future or a body settles what it stood for, after what is inside has been dropped and settled.

mod attempt;
#[cfg(feature = "prometheus")]
pub mod metrics;
mod outcome;
mod request;
mod tracked;

pub use self::{
    attempt::{Attempt, AttemptBody, AttemptFuture, AttemptLayer, AttemptObserver},
    request::{RequestBody, RequestFuture, RequestLayer, RequestLog, RequestObserver, RequestReport},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
