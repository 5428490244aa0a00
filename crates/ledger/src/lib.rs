//! Every attempt, every request and what it cost, in a SQLite file or a Postgres database.
//!
//! ```
//! use std::time::Duration;
//!
//! use backstop_core::{Cost, RequestId, Usd};
//! use backstop_ledger::{AttemptRow, Ledger, LedgerConfig, Record, Report, StoreConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let path = std::env::temp_dir().join(format!("{}.db", RequestId::new()));
//! let store = StoreConfig::sqlite(&path);
//! let ledger = Ledger::open(LedgerConfig::new(store.clone()))?;
//! ledger.recorder().record(Record::Attempt(Box::new(AttemptRow {
//!     request: RequestId::new(),
//!     attempt: 1,
//!     started: 1_767_225_600_000,
//!     key: None,
//!     chain: Some("writer".into()),
//!     target: "openai/gpt-4.1-mini".into(),
//!     position: 1,
//!     outcome: "server",
//!     status: Some(500),
//!     first_token: None,
//!     duration: Duration::from_millis(120),
//!     usage: None,
//!     cost: Cost::Known(Usd::ZERO),
//!     fallback_reason: None,
//! })));
//! ledger.close();
//! let report = Report::read(&store, 1_767_225_600_000, 1_767_229_200_000)?;
//! assert_eq!((report.providers[0].failed, report.wasted[0].attempts), (1, 1));
//! # std::fs::remove_file(path)?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - **Off the request's path.** [`Recorder::record`] is one push under a short lock. A thread of the [`Ledger`]'s own
//!   writes.
//! - **Bounded.** At most [`LedgerConfig::queue`] rows wait. When more come than the store takes, the newest are dropped
//!   and counted ([`Status::dropped`]).
//! - **A crash loses at most the last [`LedgerConfig::flush`]**, and the time that one write takes. A batch is one
//!   transaction, on the disk when it returns; rows and roll-ups are written together, so that they always agree.
//! - **Nothing twice.** A batch whose commit was not confirmed is tried again, and recognised.
//! - **A store that fails stops nobody.** Full, locked, broken or away: rows wait and are tried again, at least every
//!   10 s; the log is told once when it begins and once when it ends. A broken SQLite file is put aside under another
//!   name. Nothing panics.
//!
//! # Tables
//!
//! The same on both stores, for anybody to query: `attempts`, `requests`, and the roll-ups `hourly_attempts`,
//! `hourly_latency` and `hourly_requests`. An amount of a row is exact decimal text; roll-ups have
//! whole numbers of 10⁻¹² US dollars (`_pico_usd`) and what is left in 10⁻²⁴ (`_rest`), so that no sum ever rounds.
//! Moments are milliseconds since 1970, durations microseconds.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `postgres` | no | [`StoreConfig::Postgres`], by tokio-postgres |

mod config;
mod costs;
mod database;
mod error;
mod export;
mod latency;
mod ledger;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
mod report;
mod rollup;
mod row;
mod schema;
mod sqlite;
mod status;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod writer;

pub use self::{
    config::{LedgerConfig, StoreConfig},
    costs::Costs,
    error::{StoreError, StoreErrorKind},
    export::{ExportError, ExportFormat, ExportTable, export},
    ledger::Ledger,
    queue::Recorder,
    report::{Group, Model, Percentiles, Provider, Rate, Reason, Report, Shift, Wasted},
    row::{AttemptRow, Record, RequestRow},
    status::Status,
};
