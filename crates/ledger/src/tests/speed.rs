//! Figures, printed: `--release --nocapture` shows those of a release build. The bounds here are for debug builds
//! on a busy machine.

use std::time::{Duration, Instant};

use backstop_core::Cost;

use super::{Folder, T0, request, usd};

use crate::{LedgerConfig, Recorder, Report, StoreConfig, status::Status, store::Store};

const RELEASE: bool = !cfg!(debug_assertions);

#[expect(clippy::disallowed_methods, reason = "measures")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn rows(requests: u32, from: u32) -> Vec<crate::Record> {
    const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const TARGETS: [&str; 6] = ["openai/a", "openai/b", "anthropic/c", "mistral/d", "xai/e", "groq/f"];
    let known = |n: u32| Cost::Known(usd(n.into()));
    (from..from + requests)
        .flat_map(|n| {
            let at = i64::from(n) * 604_800 % 604_800_000; // over a week
            let (first, second) = (TARGETS[n as usize % 6], TARGETS[(n as usize + 1) % 6]);
            let key = KEYS[n as usize / 7 % 8];
            match n % 10 {
                0 => request(at, key, &[(first, "server", known(0)), (second, "success", known(n))]),
                1 => request(at, key, &[(first, "dropped", known(n))]),
                _ => request(at, key, &[(first, "success", known(n))]),
            }
        })
        .collect()
}

/// A million rows of attempts and requests in a release build, fewer in a debug one.
#[test]
fn a_report_over_many_rows_takes_less_than_a_second() {
    let folder = Folder::new();
    let wanted = if RELEASE { 1_000_000 } else { 50_000 };
    let figures = report_over(&folder.store(), wanted);
    println!("sqlite: {figures}");
}

#[cfg(feature = "postgres")]
#[test]
fn so_does_one_from_postgres() {
    let server = super::server::Server::start();
    let wanted = if RELEASE { 1_000_000 } else { 10_000 };
    let figures = report_over(&server.store(), wanted);
    println!("postgres: {figures}");
}

fn report_over(store: &StoreConfig, wanted: usize) -> String {
    let mut writer = Store::open(store, "speed").unwrap();
    let (mut written, mut number, mut from, mut writing) = (0, 1, 0, Duration::ZERO);
    while written < wanted {
        let batch = rows(1900, from);
        from += 1900;
        let (done, took) = timed(|| writer.write(number, &batch));
        done.unwrap();
        writing += took;
        written += batch.len();
        number += 1;
    }
    let (report, took) = timed(|| Report::read(store, T0, T0 + 7 * 86_400_000).unwrap());
    assert_eq!(report.all.requests, u64::from(from));
    assert!(took < Duration::from_secs(if RELEASE { 1 } else { 10 }), "{took:?}");
    let each = writing / u32::try_from(written).unwrap();
    if RELEASE {
        // The figure is of a machine of one's own; here others may run.
        assert!(each < Duration::from_micros(100), "{each:?} a row");
    }
    format!("{written} rows, {each:?} a row to write, {took:?} to report")
}

#[test]
fn a_push_is_short_and_the_queue_bounded() {
    let config = LedgerConfig::new(StoreConfig::sqlite("nowhere"));
    let recorder = Recorder::new(config.queue, std::sync::Arc::new(Status::default()));
    let rows = rows(40_000, 0);
    let count = u32::try_from(rows.len()).unwrap();
    let ((), took) = timed(|| {
        for row in rows {
            recorder.record(row);
        }
    });
    println!("{:?} a push", took / count);
    assert!(took / count < Duration::from_micros(20), "{:?}", took / count);
    assert_eq!(recorder.waiting(), config.queue);
    assert_eq!(recorder.status().dropped(), u64::from(count) - 65_536);
}
