use std::{sync::Arc, time::Instant};

use backstop_core::{Call, clock};
use parking_lot::Mutex;

/// What became of one call of a [`Script`](crate::Script).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallRecord {
    /// When it came in.
    pub arrived: Instant,
    /// The call, where the request was one: a clone, as it arrived.
    pub call: Option<Call>,
    /// How the response future ended.
    pub end: CallEnd,
    /// How the body ended.
    pub body: BodyEnd,
    /// When the call was over: the body ended, failed or was dropped, or the future failed or was dropped.
    pub over: Option<Instant>,
}

/// How a response future ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallEnd {
    /// Not yet.
    Running,
    /// With a response.
    Answered,
    /// With an error.
    Failed,
    /// It was dropped before it resolved.
    Dropped,
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyEnd {
    /// There is none: no response yet, or ever.
    Absent,
    /// It is being read, or waits to be.
    Open,
    /// It was read to its end.
    Ended,
    /// It failed as planned.
    Failed,
    /// It was dropped before its end.
    Dropped,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Records(Arc<Mutex<Vec<CallRecord>>>);

/// Notes the end of a response future, at the latest when it is dropped.
#[derive(Debug)]
pub(crate) struct CallProbe {
    records: Records,
    index: usize,
    settled: bool,
}

/// Notes the end of a body, at the latest when it is dropped.
#[derive(Debug)]
pub(crate) struct BodyProbe {
    records: Records,
    index: usize,
    settled: bool,
}

impl Records {
    pub(crate) fn begin(&self, call: Option<Call>, now: Instant) -> (usize, CallProbe) {
        let mut records = self.0.lock();
        let index = records.len();
        let (end, body) = (CallEnd::Running, BodyEnd::Absent);
        records.push(CallRecord { arrived: now, call, end, body, over: None });
        (index, CallProbe { records: self.clone(), index, settled: false })
    }

    pub(crate) fn snapshot(&self) -> Vec<CallRecord> {
        self.0.lock().clone()
    }

    fn update(&self, index: usize, change: impl FnOnce(&mut CallRecord)) {
        change(&mut self.0.lock()[index]);
    }
}

impl CallProbe {
    pub(crate) fn answered(mut self) -> BodyProbe {
        self.settled = true;
        self.records.update(self.index, |record| {
            record.end = CallEnd::Answered;
            record.body = BodyEnd::Open;
        });
        BodyProbe { records: self.records.clone(), index: self.index, settled: false }
    }

    pub(crate) fn failed(mut self) {
        self.settle(CallEnd::Failed);
    }

    fn settle(&mut self, end: CallEnd) {
        self.settled = true;
        self.records.update(self.index, |record| {
            record.end = end;
            record.over = Some(clock::now());
        });
    }
}

impl Drop for CallProbe {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(CallEnd::Dropped);
        }
    }
}

impl BodyProbe {
    pub(crate) fn ended(mut self) {
        self.settle(BodyEnd::Ended);
    }

    pub(crate) fn failed(mut self) {
        self.settle(BodyEnd::Failed);
    }

    fn settle(&mut self, end: BodyEnd) {
        self.settled = true;
        self.records.update(self.index, |record| {
            record.body = end;
            record.over = Some(clock::now());
        });
    }
}

impl Drop for BodyProbe {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(BodyEnd::Dropped);
        }
    }
}
