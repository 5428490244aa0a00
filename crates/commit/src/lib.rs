//! Commits a response at its first token, so that whatever goes wrong earlier is an error and not half an answer.
//!
//! ```
//! use backstop_commit::{CommitConfig, CommitLayer};
//! use backstop_core::{Failure, Kind};
//! use backstop_test_support::{AnswerPlan, Script, Step, events, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // The provider says 200 and a role, and then dies before the first token.
//! let dying = AnswerPlan::new().event(events::start()).fail(Failure::new(Kind::Transport, "reset"));
//! let provider: Script = Script::new([Step::answer(dying)]);
//! let mut service = CommitLayer::new(CommitConfig::default()).layer(provider);
//!
//! let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
//! assert_eq!(failure.kind(), Kind::Transport);
//! # }
//! ```
//!
//! # Why
//!
//! An LLM provider says 200 long before it knows whether it can answer: the head, a role and pings come at once, and the
//! overload, the error event or the silence after them. Who hands that head on has promised an answer. This layer's
//! response future resolves at the first *semantic* event (text, reasoning, a tool call, a refusal), so retry, breaker,
//! first-token timeout and fallback all judge one `Result`.
//!
//! # Configured
//!
//! ```
//! use backstop_commit::{CommitConfig, CommitLayer, MidStream};
//! use backstop_core::{Failure, Kind};
//! use backstop_test_support::{AnswerPlan, Script, Step, events, ready_call, sample};
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // For callers who want the answer more than the first token: any death is an error, and falls over.
//! let layer = CommitLayer::new(CommitConfig::new().with_mid_stream(MidStream::Buffer).with_buffer_limit(4 << 20));
//! let dying = AnswerPlan::new().events([events::start(), events::text("Hel")]).reset();
//! let mut service = layer.layer(Script::<Failure>::new([Step::answer(dying)]));
//! let failure = ready_call(&mut service, sample::request(sample::streamed())).await.unwrap_err();
//! assert_eq!(failure.kind(), Kind::Transport);
//! # }
//! ```
//!
//! # Where it stands
//!
//! Right above the clocks on the body: … → breaker → total timeout → **commit** → first-token, silent and idle timeouts →
//! first-byte timeout → normalize → provider. The clocks run while it waits, and breaker and retry see what it sees.
//!
//! # What is counted when
//!
//! | what comes | [`MidStream::Error`] | [`MidStream::Buffer`] |
//! |---|---|---|
//! | start, role, ping, usage | held back | held back |
//! | first semantic event | resolves; what was held comes first | held back |
//! | a whole, unstreamed answer | resolves | resolves |
//! | the end of an answer without any token | resolves: an empty answer is an answer | resolves |
//! | more than may be held, and no token among it | `Err` of kind `Malformed` | commits what there is |
//! | a failure before it resolved | `Err` | `Err` |
//! | a failure afterwards | the body's error | cannot be, unless the answer outgrew the buffer |
//!
//! What is held is bounded. Before the first token nothing is ever committed, so whoever sends more than
//! [`hold_limit`](CommitConfig::hold_limit) without one has failed. A buffered answer that outgrows
//! [`buffer_limit`](CommitConfig::buffer_limit) is committed there and then: the caller would rather have a long answer
//! than none.
//!
//! # Cancel safety
//!
//! Dropping the future or the body drops the provider's answer. Events are forwarded as they come, never one behind.

mod body;
mod config;
mod future;
mod layer;
mod observer;
mod service;

pub use self::{
    body::CommitBody,
    config::{CommitConfig, MidStream},
    future::ResponseFuture,
    layer::CommitLayer,
    observer::{CommitObserver, Committed},
    service::Commit,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
