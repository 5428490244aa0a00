//! What a span of time was like, from the hourly roll-ups.

mod read;
mod table;
mod tally;

use backstop_core::Usd;
use serde::Serialize;

use self::tally::Tally;
use crate::{Costs, StoreConfig, StoreError, costs, database::connect, rollup, schema};

/// What a span of time was like. Written as a table by its `Display`, as JSON by `serde`.
///
/// Costs are those of all attempts, failed ones too, so that a cost per success is what a success really costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The beginning of its first hour, in seconds since 1970.
    pub from: i64,
    /// The end of its last hour, in seconds since 1970.
    pub to: i64,
    /// All requests.
    pub all: Group,
    /// By chain.
    pub chains: Vec<Group>,
    /// By chain and path: the targets that were tried, in order.
    pub paths: Vec<Group>,
    /// By key.
    pub keys: Vec<Group>,
    /// Why requests fell over.
    pub fallback_reasons: Vec<Reason>,
    /// What falling over cost or saved, by chain, first target and target that answered.
    pub shifts: Vec<Shift>,
    /// By target: percentiles.
    pub models: Vec<Model>,
    /// By provider: errors.
    pub providers: Vec<Provider>,
    /// What attempts cost that brought no answer, by how they ended.
    pub wasted: Vec<Wasted>,
    /// By hour of the day (UTC).
    pub hours: Vec<Rate>,
    /// By requests in flight in one gateway: from so many to less than twice as many.
    pub load: Vec<Rate>,
}

/// Requests that have something in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// The chain; empty for those that came to none, and where groups are not by chain.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub chain: String,
    /// The path or the key; empty where groups are not by it, and for callers without a key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How many.
    pub requests: u64,
    /// Those whose answer came to its end.
    pub succeeded: u64,
    /// Those whose caller left.
    pub dropped: u64,
    /// Those that did not end at the first target that was tried.
    pub fell_over: u64,
    /// `fell_over` of a hundred requests.
    pub fallback_percent: f64,
    /// What they cost.
    #[serde(flatten)]
    pub costs: Costs,
    /// Known and estimated cost by success; `None` without a success. Where a cost is unknown, it is more.
    #[serde(serialize_with = "costs::maybe")]
    pub usd_per_success: Option<Usd>,
}

/// Why requests fell over.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reason {
    /// The label of the last failure at another target.
    pub reason: String,
    /// How many.
    pub requests: u64,
    /// Of a hundred that fell over.
    pub percent: f64,
}

/// What falling over cost or saved.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Shift {
    /// The chain.
    pub chain: String,
    /// The target that was tried first.
    pub first: String,
    /// The target that answered.
    pub answered: String,
    /// How many.
    pub requests: u64,
    /// Those of them whose cost is known at both.
    pub compared: u64,
    /// What the answers of those cost.
    #[serde(serialize_with = "costs::text")]
    pub answer_usd: Usd,
    /// What they would have cost at the first target, with the same tokens.
    #[serde(serialize_with = "costs::text")]
    pub first_target_usd: Usd,
    /// The difference: below 0 it was saved.
    pub shift_usd: String,
}

/// Percentiles of one target's successful attempts, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Model {
    /// The target.
    pub target: String,
    /// Attempts that succeeded.
    pub succeeded: u64,
    /// To the end of the answer.
    pub duration_ms: Option<Percentiles>,
    /// To the first token.
    pub first_token_ms: Option<Percentiles>,
}

/// Percentiles, at most 3.2 % off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Percentiles {
    /// Half are no slower.
    pub p50: f64,
    /// 95 of a hundred are no slower.
    pub p95: f64,
    /// 99 of a hundred are no slower.
    pub p99: f64,
}

/// Errors of one provider.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Provider {
    /// The provider.
    pub provider: String,
    /// Calls that went out. Refusals of our own are none.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// `failed` of a hundred calls.
    pub error_percent: f64,
    /// Failures by kind, the most frequent first.
    pub kinds: Vec<(String, u64)>,
}

/// What attempts cost that brought no answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Wasted {
    /// `dropped`, or the failure's label.
    pub outcome: String,
    /// How many.
    pub attempts: u64,
    /// What they cost.
    #[serde(flatten)]
    pub costs: Costs,
}

/// How often requests failed and fell over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rate {
    /// The hour of the day, or the requests in flight.
    pub at: u64,
    /// How many requests.
    pub requests: u64,
    /// Of a hundred, those that failed; callers that left are none.
    pub failure_percent: f64,
    /// Of a hundred, those that fell over.
    pub fallback_percent: f64,
}

impl Report {
    /// Reads what there is between two moments, in milliseconds since 1970. Roll-ups are hourly: the span is widened to
    /// whole hours, UTC.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or there is none.
    pub fn read(store: &StoreConfig, from: i64, to: i64) -> Result<Self, StoreError> {
        let mut database = connect(store, false)?;
        schema::readable(&mut *database)?;
        let hours = (rollup::hour(from), rollup::hour(to.saturating_sub(1)).saturating_add(1));
        let mut tally = Tally::default();
        read::requests(&mut *database, hours, &mut tally)?;
        read::attempts(&mut *database, hours, &mut tally)?;
        read::latency(&mut *database, hours, &mut tally)?;
        Ok(tally.report(hours))
    }
}
