//! Keeps what came in and wakes who waits for it.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use crate::record::{End, Recorded};

/// The requests of one simulator.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    records: Mutex<Vec<Recorded>>,
    changed: watch::Sender<()>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self { shared: Arc::new(Shared { records: Mutex::default(), changed: watch::Sender::new(()) }) }
    }

    pub(crate) fn add(&self, record: impl FnOnce(u64) -> Recorded) -> Entry {
        let mut records = self.shared.records.lock();
        let number = records.len();
        records.push(record(number as u64));
        drop(records);
        self.shared.changed.send_replace(());
        Entry { recorder: self.clone(), number }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.shared.records.lock().clone()
    }

    /// Waits until the records are as `done` wants them.
    pub(crate) async fn wait(&self, mut done: impl FnMut(&[Recorded]) -> bool) -> Vec<Recorded> {
        let mut changed = self.shared.changed.subscribe();
        loop {
            changed.mark_unchanged();
            {
                let records = self.shared.records.lock();
                if done(&records) {
                    return records.clone();
                }
            }
            // The sender lives in `self`: this cannot fail.
            if changed.changed().await.is_err() {
                return self.all();
            }
        }
    }
}

/// One request's place in the records. Dropped before the end, it notes that the caller left.
#[derive(Debug)]
pub(crate) struct Entry {
    recorder: Recorder,
    number: usize,
}

impl Entry {
    pub(crate) fn number(&self) -> u64 {
        self.number as u64
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Recorded)) {
        note(&mut self.recorder.shared.records.lock()[self.number]);
        self.recorder.shared.changed.send_replace(());
    }

    /// Notes how it ended. The first end counts.
    pub(crate) fn end(&self, end: impl FnOnce(Instant) -> End) {
        self.note(|record| {
            if !record.is_over() {
                record.end = end(Instant::now());
            }
        });
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.end(End::Cancelled);
    }
}
