//! Tries one target after another until one answers.
//!
//! ```
//! use backstop_core::{Failure, Kind, Target};
//! use backstop_fallback::{Candidate, Fallback, FallbackConfig};
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let down: Script = Script::repeat(Step::fail(Failure::new(Kind::Overloaded, "too busy")));
//! let healthy: Script = Script::repeat(Step::answer(AnswerPlan::text(&["Hello"])));
//! let chain = [
//!     Candidate::new(down, Target::new("openai", "gpt-4.1")),
//!     Candidate::new(healthy, Target::new("anthropic", "claude-sonnet-5")),
//! ];
//! let mut service = Fallback::new(chain, FallbackConfig::default()).unwrap();
//! assert!(ready_call(&mut service, sample::request(sample::streamed())).await.is_ok());
//! # }
//! ```
//!
//! # Why
//!
//! What one target cannot do, another often can; but not always. A spent quota or an overload sends the request on; a
//! request that is wrong in itself fails everywhere and goes back at once; a prompt that is too long goes only where the
//! window is larger; a policy's refusal is the answer unless the chain says otherwise. The failure table says which is
//! which.
//!
//! # Configured
//!
//! ```
//! use backstop_core::{Failure, Kind, Needs, Peek, Target};
//! use backstop_fallback::{Candidate, Fallback, FallbackConfig, OnContentFilter};
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let strict: Script = Script::repeat(Step::fail(Failure::new(Kind::ContentFilter, "not here")));
//! let blind: Script = Script::repeat(Step::answer(AnswerPlan::text(&["What picture?"])));
//! let able: Script = Script::repeat(Step::answer(AnswerPlan::text(&["A cat."])));
//! let chain = [
//!     Candidate::new(strict, Target::new("a", "strict")).with_window(Some(128_000)),
//!     Candidate::new(blind.clone(), Target::new("b", "blind")).with_lacks(Needs { images: true, ..Needs::default() }),
//!     Candidate::new(able.clone(), Target::new("c", "able")),
//! ];
//! let config = FallbackConfig::new().with_max_targets(3).with_on_content_filter(OnContentFilter::Next);
//! let mut service = Fallback::new(chain, config).unwrap();
//!
//! let picture = Peek { needs: Needs { images: true, ..Needs::default() }, ..sample::peek() };
//! assert!(ready_call(&mut service, sample::request(sample::call(picture))).await.is_ok());
//! assert_eq!((blind.calls().len(), able.calls().len()), (0, 1));
//! # }
//! ```
//!
//! # Where it stands
//!
//! Above all targets, below the deadline: ingress → request log → deadline → **fallback** → each target's own stack.
//! It is always ready: each request waits, in its own future, for the one target that it is at, so that a target that is
//! slow to take calls holds up nobody else.
//!
//! Over plain HTTP clients or services use [`Fallback::with`] and
//! [`PlainHttp`](backstop_core::classify::PlainHttp) or [`InfallibleHttp`](backstop_core::classify::InfallibleHttp).
//! Requests must be `Clone`: a body that streams is collected first. There the last word is a response or error as it came.
//!
//! # What happens after a failure
//!
//! | the table says | then |
//! |---|---|
//! | next target: yes | the next fit target, if there is one, the deadline has not passed, and fewer than [`max_targets`](FallbackConfig::max_targets) were called (refusals do not count) |
//! | larger window | only targets whose window is known to be larger than the failed one's |
//! | policy (content filter) | [`on_content_filter`](FallbackConfig::on_content_filter) |
//! | no | the failure goes back at once |
//!
//! If none answers, the caller gets the most actionable failure (own mistake > limit > overload > server > timeout) with
//! the whole trail and the earliest Retry-After of all; after a rate limit that told none, a second.
//!
//! # Fitness
//!
//! A target that cannot serve a request at all, because it lacks a modality or its window is far too small, is passed
//! over without a call, and the trail says so. The prompt's length is an estimate, so only a prompt of twice the window
//! counts as too long. If no target is fit, all are tried in order: the estimate may be wrong, and they know best.
//!
//! # What is counted when
//!
//! | what happened | counted | told to the observer |
//! |---|---|---|
//! | a target was called and failed | as one of [`max_targets`](FallbackConfig::max_targets) | `fell_over`, once the next one is chosen |
//! | a target refused without a call | nothing | `fell_over` |
//! | a target was passed over as unfit | nothing; a step of the trail | nothing |
//! | nobody is left | | `exhausted` |
//!
//! A result is judged at its head: what fails in the middle of a body is commit's matter.
//!
//! # Cancel safety
//!
//! Dropping the future drops the attempt that it is at. Each target gets a clone of the request; a clone of a call
//! copies no prompt.

mod candidate;
mod config;
mod error;
mod future;
mod observer;
mod policy;
mod service;

pub use self::{
    candidate::Candidate,
    config::{FallbackConfig, OnContentFilter},
    error::NoCandidates,
    future::ResponseFuture,
    observer::FallbackObserver,
    service::Fallback,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
