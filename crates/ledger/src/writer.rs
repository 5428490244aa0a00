//! The thread that writes.

use std::{fs, path::Path, time::Duration};

use backstop_core::RequestId;

use crate::{
    LedgerConfig, Record, StoreConfig, StoreError, StoreErrorKind,
    queue::{BATCH, Queue},
    sqlite,
    status::Status,
    store::{self, Store},
};

/// Writes until the queue is closed and empty; gives up on what waits then when the store fails.
pub(crate) fn run(config: &LedgerConfig, queue: &Queue, status: &Status) {
    let mut writer = Writer {
        config,
        status,
        name: RequestId::new().to_string(),
        store: None,
        opened: false,
        number: 1,
        pause: config.flush,
        prune_at: 0,
    };
    let mut batch: Vec<Record> = Vec::new();
    // Opened before the first row, so that what is wrong with it is told at the start.
    let opened = writer.open();
    writer.tell(opened.map(|()| 0));
    loop {
        let closed = if status.is_up() { queue.wait(config.flush) } else { queue.pause(writer.pause) };
        loop {
            if batch.is_empty() {
                queue.take(&mut batch);
            }
            let written = writer.write(&batch);
            let failed = written.is_err();
            writer.tell(written);
            if failed {
                break;
            }
            let more = batch.len() >= BATCH;
            batch.clear();
            queue.done();
            if !(more || closed && queue.holds_some()) {
                break;
            }
        }
        if closed {
            return;
        }
        writer.prune();
    }
}

struct Writer<'a> {
    config: &'a LedgerConfig,
    status: &'a Status,
    name: String,
    store: Option<Store>,
    /// Whether the store was ever open: then the file is ours.
    opened: bool,
    number: i64,
    pause: Duration,
    prune_at: i64,
}

impl Writer<'_> {
    fn open(&mut self) -> Result<(), StoreError> {
        if self.store.is_none() {
            self.store = Some(Store::open(&self.config.store, &self.name)?);
            self.opened = true;
        }
        Ok(())
    }

    fn write(&mut self, batch: &[Record]) -> Result<usize, StoreError> {
        if batch.is_empty() && self.status.is_up() {
            return Ok(0);
        }
        self.open()?;
        if let Some(store) = &mut self.store
            && !batch.is_empty()
        {
            store.write(self.number, batch)?;
            self.number += 1;
        }
        Ok(batch.len())
    }

    /// Counts, and tells the log of changes, once each.
    fn tell(&mut self, written: Result<usize, StoreError>) {
        let place = &self.config.store;
        match written {
            Ok(rows) => {
                self.pause = self.config.flush;
                if self.status.wrote(rows) {
                    let dropped = self.status.dropped();
                    tracing::info!(target: TARGET, ledger = %place, dropped, "the ledger is written again");
                }
            }
            Err(error) => {
                self.pause = (self.pause * 2).clamp(self.config.flush, LONGEST_PAUSE.max(self.config.flush));
                // A file that is full or locked stays open; all else is opened anew.
                if !matches!(error.kind, StoreErrorKind::Full | StoreErrorKind::Locked) {
                    self.store = None;
                }
                if self.status.failed() {
                    let kind = error.kind.label();
                    tracing::error!(
                        target: TARGET, ledger = %place, kind, %error,
                        "the ledger cannot be written; requests go on, and rows wait for it as long as there is room"
                    );
                }
                if error.kind == StoreErrorKind::Corrupt {
                    self.put_aside();
                }
            }
        }
    }

    /// A broken SQLite file is given another name, and a new one takes its place. A file that never was one is somebody
    /// else's, and stays.
    fn put_aside(&self) {
        let StoreConfig::Sqlite { path, .. } = &self.config.store else { return };
        if !self.opened && !sqlite::is_sqlite(path) {
            return;
        }
        let suffix = format!("corrupt-{}", store::now());
        for end in ["", "-wal", "-shm"] {
            let file = Path::new(&format!("{}{end}", path.display())).to_owned();
            let aside = format!("{}.{suffix}{end}", path.display());
            match fs::rename(&file, &aside) {
                Ok(()) if end.is_empty() => {
                    tracing::error!(target: TARGET, aside, "the ledger's file is broken; it was put aside, and a new one begins");
                }
                Err(error) if end.is_empty() => {
                    tracing::error!(target: TARGET, %error, "the ledger's file is broken, and cannot be put aside");
                }
                _ => {}
            }
        }
    }

    fn prune(&mut self) {
        let now = store::now();
        if now < self.prune_at || !self.status.is_up() {
            return;
        }
        let Some(store) = &mut self.store else { return };
        let wait = match store.prune(self.config, now) {
            Ok(true) => Duration::ZERO,
            Ok(false) => PRUNE_EVERY,
            Err(error) => {
                tracing::warn!(target: TARGET, %error, "old rows of the ledger cannot be deleted now");
                PRUNE_EVERY
            }
        };
        self.prune_at = now + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    }
}

const TARGET: &str = "backstop::ledger";
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const PRUNE_EVERY: Duration = Duration::from_secs(600);
