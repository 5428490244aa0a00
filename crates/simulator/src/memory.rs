//! The last requests, and what is left of those before them.

use crate::{record::Recorded, usage::Usage};

/// Records in the order of arrival; the oldest that are over are forgotten but for their counts.
#[derive(Debug)]
pub(crate) struct Memory {
    records: Vec<Recorded>,
    most: usize,
    /// The number of the next.
    next: u64,
    forgotten: Forgotten,
}

#[derive(Debug, Default)]
struct Forgotten {
    count: usize,
    cancelled: usize,
    told: Usage,
    billed: Usage,
}

impl Default for Memory {
    fn default() -> Self {
        Self { records: Vec::new(), most: MOST, next: 0, forgotten: Forgotten::default() }
    }
}

impl Memory {
    pub(crate) fn set_most(&mut self, most: usize) {
        self.most = most;
    }

    pub(crate) fn clear(&mut self) {
        self.records.retain(|record| !record.is_over());
        self.forgotten = Forgotten::default();
    }

    /// Adds a record; `record` is told its number.
    pub(crate) fn add(&mut self, record: impl FnOnce(u64) -> Recorded) -> u64 {
        let number = self.next;
        self.next += 1;
        self.records.push(record(number));
        // Only now and then, and a quarter at once, so that forgetting costs little.
        if self.records.len() > self.most + self.most / 4 {
            self.forget();
        }
        number
    }

    /// Notes something about a request; nothing if it is forgotten.
    pub(crate) fn note(&mut self, number: u64, note: impl FnOnce(&mut Recorded)) {
        if let Ok(at) = self.records.binary_search_by_key(&number, |record| record.number) {
            note(&mut self.records[at]);
        }
    }

    pub(crate) fn records(&self) -> &[Recorded] {
        &self.records
    }

    /// How many requests there were.
    pub(crate) fn arrived(&self) -> usize {
        self.records.len() + self.forgotten.count
    }

    /// How many requests are over, as every forgotten one is.
    pub(crate) fn over(&self) -> usize {
        self.records.iter().filter(|record| record.is_over()).count() + self.forgotten.count
    }

    /// How many requests were left by their callers.
    pub(crate) fn cancelled(&self) -> usize {
        self.records.iter().filter(|record| record.is_cancelled()).count() + self.forgotten.cancelled
    }

    pub(crate) fn told(&self) -> Usage {
        self.records.iter().map(Recorded::told).chain([self.forgotten.told]).sum()
    }

    pub(crate) fn billed(&self) -> Usage {
        self.records.iter().map(Recorded::billed).chain([self.forgotten.billed]).sum()
    }

    /// Forgets what is over and more than is to be remembered. What is under way stays.
    fn forget(&mut self) {
        let (mut excess, forgotten) = (self.records.len().saturating_sub(self.most), &mut self.forgotten);
        self.records.retain(|record| {
            if excess == 0 || !record.is_over() {
                return true;
            }
            excess -= 1;
            forgotten.count += 1;
            forgotten.cancelled += usize::from(record.is_cancelled());
            forgotten.told = [forgotten.told, record.told()].into_iter().sum();
            forgotten.billed = [forgotten.billed, record.billed()].into_iter().sum();
            false
        });
    }
}

/// How many requests are remembered where nobody says.
const MOST: usize = 65_536;
