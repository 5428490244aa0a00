//! What a batch adds to the hourly tables.

use std::collections::HashMap;

use backstop_core::{Cost, Usd};

use crate::{
    AttemptRow, Costs, Record, RequestRow, StoreError, costs,
    database::{Database, Value, insert},
    latency,
};

/// What a batch adds.
#[derive(Default)]
pub(crate) struct Rollup<'a> {
    attempts: HashMap<(i64, &'a str, &'static str), Attempts>,
    latency: HashMap<(i64, &'a str, &'static str, u64), u64>,
    requests: HashMap<RequestCell<'a>, Requests>,
}

#[derive(PartialEq, Eq, Hash)]
struct RequestCell<'a> {
    hour: i64,
    chain: &'a str,
    path: &'a str,
    key: &'a str,
    outcome: &'static str,
    reason: &'static str,
    in_flight: u32,
}

#[derive(Default)]
struct Attempts {
    count: u64,
    costs: Costs,
    input: u64,
    output: u64,
}

#[derive(Default)]
struct Requests {
    count: u64,
    costs: Costs,
    compared: u64,
    answer: Usd,
    first_target: Usd,
}

impl<'a> Rollup<'a> {
    /// Counts `batch`; `paths` are those of its requests, in order.
    pub(crate) fn of(batch: &'a [Record], paths: &'a [String]) -> Self {
        let (mut rollup, mut paths) = (Self::default(), paths.iter());
        for record in batch {
            match record {
                Record::Attempt(row) => rollup.attempt(row),
                Record::Request(row) => rollup.request(row, paths.next().map_or("", String::as_str)),
            }
        }
        rollup
    }

    fn attempt(&mut self, row: &'a AttemptRow) {
        let (hour, target) = (hour(row.started), row.target.as_str());
        let cell = self.attempts.entry((hour, target, row.outcome)).or_default();
        cell.count += 1;
        cell.costs.add(row.cost);
        if let Some(usage) = &row.usage {
            cell.input += usage.total_input();
            cell.output += usage.total_output();
        }
        if row.outcome == "success" {
            *self.latency.entry((hour, target, "duration", latency::bucket(row.duration))).or_default() += 1;
            if let Some(first) = row.first_token {
                *self.latency.entry((hour, target, "first_token", latency::bucket(first))).or_default() += 1;
            }
        }
    }

    fn request(&mut self, row: &'a RequestRow, path: &'a str) {
        let cell = RequestCell {
            hour: hour(row.received),
            chain: row.chain.as_deref().unwrap_or_default(),
            path,
            key: row.key.as_deref().unwrap_or_default(),
            outcome: row.outcome,
            reason: row.fallback_reason.unwrap_or_default(),
            // 1, 2, 4, 8 …: what stands there is the least of each.
            in_flight: 1 << row.in_flight.max(1).ilog2(),
        };
        let cell = self.requests.entry(cell).or_default();
        cell.count += 1;
        cell.costs.add(row.cost);
        let (answer, first) =
            (row.answer_cost.and_then(Cost::usd), row.first_target_cost.and_then(Cost::usd));
        if let (Some(answer), Some(first)) = (answer, first) {
            cell.compared += 1;
            cell.answer = cell.answer.plus(answer);
            cell.first_target = cell.first_target.plus(first);
        }
    }

