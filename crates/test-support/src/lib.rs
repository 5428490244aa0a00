//! Scripted providers and bodies, and the contract suite that every layer passes.
//!
//! A [`Script`] is a provider that plays [`Step`]s: it fails, answers, waits, or never answers, and notes what became of
//! every call. An [`AnswerPlan`] says what a body brings, and when: events, frames, waits, a stall, a reset.
//! [`contract::check`] runs a layer over such scripts and names the rule that it breaks. [`sample`] makes calls, and a
//! [`LeanProvider`] answers them without an allocation.
//!
//! ```
//! use backstop_core::{Call, Failure, Kind};
//! use backstop_test_support::{AnswerPlan, Script, Step, read_events, ready_call, sample};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Failure> {
//! let mut script: Script = Script::new([
//!     Step::fail(Failure::new(Kind::Overloaded, "try again")),
//!     Step::answer(AnswerPlan::text(&["Hel", "lo"])),
//! ]);
//! assert!(ready_call(&mut script, sample::request(sample::streamed())).await.is_err());
//! let response = ready_call(&mut script, sample::request(sample::streamed())).await?;
//! let (events, failure) = read_events(response.into_body()).await;
//! assert_eq!((events.len(), failure.is_none()), (6, true));
//! assert_eq!(script.calls().len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! Time in scripts is tokio's: run tests with `#[tokio::test(start_paused = true)]`, and waits take no time at all.

mod body;
pub mod contract;
pub mod events;
mod future;
mod lean;
mod plan;
mod read;
mod record;
pub mod sample;
mod script;
mod step;

pub use self::{
    body::ScriptedBody,
    future::ScriptFuture,
    lean::{LeanAnswer, LeanProvider, run_lean},
    plan::AnswerPlan,
    read::{read_body, read_events, ready_call},
    record::{BodyEnd, CallEnd, CallRecord},
    script::Script,
    step::Step,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
