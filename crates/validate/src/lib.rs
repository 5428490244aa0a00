//! Refuses answers that are none, so that a chain falls over to a target that gives one.
//!
//! ```
//! use backstop_core::Kind;
//! use backstop_test_support::{AnswerPlan, Script, Step, ready_call, sample};
//! use backstop_validate::{ValidateConfig, ValidateLayer};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // 200, a whole stream in good order, and nothing in it.
//! let provider: Script = Script::new([Step::answer(AnswerPlan::text(&[" ", "\n"]))]);
//! let mut service = ValidateLayer::new(ValidateConfig::new().with_non_empty(true)).layer(provider);
//!
//! let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
//! assert_eq!((failure.kind(), failure.message()), (Kind::Rejected, "the answer was refused: it is empty"));
//! # }
//! ```
//!
//! # Why
//!
//! A provider can fail with a 200: the answer is blank, says one word for ever, is prose where JSON was asked for, or
//! calls a tool that nobody declared. For the dialect that is a good answer, so normalize lets it pass; only whoever asked
//! can say what an answer must be. Each rule is off until it is switched on.
//!
//! ```
//! use backstop_validate::{JsonRule, Repetition, ValidateConfig, ValidateLayer};
//!
//! let config = ValidateConfig::new()
//!     .with_non_empty(true)
//!     .with_repetition(Some(Repetition::default()))
//!     .with_json(Some(JsonRule::Requested))
//!     .with_declared_tools(true);
//! let layer = ValidateLayer::new(config);
//! ```
//!
//! # Rules
//!
//! | rule | refuses | as soon as |
//! |---|---|---|
//! | [`Empty`](Rule::Empty) | a choice without text, refusal, tool call or other piece; white space is no text | the choice ends |
//! | [`Repetition`](Rule::Repetition) | text or reasoning whose last [`span`](Repetition::span) bytes are one short piece over and over | they are |
//! | [`Json`](Rule::Json) | text that is not one JSON document | its first character cannot begin one, or the choice ends |
//! | [`JsonSchema`](Rule::JsonSchema) | a document that does not follow the schema | the choice ends |
//! | [`ToolName`](Rule::ToolName) | a call of a tool that the request does not declare | the call begins |
//! | [`ToolArguments`](Rule::ToolArguments) | arguments of a function that are not a JSON object | the choice ends |
//! | [`TooLong`](Rule::TooLong) | text or arguments of more than [`text_limit`](ValidateConfig::text_limit) bytes that must be read whole | they are |
//!
//! What the provider itself says was cut (by the output limit, a filter, a refusal, a pause) is not held to be whole JSON
//! or whole arguments, and may be empty; an answer that spent its output limit on blank text may not.
//!
//! # Where it stands
//!
//! Right below commit: … → breaker → total timeout → commit → **validate** → first-token timeout → … So a commit that
//! buffers is told at once of a loop, which has no end that it could wait for, and every refusal of what it has not let go
//! falls over. The breaker does not count what is refused. It works alone over any service of answers, too.
//!
//! # What is held back
//!
//! The response future resolves when nothing that is known speaks against the answer: at the first text that is not
//! blank; with the repetition rule at the second piece that is not the first one again, one token late; with
//! [`Hold::Whole`] at the end of the answer. Until then a refusal is an `Err`, which falls over; afterwards it is the
//! body's error, and the end of the answer never comes. A whole document is always judged whole. What is held is bounded
//! ([`hold_limit`](ValidateConfig::hold_limit), [`buffer_limit`](ValidateConfig::buffer_limit)); an answer that outgrows
//! the bound is let go, and judged on.
//!
//! With no rule switched on, and with a body that is read as bytes from a layer that was told to judge nothing, the layer
//! adds one branch and no allocation.
//!
//! # What is counted when
//!
//! The observer hears of a refusal at the event that gave the reason. A body that is dropped before is not judged.
//!
//! # Cancel safety
//!
//! Dropping the future or the body drops the provider's answer and what is held of it.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `json-schema` | no | the rule [`JsonSchema`](Rule::JsonSchema), by the `jsonschema` crate; it fetches nothing, and patterns run in linear time |

mod body;
mod choice;
mod config;
mod error;
mod future;
mod layer;
mod observer;
mod policy;
mod repetition;
mod request;
#[cfg(feature = "json-schema")]
mod schema;
mod service;

pub use self::{
    body::ValidatedBody,
    config::{Hold, JsonRule, Repetition, ValidateConfig},
    error::{Rejection, Rule},
    future::ResponseFuture,
    layer::ValidateLayer,
    observer::ValidateObserver,
    service::Validate,
};
#[cfg(feature = "json-schema")]
pub use self::{
    config::SchemaRule,
    schema::{Schema, SchemaError},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