    pub(crate) fn write(&self, database: &mut dyn Database) -> Result<(), StoreError> {
        let mut values: Vec<Value<'_>> = Vec::new();
        // In one order, so that two gateways that write at one time never wait for each other in a circle.
        let mut attempts: Vec<_> = self.attempts.iter().collect();
        attempts.sort_unstable_by_key(|(key, _)| **key);
        for ((hour, target, outcome), cell) in attempts {
            values.extend([(*hour).into(), (*target).into(), (*outcome).into(), cell.count.into()]);
            amounts(&mut values, &cell.costs);
            values.extend([cell.input.into(), cell.output.into()]);
        }
        insert(
            database,
            ATTEMPTS,
            &add("hourly_attempts", "hour, target, outcome", ATTEMPT_SUMS),
            11,
            &values,
        )?;
        values.clear();
        let mut latency: Vec<_> = self.latency.iter().collect();
        latency.sort_unstable();
        for ((hour, target, clock, bucket), count) in latency {
            let key = [(*hour).into(), (*target).into(), (*clock).into(), (*bucket).into()];
            values.extend(key);
            values.push((*count).into());
        }
        insert(
            database,
            LATENCY,
            &add("hourly_latency", "hour, target, clock, bucket", &["attempts"]),
            5,
            &values,
        )?;
        values.clear();
        let mut requests: Vec<_> = self.requests.iter().collect();
        requests.sort_unstable_by_key(|(key, _)| {
            (key.hour, key.chain, key.path, key.key, key.outcome, key.reason, key.in_flight)
        });
        for (key, cell) in requests {
            values.extend([key.hour.into(), key.chain.into(), key.path.into(), key.key.into()]);
            values.extend([key.outcome.into(), key.reason.into(), key.in_flight.into(), cell.count.into()]);
            amounts(&mut values, &cell.costs);
            values.push(cell.compared.into());
            values.extend(costs::split(cell.answer).map(Value::from));
            values.extend(costs::split(cell.first_target).map(Value::from));
        }
        let key = "hour, chain, path, key_name, outcome, fallback_reason, in_flight";
        insert(database, REQUESTS, &add("hourly_requests", key, REQUEST_SUMS), 18, &values)
    }
}

fn amounts(values: &mut Vec<Value<'_>>, costs: &Costs) {
    values.extend(costs::split(costs.known).map(Value::from));
    values.extend(costs::split(costs.estimated).map(Value::from));
    values.push(costs.unknown.into());
}

/// The hour of a moment, in hours since 1970.
pub(crate) const fn hour(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(3_600_000)
}

fn add(table: &str, key: &str, sums: &[&str]) -> String {
    let sum = |sum: &&str| match sum.strip_suffix("_pico_usd") {
        // The rest is carried over: it stays below one of the whole, and no sum of it is ever too large.
        Some(name) => format!(
            "{sum} = {table}.{sum} + excluded.{sum} + ({table}.{name}_rest + excluded.{name}_rest) / {CARRY}, \
             {name}_rest = ({table}.{name}_rest + excluded.{name}_rest) % {CARRY}"
        ),
        None => format!("{sum} = {table}.{sum} + excluded.{sum}"),
    };
    let sums: Vec<_> = sums.iter().map(sum).collect();
    format!("ON CONFLICT ({key}) DO UPDATE SET {}", sums.join(", "))
}

/// 10⁻¹² dollars in 10⁻²⁴ dollars.
const CARRY: &str = "1000000000000";
const ATTEMPTS: &str = "INSERT INTO hourly_attempts (hour, target, outcome, attempts, known_pico_usd, \
    known_rest, estimated_pico_usd, estimated_rest, unknown, input_tokens, output_tokens)";
const ATTEMPT_SUMS: &[&str] =
    &["attempts", "known_pico_usd", "estimated_pico_usd", "unknown", "input_tokens", "output_tokens"];
const LATENCY: &str = "INSERT INTO hourly_latency (hour, target, clock, bucket, attempts)";
const REQUESTS: &str = "INSERT INTO hourly_requests (hour, chain, path, key_name, outcome, fallback_reason, \
    in_flight, requests, known_pico_usd, known_rest, estimated_pico_usd, estimated_rest, unknown, compared, \
    answer_pico_usd, answer_rest, first_target_pico_usd, first_target_rest)";
const REQUEST_SUMS: &[&str] = &[
    "requests",
    "known_pico_usd",
    "estimated_pico_usd",
    "unknown",
    "compared",
    "answer_pico_usd",
    "first_target_pico_usd",
];
