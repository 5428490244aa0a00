//! Tests of the whole crate.

mod faults;
#[cfg(feature = "postgres")]
mod server;
mod speed;
mod suite;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use backstop_core::{Cost, RequestId, Text, Usage, Usd};

use crate::{AttemptRow, Record, RequestRow, StoreConfig};

/// A folder that goes with this value.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("backstop-ledger-{}", RequestId::new()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn store(&self) -> StoreConfig {
        StoreConfig::sqlite(self.0.join("ledger.db"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The hour at which all tests play: 2026-01-01, 00:00 UTC.
pub(super) const T0: i64 = 1_767_225_600_000;

pub(super) fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

/// A request of the chain `writer` with a step for each `(target, outcome, cost)`, `at` milliseconds after [`T0`].
pub(super) fn request(
    at: i64,
    key: &'static str,
    steps: &[(&'static str, &'static str, Cost)],
) -> Vec<Record> {
    let (id, mut records, mut path) = (RequestId::new(), Vec::new(), Vec::<Text>::new());
    let (mut cost, mut reason) = (Cost::Known(Usd::ZERO), None);
    for (number, &(target, outcome, paid)) in (1..).zip(steps) {
        if path.last().is_none_or(|last| **last != *target) {
            reason = (number > 1).then(|| steps[number as usize - 2].1);
            path.push(target.into());
        }
        let success = outcome == "success";
        cost = cost.plus(paid);
        records.push(Record::Attempt(Box::new(AttemptRow {
            request: id,
            attempt: number,
            started: T0 + at,
            key: Some(key.into()),
            chain: Some("writer".into()),
            target: target.into(),
            position: path.len() as u32,
            outcome,
            status: Some(if success { 200 } else { 500 }),
            first_token: success.then_some(Duration::from_millis(200)),
            duration: Duration::from_millis(900),
            usage: success.then(|| usage(100, 20)),
            cost: paid,
            fallback_reason: reason,
        })));
    }
    let &(_, outcome, paid) = steps.last().unwrap();
    records.push(Record::Request(Box::new(RequestRow {
        request: id,
        received: T0 + at,
        key: Some(key.into()),
        chain: Some("writer".into()),
        dialect: "openai-chat",
        stream: true,
        outcome,
        status: Some(if outcome == "success" { 200 } else { 502 }),
        attempts: steps.len() as u32,
        first_token: None,
        duration: Duration::from_secs(1),
        fallback_reason: reason,
        in_flight: 5,
        cost,
        first_target_cost: (path.len() > 1 && outcome == "success").then_some(Cost::Known(usd(100))),
        answer_cost: (path.len() > 1 && outcome == "success").then_some(paid),
        path,
    })));
    records
}

/// So many 10⁻¹² dollars, and as many 10⁻²⁴ on top.
pub(super) const fn usd(picos: u128) -> Usd {
    Usd::from_yoctos(picos * 1_000_000_000_000 + picos)
}
