use std::time::Duration;

use backstop_core::{Cost, RequestId, Text, Usage};

/// What is written of one attempt, once it has ended.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "who writes a row says all of it")]
pub struct AttemptRow {
    /// The request.
    pub request: RequestId,
    /// Counted from 1 over the whole request.
    pub attempt: u32,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// Who called, where callers have keys: the key's name, never the key.
    pub key: Option<Text>,
    /// The chain.
    pub chain: Option<Text>,
    /// The target: `provider/model`.
    pub target: Text,
    /// The target's place among those that were tried for the request, counted from 1. Retries share one.
    pub position: u32,
    /// `success`, `dropped`, or the label of the failure's kind.
    pub outcome: &'static str,
    /// The status that the provider answered with.
    pub status: Option<u16>,
    /// From the start to the first token.
    pub first_token: Option<Duration>,
    /// From the start to the end.
    pub duration: Duration,
    /// What was used, in disjoint buckets.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Cost,
    /// Why this target was tried and not the one before: the label of the failure there.
    pub fallback_reason: Option<&'static str>,
}

/// What is written of one request, once it has ended.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "who writes a row says all of it")]
pub struct RequestRow {
    /// The request.
    pub request: RequestId,
    /// When it came in, in milliseconds since 1970.
    pub received: i64,
    /// Who called, where callers have keys: the key's name, never the key.
    pub key: Option<Text>,
    /// The chain.
    pub chain: Option<Text>,
    /// The dialect that the caller speaks.
    pub dialect: &'static str,
    /// Whether it was streamed.
    pub stream: bool,
    /// The targets that were tried, in order, each once for all its retries in a row.
    pub path: Vec<Text>,
    /// `success`, `dropped`, or the label of the failure that the caller saw.
    pub outcome: &'static str,
    /// The status that the caller got.
    pub status: Option<u16>,
    /// The calls that went out.
    pub attempts: u32,
    /// From the receipt to the first token for the caller.
    pub first_token: Option<Duration>,
    /// From the receipt to the end.
    pub duration: Duration,
    /// Why the answer does not come from the first target.
    pub fallback_reason: Option<&'static str>,
    /// How many requests were in flight in this process when it ended, itself among them.
    pub in_flight: u32,
    /// What all its attempts cost.
    pub cost: Cost,
    /// What the answer alone would have cost at the first target, where another gave it.
    pub first_target_cost: Option<Cost>,
    /// What the answer alone cost, where `first_target_cost` is there to compare it with.
    pub answer_cost: Option<Cost>,
}

/// One row.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are two tables")]
pub enum Record {
    /// Of an attempt. Boxed, as rows are long and wait in a queue.
    Attempt(Box<AttemptRow>),
    /// Of a request.
    Request(Box<RequestRow>),
}
