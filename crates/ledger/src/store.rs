//! What is done with the tables.

use std::time::{Duration, SystemTime};

use backstop_core::Cost;

use crate::{
    AttemptRow, LedgerConfig, Record, RequestRow, StoreConfig, StoreError,
    database::{Database, Value, connect, insert},
    rollup::{Rollup, hour},
    schema,
};

/// The tables, open for writing.
pub(crate) struct Store {
    database: Box<dyn Database>,
    writer: String,
}

impl Store {
    /// Opens the tables, and brings them to this version. `writer` names who writes, in this run of the process.
    pub(crate) fn open(config: &StoreConfig, writer: &str) -> Result<Self, StoreError> {
        let mut database = connect(config, true)?;
        schema::migrate(&mut *database)?;
        Ok(Self { database, writer: writer.to_owned() })
    }

    /// Writes a batch, whole or not at all, and not twice: `number` counts this writer's batches, and one that is in the
    /// store already, although its commit was never confirmed, is left as it is.
    pub(crate) fn write(&mut self, number: i64, batch: &[Record]) -> Result<(), StoreError> {
        self.database.script("BEGIN")?;
        let written = self.write_all(number, batch).and_then(|()| self.database.script("COMMIT"));
        if written.is_err() {
            // A connection that is gone cannot even do this.
            let _ = self.database.script("ROLLBACK");
        }
        written
    }

    fn write_all(&mut self, number: i64, batch: &[Record]) -> Result<(), StoreError> {
        let database = &mut *self.database;
        let claimed = database.run(CLAIM, &[self.writer.as_str().into(), number.into(), now().into()])?;
        if claimed == 0 {
            return Ok(());
        }
        let (mut attempts, mut requests, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for record in batch {
            match record {
                Record::Attempt(row) => attempt(&mut attempts, row),
                Record::Request(row) => {
                    paths.push(path(row));
                    request(&mut requests, row);
                }
            }
        }
        insert(database, ATTEMPTS, "ON CONFLICT DO NOTHING", ATTEMPT_COLUMNS, &attempts)?;
        insert(database, REQUESTS, "ON CONFLICT DO NOTHING", REQUEST_COLUMNS, &requests)?;
        Rollup::of(batch, &paths).write(database)
    }

    /// Deletes what is older than it may be, a piece at a time so that nobody waits long. Gives whether there is more.
    pub(crate) fn prune(&mut self, config: &LedgerConfig, now: i64) -> Result<bool, StoreError> {
        let before = |retention: Duration| now - i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let (rows, hours) = (before(config.retention), hour(before(config.rollup_retention)));
        let database = &mut *self.database;
        let piece = i64::from(PIECE);
        let mut deleted = database.run(PRUNE_ATTEMPTS, &[rows.into(), piece.into()])?;
        deleted = deleted.max(database.run(PRUNE_REQUESTS, &[rows.into(), piece.into()])?);
        for table in ["hourly_attempts", "hourly_latency", "hourly_requests"] {
            database.run(&format!("DELETE FROM {table} WHERE hour < $1"), &[hours.into()])?;
        }
        database.run("DELETE FROM writers WHERE written_ms < $1", &[rows.into()])?;
        if deleted > 0 {
            database.shrink()?;
        }
        Ok(deleted >= u64::from(PIECE))
    }
}

fn attempt<'a>(values: &mut Vec<Value<'a>>, row: &'a AttemptRow) {
    values.extend([
        row.request.to_string().into(),
        row.attempt.into(),
        row.started.into(),
        row.key.as_deref().into(),
        row.chain.as_deref().into(),
        (&*row.target).into(),
        row.position.into(),
        row.outcome.into(),
        row.status.map(u32::from).into(),
        row.first_token.map(micros).into(),
        micros(row.duration).into(),
    ]);
    match &row.usage {
        Some(usage) => values.extend(
            [
                usage.input,
                usage.cache_read,
                usage.cache_write,
                usage.cache_write_hour,
                usage.audio_input,
                usage.output,
                usage.reasoning,
                usage.audio_output,
                u64::from(usage.estimated),
            ]
            .map(Value::from),
        ),
        None => values.extend([const { Value::Null }; 9]),
    }
    values.extend([row.cost.label().into(), amount(row.cost), row.fallback_reason.into()]);
}

fn request<'a>(values: &mut Vec<Value<'a>>, row: &'a RequestRow) {
    values.extend([
        row.request.to_string().into(),
        row.received.into(),
        row.key.as_deref().into(),
        row.chain.as_deref().into(),
        row.dialect.into(),
        i64::from(row.stream).into(),
        path(row).into(),
        row.outcome.into(),
        row.status.map(u32::from).into(),
        row.attempts.into(),
        row.first_token.map(micros).into(),
        micros(row.duration).into(),
        row.fallback_reason.into(),
        row.in_flight.into(),
        row.cost.label().into(),
        amount(row.cost),
        row.answer_cost.map_or(Value::Null, amount),
        row.first_target_cost.map_or(Value::Null, amount),
    ]);
}

fn path(row: &RequestRow) -> String {
    let names: Vec<&str> = row.path.iter().map(|target| &**target).collect();
    names.join(ARROW)
}

fn amount(cost: Cost) -> Value<'static> {
    cost.usd().map(|usd| usd.to_string()).into()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Between the targets of a path.
pub(crate) const ARROW: &str = " > ";
const PIECE: u32 = 10_000;
const CLAIM: &str = "INSERT INTO writers (writer, batch, written_ms) VALUES ($1, $2, $3) ON CONFLICT (writer) \
    DO UPDATE SET batch = excluded.batch, written_ms = excluded.written_ms WHERE writers.batch < excluded.batch";
const ATTEMPT_COLUMNS: usize = 23;
const ATTEMPTS: &str = "INSERT INTO attempts (request_id, attempt, started_ms, key_name, chain, target, position, \
    outcome, status, first_token_us, duration_us, input, cache_read, cache_write, cache_write_hour, audio_input, \
    output, reasoning, audio_output, usage_estimated, cost, cost_usd, fallback_reason)";
const REQUEST_COLUMNS: usize = 18;
const REQUESTS: &str = "INSERT INTO requests (request_id, received_ms, key_name, chain, dialect, stream, path, \
    outcome, status, attempts, first_token_us, duration_us, fallback_reason, in_flight, cost, cost_usd, \
    answer_usd, first_target_usd)";
const PRUNE_ATTEMPTS: &str = "DELETE FROM attempts WHERE (request_id, attempt) IN \
    (SELECT request_id, attempt FROM attempts WHERE started_ms < $1 ORDER BY started_ms LIMIT $2)";
const PRUNE_REQUESTS: &str = "DELETE FROM requests WHERE request_id IN \
    (SELECT request_id FROM requests WHERE received_ms < $1 ORDER BY received_ms LIMIT $2)";
