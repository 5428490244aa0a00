//! The words every Backstop layer speaks: calls, answers, failures and what they mean.
//!
//! One shape everywhere:
//!
//! ```text
//! Service<http::Request<Call>, Response = http::Response<impl Answer>, Error = Failure>
//! ```
//!
//! - [`Call`] is what the caller sent, shared, and what one attempt adds: cloning it never copies the prompt.
//! - [`Answer`] is a response body that gives typed [`Event`]s, each with the wire bytes that it came from.
//! - [`Failure`] is the one error: a [`Kind`] of the failure table, with all that is known about it.
//! - [`Classify`](classify::Classify) is the seam through which generic layers work on any response and error, and
//!   hear how a body ended.
//!
//! Everything that a decision depends on is an argument, `now` included, so all of it can be tested without waiting.

mod accessors;
mod answer;
mod attempt;
mod budget;
mod call;
pub mod classify;
pub mod clock;
mod completion;
mod content;
mod delta;
mod dialect;
mod edit;
mod event;
mod failure;
mod finish;
mod flavour;
mod id;
mod kind;
mod money;
mod origin;
mod payload;
mod peek;
mod redact;
mod request;
pub mod retry_after;
mod target;
mod text;
mod trail;
mod usage;

pub use self::{
    answer::{Answer, Reply, poll_wire},
    attempt::Attempt,
    budget::RetryBudget,
    call::{Call, MaybeCall},
    completion::{Choice, Completion, Fold},
    content::{CacheMark, Content, Part, PartKind, Source, ToolCall, ToolKind, ToolResult},
    delta::{Delta, Start},
    dialect::{Dialect, UnknownDialect},
    edit::{Edit, Parameter},
    event::{Event, Form, Wire},
    failure::{BoxError, Failure, ProviderError},
    finish::{Finish, FinishReason},
    flavour::{Flavour, UnknownFlavour},
    id::{AttemptId, RequestId},
    kind::{BreakerWeight, Class, Clock, Kind, NextTarget, Refusal, Retryable, Row, Scope},
    money::{Cost, NotAnAmount, Usd},
    origin::{Decode, Origin},
    payload::Payload,
    peek::{Needs, Peek},
    redact::{redact, redact_body},
    request::{
        Message, OutputFormat, Parameters, Reasoning, ReasoningMode, Request, Role, Stop, Tool, ToolChoice,
        ToolDefinition,
    },
    target::Target,
    text::{Extra, Json, JsonError, Text},
    trail::{Step, StepOutcome, Trail},
    usage::Usage,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
