//! How a server speaks the dialect.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::{
    api_error::{ApiError, Circumstances},
    ask::Reasoning,
    dialect::Head,
    ids::Ids,
    reply::{Reply, Stop},
    rules::Refusal,
    usage::Usage,
};

/// What one of the servers does its own way.
#[derive(Debug)]
pub(crate) struct Manner {
    /// Models for lists of simulators that accept any.
    pub(crate) models: &'static [&'static str],
    /// Who owns them.
    pub(crate) owner: &'static str,
    /// The type of a stream.
    pub(crate) event_stream: &'static str,
    /// What it refuses.
    pub(crate) refuse: fn(&Value) -> Result<(), Refusal>,
    /// Whether a request has the model think.
    pub(crate) reasoning: fn(&Value) -> Reasoning,
    /// Whether it tells log probabilities.
    pub(crate) logprobs: bool,
    /// The id of an answer.
    pub(crate) id: fn(Ids) -> String,
    /// The id of its nth tool call.
    pub(crate) call_id: fn(Ids, u64, usize) -> String,
    /// Fields that every document of an answer to this model has.
    pub(crate) fixed: fn(&Reply) -> Value,
    /// How reasoning is told.
    pub(crate) thoughts: Thoughts,
    /// How tool calls are streamed.
    pub(crate) calls: Calls,
    /// What of the usage is told.
    pub(crate) usage: fn(Usage, bool) -> Value,
    /// Where a stream tells it.
    pub(crate) told: Told,
    /// Whether chunks bear random padding.
    pub(crate) padded: bool,
    /// Whether a message without tool calls says so.
    pub(crate) null_calls: bool,
    /// Why it stopped.
    pub(crate) finish: fn(&Stop) -> &'static str,
    /// An error document.
    pub(crate) error: fn(&ApiError, &Circumstances, Ids) -> Value,
    /// The status of an error, where it is its own.
    pub(crate) status: fn(&ApiError) -> Option<StatusCode>,
    /// Adds what the document of a refusal lacks.
    pub(crate) sign: fn(&mut Value, Ids),
    /// The headers that come with every answer.
    pub(crate) headers: fn(&mut HeaderMap, &Head),
}

/// How reasoning is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thoughts {
    /// As `reasoning_content` beside the content.
    Beside,
    /// As chunks of the content (`{"type": "thinking", …}`).
    Within,
}

/// How tool calls are streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// Id and name first, then pieces of the arguments.
    Pieces,
    /// The same, where every later piece has an empty id and a type.
    EmptyIds,
    /// All of them whole, in the chunk that ends the answer.
    Whole,
}

/// Where a stream tells its usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// In a chunk of its own without choices, where it was asked for.
    Asked,
    /// Always, in the chunk that has the finish reason.
    AtFinish,
}
