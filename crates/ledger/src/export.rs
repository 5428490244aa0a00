use std::{
    fmt,
    io::{self, Write},
};

use crate::{
    StoreConfig, StoreError,
    database::{Value, connect},
    schema,
    time::Moment,
};

/// How rows are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// A line with the names of the columns, then one for each row, as RFC 4180 has it.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportTable {
    /// One for each attempt.
    Attempts,
    /// One for each request.
    Requests,
}

/// Why an export ended early.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// The store cannot be read.
    Store(StoreError),
    /// What was read cannot be written.
    Output(io::Error),
}

/// Writes the rows of a span to `out`, from the oldest on, a few thousand in memory at a time. Moments are RFC 3339, an
/// amount is exact decimal text, and what is not known is empty or `null`. Gives how many there were.
///
/// # Errors
///
/// The store cannot be read, or `out` cannot be written.
pub fn export(
    store: &StoreConfig,
    table: ExportTable,
    format: ExportFormat,
    (from, to): (i64, i64),
    out: &mut impl Write,
) -> Result<u64, ExportError> {
    let mut database = connect(store, false)?;
    schema::readable(&mut *database)?;
    let (names, sql) = table.select();
    if format == ExportFormat::Csv {
        writeln!(out, "{}", names.iter().map(|name| told(name)).collect::<Vec<_>>().join(","))?;
    }
    let (mut count, mut line) = (0, String::new());
    // Behind the last row that was read, in the order of the index.
    let mut behind = (from, String::new(), -1_i64);
    loop {
        let (moment, request, attempt) = (behind.0, behind.1.clone(), behind.2);
        let mut values: Vec<Value<'_>> = vec![moment.into(), request.into()];
        if table == ExportTable::Attempts {
            values.push(attempt.into());
        }
        values.push(to.into());
        values.push(PAGE.into());
        let (mut page, mut failed) = (0, None);
        database.rows(&sql, &values, &mut |row| {
            if failed.is_some() {
                return;
            }
            page += 1;
            behind = (row[1].int(), row[0].text().to_owned(), row[2].int());
            line.clear();
            write_line(&mut line, format, names, row);
            failed = out.write_all(line.as_bytes()).err();
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        count += page;
        if page < PAGE.unsigned_abs() {
            out.flush()?;
            return Ok(count);
        }
    }
}

impl ExportTable {
    /// The names of the columns (the id, the moment, and the attempt's number first), and the statement.
    fn select(self) -> (&'static [&'static str], String) {
        let (table, names, order): (_, &[_], _) = match self {
            Self::Attempts => ("attempts", &ATTEMPTS, "started_ms, request_id, attempt"),
            Self::Requests => ("requests", &REQUESTS, "received_ms, request_id"),
        };
        let (behind, next) = match self {
            Self::Attempts => ("($1, $2, $3)", ["$4", "$5"]),
            Self::Requests => ("($1, $2)", ["$3", "$4"]),
        };
        let moment = order.split(',').next().unwrap_or_default();
        let [to, most] = next;
        let sql = format!(
            "SELECT {} FROM {table} WHERE ({order}) > {behind} AND {moment} < {to} ORDER BY {order} LIMIT {most}",
            names.join(", ")
        );
        (names, sql)
    }
}

/// The name that a column goes by outside.
fn told(name: &str) -> String {
    match name.strip_suffix("_ms") {
        Some(moment) => moment.to_owned(),
        None => name.to_owned(),
    }
}

fn write_line(line: &mut String, format: ExportFormat, names: &[&str], row: &[Value<'_>]) {
    use fmt::Write as _;
    for (column, (name, value)) in names.iter().zip(row).enumerate() {
        let text = match value {
            Value::Null => None,
            Value::Int(millis) if name.ends_with("_ms") => Some(Moment(*millis).to_string()),
            Value::Int(number) => Some(number.to_string()),
            Value::Text(text) => Some(text.to_string()),
        };
        let number = matches!(value, Value::Int(_)) && !name.ends_with("_ms");
        // Writing to a string does not fail.
        let _ = match format {
            ExportFormat::Csv => {
                let comma = if column == 0 { "" } else { "," };
                write!(line, "{comma}{}", quoted(&text.unwrap_or_default()))
            }
            ExportFormat::Jsonl => {
                let open = if column == 0 { "{" } else { "," };
                let value = match text {
                    None => "null".to_owned(),
                    Some(text) if number => text,
                    Some(text) => serde_json::to_string(&text).unwrap_or_default(),
                };
                write!(line, "{open}\"{}\":{value}", told(name))
            }
        };
    }
    line.push_str(if format == ExportFormat::Csv { "\n" } else { "}\n" });
}

/// A field of CSV. One that a spreadsheet would take for a formula is made text by a leading apostrophe: names come from
/// callers.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '@', '\t', '\r'])
        || text.starts_with('-') && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Output(error) => write!(f, "the export cannot be written: {error}"),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

const PAGE: i64 = 4096;
const ATTEMPTS: [&str; 23] = [
    "request_id",
    "started_ms",
    "attempt",
    "key_name",
    "chain",
    "target",
    "position",
    "outcome",
    "status",
    "first_token_us",
    "duration_us",
    "input",
    "cache_read",
    "cache_write",
    "cache_write_hour",
    "audio_input",
    "output",
    "reasoning",
    "audio_output",
    "usage_estimated",
    "cost",
    "cost_usd",
    "fallback_reason",
];
const REQUESTS: [&str; 18] = [
    "request_id",
    "received_ms",
    "attempts",
    "key_name",
    "chain",
    "dialect",
    "stream",
    "path",
    "outcome",
    "status",
    "first_token_us",
    "duration_us",
    "fallback_reason",
    "in_flight",
    "cost",
    "cost_usd",
    "answer_usd",
    "first_target_usd",
];
