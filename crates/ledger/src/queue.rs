use std::{fmt, sync::Arc, time::Duration};

use parking_lot::{Condvar, Mutex};

use crate::{Record, status::Status};

/// Takes rows on the request's path: one push under a short lock, and never a wait. Cheap to clone.
///
/// Where too many rows wait already, because the store is slow or away, the new one is dropped and counted
/// ([`Status::dropped`]). Those that wait are kept: what was recorded first is written first.
#[derive(Clone)]
pub struct Recorder {
    queue: Arc<Queue>,
}

pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    most: usize,
    status: Arc<Status>,
}

#[derive(Default)]
struct Waiting {
    records: Vec<Record>,
    // Those that the writer holds and has not written.
    held: usize,
    closed: bool,
}

impl Recorder {
    pub(crate) fn new(most: usize, status: Arc<Status>) -> Self {
        let queue = Queue { waiting: Mutex::default(), wake: Condvar::new(), most: most.max(1), status };
        Self { queue: Arc::new(queue) }
    }

    /// Gives a row to the writer. Says whether it was taken.
    pub fn record(&self, record: Record) -> bool {
        let queue = &*self.queue;
        let mut waiting = queue.waiting.lock();
        if waiting.closed || waiting.records.len() + waiting.held >= queue.most {
            drop(waiting);
            queue.status.drop_one();
            return false;
        }
        waiting.records.push(record);
        let due = waiting.held == 0 && waiting.records.len() == BATCH.min(queue.most);
        drop(waiting);
        if due {
            queue.wake.notify_one();
        }
        true
    }

    /// How the ledger does.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.queue.status
    }

    /// How many rows wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let waiting = self.queue.waiting.lock();
        waiting.records.len() + waiting.held
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Queue {
    /// Waits until `wait` has passed, a whole batch is there, or the queue is closed. Gives whether it is closed.
    pub(crate) fn wait(&self, wait: Duration) -> bool {
        let mut waiting = self.waiting.lock();
        if !waiting.closed && waiting.records.len() < BATCH {
            self.wake.wait_for(&mut waiting, wait);
        }
        waiting.closed
    }

    /// Waits until `wait` has passed or the queue is closed, however much waits.
    pub(crate) fn pause(&self, wait: Duration) -> bool {
        let mut waiting = self.waiting.lock();
        if !waiting.closed {
            self.wake.wait_for(&mut waiting, wait);
        }
        waiting.closed
    }

    /// Takes the next batch, which counts as waiting until it is [`done`](Self::done).
    pub(crate) fn take(&self, batch: &mut Vec<Record>) {
        let mut waiting = self.waiting.lock();
        if waiting.records.len() <= BATCH {
            std::mem::swap(&mut waiting.records, batch);
        } else {
            batch.extend(waiting.records.drain(..BATCH));
        }
        waiting.held = batch.len();
    }

    /// What was taken is written.
    pub(crate) fn done(&self) {
        self.waiting.lock().held = 0;
    }

    pub(crate) fn holds_some(&self) -> bool {
        !self.waiting.lock().records.is_empty()
    }

    pub(crate) fn close(&self) {
        self.waiting.lock().closed = true;
        self.wake.notify_all();
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

/// The most rows in one transaction.
pub(crate) const BATCH: usize = 4096;
