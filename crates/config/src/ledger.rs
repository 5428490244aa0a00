//! Where attempts and their costs are written down.

use std::{fmt, path::PathBuf, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};

/// Where attempts and their costs are written down, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerConfig {
    /// Where.
    pub store: LedgerStore,
    /// How long a row waits at most: what a crash can lose. Default: 1 s.
    pub flush: Duration,
    /// How long rows are kept. Default: 90 days.
    pub retention: Duration,
    /// How long hourly roll-ups are kept, which reports read. Default: 400 days.
    pub rollup_retention: Duration,
    /// The most rows that wait to be written. Default: 65,536.
    pub queue: usize,
}

/// Where the ledger is.
#[derive(Clone)]
#[non_exhaustive]
pub enum LedgerStore {
    /// A SQLite file.
    Sqlite {
        /// Its path.
        path: PathBuf,
        /// The most bytes that it may have.
        max_size: Option<u64>,
    },
    /// A Postgres database, by its URL.
    Postgres(SecretString),
}

impl PartialEq for LedgerStore {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite { path, max_size }, Self::Sqlite { path: other, max_size: most }) => {
                path == other && max_size == most
            }
            (Self::Postgres(one), Self::Postgres(other)) => one.expose_secret() == other.expose_secret(),
            _ => false,
        }
    }
}

impl Eq for LedgerStore {}

/// Where it is, without a password.
impl fmt::Display for LedgerStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path, .. } => write!(f, "{}", path.display()),
            Self::Postgres(_) => f.write_str("a Postgres database"),
        }
    }
}

impl fmt::Debug for LedgerStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerStore({self})")
    }
}
