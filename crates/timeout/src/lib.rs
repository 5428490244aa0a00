//! Every clock of an LLM call, each where its event shows.
//!
//! ```
//! use std::time::Duration;
//!
//! use backstop_core::{Clock, Kind};
//! use backstop_test_support::{AnswerPlan, Script, Step, events, read_events, ready_call, sample};
//! use backstop_timeout::{SilentTimeoutLayer, Timeouts};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let goes_silent = AnswerPlan::new().event(events::text("Hel")).stall();
//! let provider: Script = Script::repeat(Step::answer(goes_silent));
//! let layer = SilentTimeoutLayer::new(Timeouts::new().with_silent(Some(Duration::from_secs(5))));
//!
//! let mut service = layer.layer(provider);
//! let response = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap();
//! let (events, failure) = read_events(response.into_body()).await;
//! assert_eq!(events.len(), 1);
//! assert_eq!(failure.unwrap().kind(), Kind::Timeout(Clock::Silent));
//! # }
//! ```
//!
//! # Configured
//!
//! ```
//! use std::time::Duration;
//!
//! use backstop_core::{Clock, Kind};
//! use backstop_test_support::{Script, Step, ready_call, sample};
//! use backstop_timeout::{DeadlineLayer, FirstTokenTimeoutLayer, Timeouts};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! // A model that reasons before it speaks gets two minutes; the whole request gets one.
//! let timeouts = Timeouts::new().with_reasoning(true).with_deadline(Some(Duration::from_secs(60)));
//! let target = FirstTokenTimeoutLayer::new(timeouts).layer(Script::repeat(Step::never()));
//! let mut service = DeadlineLayer::new(timeouts).layer(target);
//! let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
//! assert_eq!((failure.kind(), failure.message()), (Kind::Timeout(Clock::Total), "no complete answer within 60s"));
//! # }
//! ```
//!
//! # Why so many
//!
//! One timeout does not fit a call that may rightly take ten minutes and that is dead after ten seconds without a head.
//! Each clock asks one question, at the place in the stack where its answer shows:
//!
//! | layer | asks | default | where |
//! |---|---|---|---|
//! | [`DeadlineLayer`] | has the caller waited long enough? | 10 min | above fallback |
//! | [`TotalTimeoutLayer`] | is the whole, unstreamed answer there? | 30 s + max_tokens / 30 per second | top of a target |
//! | [`FirstTokenTimeoutLayer`] | has it begun to speak? | 12 s + 1 s per 10,000 prompt tokens | right below commit |
//! | [`IdleTimeoutLayer`] | does it go on? | 90 s without a semantic event | below commit |
//! | [`SilentTimeoutLayer`] | is anybody there? | 20 s without a byte | below commit |
//! | [`FirstByteTimeoutLayer`] | has the provider taken it? | 15 s to the head | right above normalize |
//!
//! (Connecting is the provider's own clock.) Models that reason, and local servers, get longer: see [`Timeouts`]. A call
//! that does not stream has only total and deadline, because its head comes with its answer. Over a plain HTTP client
//! the clocks of head and gaps apply to every request, idle counts frames, and total applies where it is set.
//!
//! # What is counted when
//!
//! The clocks of head and token begin with the call; the latter runs on into the body, up to the first semantic event.
//! Silent and idle count only while the body is polled and has nothing to give: a reader that is slow, or stops, is not
//! the provider's fault and fires neither. Total and deadline are moments. What has arrived is passed on first, however
//! late it is asked for; but a stream that never pauses does not outlive its deadline either. A clock that runs out is a
//! failure of kind `Timeout`, with the clock's name and limit: from the response future, or as the last word of the body.
//! Layers above hear of it like of any other failure, so the clocks need no observer of their own.
//!
//! # Cost and cancel safety
//!
//! One timer a call and clock, made when something is first waited for, and not moved with every event. A future or body
//! that is dropped drops the inner one and its timer, and leaves nothing behind.

mod body;
mod config;
mod gap;
mod head;
mod quiet;
mod span;
mod timer;

pub use self::{
    body::TimedBody,
    config::Timeouts,
    gap::{IdleTimeout, IdleTimeoutLayer, SilentTimeout, SilentTimeoutLayer},
    head::{FirstByteTimeout, FirstByteTimeoutLayer},
    span::{
        Deadline, DeadlineLayer, FirstTokenTimeout, FirstTokenTimeoutLayer, TotalTimeout, TotalTimeoutLayer,
    },
};

/// The layers' futures, by where their clock stands.
pub mod future {
    pub use crate::{
        gap::ResponseFuture as GapFuture, head::ResponseFuture as HeadFuture,
        span::ResponseFuture as SpanFuture,
    };
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
