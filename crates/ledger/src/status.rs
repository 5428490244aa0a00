use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How the ledger does. All counts are since the start.
#[derive(Debug, Default)]
pub struct Status {
    written: AtomicU64,
    dropped: AtomicU64,
    failures: AtomicU64,
    down: AtomicBool,
}

impl Status {
    /// Rows that are in the store.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Rows that are lost because too many waited.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes that failed. Their rows wait on, and are tried again.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Whether the last write came through, or none was needed yet.
    #[must_use]
    pub fn is_up(&self) -> bool {
        !self.down.load(Ordering::Relaxed)
    }

    pub(crate) fn drop_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives whether it was down before.
    pub(crate) fn wrote(&self, rows: usize) -> bool {
        self.written.fetch_add(rows as u64, Ordering::Relaxed);
        self.down.swap(false, Ordering::Relaxed)
    }

    /// Gives whether it was up before.
    pub(crate) fn failed(&self) -> bool {
        self.failures.fetch_add(1, Ordering::Relaxed);
        !self.down.swap(true, Ordering::Relaxed)
    }
}
