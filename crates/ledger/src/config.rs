use std::{fmt, path::PathBuf, time::Duration};

/// Where the ledger is, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerConfig {
    /// Where.
    pub store: StoreConfig,
    /// How long a row waits at most before it is written: what a crash can lose. Default: 1 s.
    pub flush: Duration,
    /// How long rows are kept. Default: 90 days.
    pub retention: Duration,
    /// How long the hourly roll-ups are kept, which reports read. Default: 400 days.
    pub rollup_retention: Duration,
    /// The most rows that wait to be written; what comes on top is dropped and counted. Default: 65,536, some 30 MB.
    pub queue: usize,
}

/// A SQLite file or a Postgres database.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreConfig {
    /// A file, which is created where there is none.
    Sqlite {
        /// Its path.
        path: PathBuf,
        /// The most bytes that it may have.
        max_size: Option<u64>,
    },
    /// A database by its URL: `postgres://user:password@host/database`. Not over TLS.
    Postgres {
        /// The URL. It holds a password: no log, error or `Debug` shows it.
        url: String,
    },
}

impl LedgerConfig {
    /// A ledger in `store`, with the default of everything.
    #[must_use]
    pub const fn new(store: StoreConfig) -> Self {
        Self {
            store,
            flush: Duration::from_secs(1),
            retention: Duration::from_secs(90 * DAY),
            rollup_retention: Duration::from_secs(400 * DAY),
            queue: 65_536,
        }
    }

    /// Sets how long a row waits at most.
    #[must_use]
    pub const fn with_flush(mut self, flush: Duration) -> Self {
        self.flush = flush;
        self
    }

    /// Sets how long rows are kept.
    #[must_use]
    pub const fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how long roll-ups are kept.
    #[must_use]
    pub const fn with_rollup_retention(mut self, retention: Duration) -> Self {
        self.rollup_retention = retention;
        self
    }

    /// Sets how many rows may wait.
    #[must_use]
    pub const fn with_queue(mut self, rows: usize) -> Self {
        self.queue = rows;
        self
    }
}

impl StoreConfig {
    /// The SQLite file `path`.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite { path: path.into(), max_size: None }
    }

    /// The Postgres database at `url`.
    pub fn postgres(url: impl Into<String>) -> Self {
        Self::Postgres { url: url.into() }
    }
}

/// Where it is, without a password.
impl fmt::Display for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path, .. } => write!(f, "{}", path.display()),
            Self::Postgres { .. } => f.write_str("postgres"),
        }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreConfig({self})")
    }
}

const DAY: u64 = 86_400;
