//! The roll-ups of a span.

use super::tally::{Attempts, Requests, Tally};
use crate::{
    Costs, StoreError,
    costs::join,
    database::{Database, Value},
};

pub(super) type Hours = (i64, i64);

pub(super) fn requests(
    database: &mut dyn Database,
    hours: Hours,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let sql = "SELECT hour, chain, path, key_name, outcome, fallback_reason, in_flight, requests, known_pico_usd, \
        known_rest, estimated_pico_usd, estimated_rest, unknown, compared, answer_pico_usd, answer_rest, \
        first_target_pico_usd, first_target_rest \
        FROM hourly_requests WHERE hour >= $1 AND hour < $2";
    database.rows(sql, &[hours.0.into(), hours.1.into()], &mut |row| {
        tally.requests(&Requests {
            hour: row[0].int(),
            chain: row[1].text(),
            path: row[2].text(),
            key: row[3].text(),
            outcome: row[4].text(),
            reason: row[5].text(),
            in_flight: row[6].count(),
            count: row[7].count(),
            costs: costs(&row[8..13]),
            compared: row[13].count(),
            answer: join(row[14].count(), row[15].count()),
            first_target: join(row[16].count(), row[17].count()),
        });
    })
}

pub(super) fn attempts(
    database: &mut dyn Database,
    hours: Hours,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let sql = "SELECT target, outcome, attempts, known_pico_usd, known_rest, estimated_pico_usd, \
        estimated_rest, unknown \
        FROM hourly_attempts WHERE hour >= $1 AND hour < $2";
    database.rows(sql, &[hours.0.into(), hours.1.into()], &mut |row| {
        tally.attempts(&Attempts {
            target: row[0].text(),
            outcome: row[1].text(),
            count: row[2].count(),
            costs: costs(&row[3..8]),
        });
    })
}

pub(super) fn latency(
    database: &mut dyn Database,
    hours: Hours,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let sql = "SELECT target, clock, bucket, CAST(SUM(attempts) AS BIGINT) \
        FROM hourly_latency WHERE hour >= $1 AND hour < $2 GROUP BY target, clock, bucket";
    database.rows(sql, &[hours.0.into(), hours.1.into()], &mut |row| {
        tally.latency(row[0].text(), row[1].text() == "first_token", row[2].count(), row[3].count());
    })
}

fn costs(columns: &[Value<'_>]) -> Costs {
    let count = |at: usize| columns[at].count();
    Costs { known: join(count(0), count(1)), estimated: join(count(2), count(3)), unknown: count(4) }
}
