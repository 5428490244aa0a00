use backstop_core::Text;

/// What is true at the moment of a scrape, and is not counted but looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Each breaker: the label of its target, and its state's label.
    pub breakers: Vec<(Text, &'static str)>,
    /// Each thing that is left alone: the label of its provider, and what it is (`key`, `model`, `key_model`).
    pub cooling: Vec<(Text, &'static str)>,
    /// The bytes of request bodies that are held.
    pub bytes_in_flight: u64,
    /// The ledger, where there is one.
    pub ledger: Option<LedgerSnapshot>,
    /// Built configurations that are alive.
    pub stacks: usize,
}

/// How the ledger does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerSnapshot {
    /// Whether the last write came through.
    pub up: bool,
    /// Rows that wait.
    pub waiting: u64,
    /// Rows that were written.
    pub written: u64,
    /// Rows that were dropped because too many waited.
    pub dropped: u64,
    /// Writes that failed.
    pub failures: u64,
}

impl LedgerSnapshot {
    /// Nothing to tell.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Snapshot {
    /// Nothing to tell.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
