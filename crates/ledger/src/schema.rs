//! The tables, and how they came to be: each step is run once, in order, and its number noted.

use crate::{
    StoreError, StoreErrorKind,
    database::{Database, Value},
};

/// Brings the store to this version's tables.
pub(crate) fn migrate(database: &mut dyn Database) -> Result<(), StoreError> {
    database.script(
        "CREATE TABLE IF NOT EXISTS backstop_schema (step BIGINT PRIMARY KEY, applied_ms BIGINT NOT NULL)",
    )?;
    let known = version(database)?;
    if known > STEPS.len() as u64 {
        let message = format!(
            "the ledger was written by a newer version (its schema is {known}, this one's is {}); update Backstop",
            STEPS.len()
        );
        return Err(StoreError::new(StoreErrorKind::Newer, message));
    }
    for (number, step) in (1_i64..).zip(STEPS).skip(usize::try_from(known).unwrap_or(usize::MAX)) {
        database.script("BEGIN")?;
        // Of several gateways that begin at one time, one gets through here.
        let claimed = database.run(
            "INSERT INTO backstop_schema (step, applied_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[Value::Int(number), Value::Int(crate::store::now())],
        );
        let done = claimed.and_then(|claimed| if claimed == 1 { database.script(step) } else { Ok(()) });
        match done {
            Ok(()) => database.script("COMMIT")?,
            Err(error) => {
                let _ = database.script("ROLLBACK");
                return Err(error);
            }
        }
    }
    Ok(())
}

/// How many steps were made.
pub(crate) fn version(database: &mut dyn Database) -> Result<u64, StoreError> {
    let mut version = 0;
    database.rows("SELECT COALESCE(MAX(step), 0) FROM backstop_schema", &[], &mut |row| {
        version = row[0].count();
    })?;
    Ok(version)
}

/// Only ever add to these. What stands here runs on SQLite and on Postgres as it is.
const STEPS: &[&str] = &[FIRST];

const FIRST: &str = "
CREATE TABLE attempts (
    request_id TEXT NOT NULL, attempt BIGINT NOT NULL, started_ms BIGINT NOT NULL,
    key_name TEXT, chain TEXT, target TEXT NOT NULL, position BIGINT NOT NULL,
    outcome TEXT NOT NULL, status BIGINT, first_token_us BIGINT, duration_us BIGINT NOT NULL,
    input BIGINT, cache_read BIGINT, cache_write BIGINT, cache_write_hour BIGINT, audio_input BIGINT,
    output BIGINT, reasoning BIGINT, audio_output BIGINT, usage_estimated BIGINT,
    cost TEXT NOT NULL, cost_usd TEXT, fallback_reason TEXT,
    PRIMARY KEY (request_id, attempt)
);
CREATE INDEX attempts_started ON attempts (started_ms, request_id, attempt);
CREATE TABLE requests (
    request_id TEXT NOT NULL PRIMARY KEY, received_ms BIGINT NOT NULL,
    key_name TEXT, chain TEXT, dialect TEXT NOT NULL, stream BIGINT NOT NULL, path TEXT NOT NULL,
    outcome TEXT NOT NULL, status BIGINT, attempts BIGINT NOT NULL,
    first_token_us BIGINT, duration_us BIGINT NOT NULL, fallback_reason TEXT, in_flight BIGINT NOT NULL,
    cost TEXT NOT NULL, cost_usd TEXT, answer_usd TEXT, first_target_usd TEXT
);
CREATE INDEX requests_received ON requests (received_ms, request_id);
CREATE TABLE hourly_attempts (
    hour BIGINT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL,
    attempts BIGINT NOT NULL, known_pico_usd BIGINT NOT NULL, known_rest BIGINT NOT NULL,
    estimated_pico_usd BIGINT NOT NULL, estimated_rest BIGINT NOT NULL,
    unknown BIGINT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL,
    PRIMARY KEY (hour, target, outcome)
);
CREATE TABLE hourly_latency (
    hour BIGINT NOT NULL, target TEXT NOT NULL, clock TEXT NOT NULL, bucket BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (hour, target, clock, bucket)
);
CREATE TABLE hourly_requests (
    hour BIGINT NOT NULL, chain TEXT NOT NULL, path TEXT NOT NULL, key_name TEXT NOT NULL,
    outcome TEXT NOT NULL, fallback_reason TEXT NOT NULL, in_flight BIGINT NOT NULL,
    requests BIGINT NOT NULL, known_pico_usd BIGINT NOT NULL, known_rest BIGINT NOT NULL,
    estimated_pico_usd BIGINT NOT NULL, estimated_rest BIGINT NOT NULL, unknown BIGINT NOT NULL,
    compared BIGINT NOT NULL, answer_pico_usd BIGINT NOT NULL, answer_rest BIGINT NOT NULL,
    first_target_pico_usd BIGINT NOT NULL, first_target_rest BIGINT NOT NULL,
    PRIMARY KEY (hour, chain, path, key_name, outcome, fallback_reason, in_flight)
);
CREATE TABLE writers (
    writer TEXT NOT NULL PRIMARY KEY, batch BIGINT NOT NULL, written_ms BIGINT NOT NULL
);
";

/// Whether the tables can be read by this version.
pub(crate) fn readable(database: &mut dyn Database) -> Result<(), StoreError> {
    match version(database) {
        Ok(version) if version == STEPS.len() as u64 => Ok(()),
        Ok(version) => {
            let message = format!(
                "the ledger's schema is {version}, and this version reads {}; start the gateway of this version once",
                STEPS.len()
            );
            Err(StoreError::new(StoreErrorKind::Newer, message))
        }
        Err(error) if error.kind == StoreErrorKind::Other => {
            Err(StoreError::new(StoreErrorKind::Other, format!("this is no ledger: {error}")))
        }
        Err(error) => Err(error),
    }
}
