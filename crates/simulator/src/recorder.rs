//! Keeps what came in and wakes who waits for it.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use crate::{
    memory::Memory,
    record::{End, Recorded},
};

/// The requests of one simulator.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    memory: Mutex<Memory>,
    changed: watch::Sender<()>,
}

impl Recorder {
    pub(crate) fn set_memory(&self, most: usize) {
        self.shared.memory.lock().set_most(most);
    }

    pub(crate) fn forget(&self) {
        self.shared.memory.lock().clear();
    }

    pub(crate) fn add(&self, record: impl FnOnce(u64) -> Recorded) -> Entry {
        let number = self.shared.memory.lock().add(record);
        self.shared.changed.send_replace(());
        Entry { recorder: self.clone(), number }
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Memory) -> T) -> T {
        look(&self.shared.memory.lock())
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.look(|memory| memory.records().to_vec())
    }

    /// Waits until the memory is as `done` wants it.
    pub(crate) async fn wait(&self, mut done: impl FnMut(&Memory) -> bool) -> Vec<Recorded> {
        let mut changed = self.shared.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if self.look(&mut done) {
                return self.all();
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
    number: u64,
}

impl Entry {
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Recorded)) {
        self.recorder.shared.memory.lock().note(self.number, note);
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
