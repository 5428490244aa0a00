//! A store that fails: rows wait, what is too much is counted, and it goes on by itself.

use std::{fs, time::Duration};

use backstop_core::Cost;
use rusqlite::Connection;

use super::{Folder, T0, request, suite::tables_agree, usd};
use crate::{Ledger, LedgerConfig, Record, Report, StoreConfig};

fn one() -> Vec<Record> {
    request(0, "a", &[("openai/m", "success", Cost::Known(usd(1)))])
}

fn record(ledger: &Ledger, times: u32) {
    for record in (0..times).flat_map(|_| one()) {
        ledger.recorder().record(record);
    }
}

fn config(store: StoreConfig) -> LedgerConfig {
    // The rows are of a day that is long ago by now.
    let ever = Duration::from_secs(100 * 365 * 86_400);
    LedgerConfig::new(store)
        .with_flush(Duration::from_millis(20))
        .with_retention(ever)
        .with_rollup_retention(ever)
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

#[test]
fn a_locked_file_is_waited_for() {
    let folder = Folder::new();
    let ledger = Ledger::open(config(folder.store()).with_queue(10)).unwrap();
    record(&ledger, 1);
    until("written", || ledger.recorder().status().written() == 2);
    let other = Connection::open(folder.path().join("ledger.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    record(&ledger, 100);
    until("down", || !ledger.recorder().status().is_up());
    assert_eq!(ledger.recorder().status().dropped(), 190, "ten rows wait, and no more");
    assert_eq!(ledger.recorder().waiting(), 10);
    other.execute_batch("COMMIT").unwrap();
    until("written again", || ledger.recorder().status().written() == 12);
    assert!(ledger.recorder().status().is_up());
    ledger.close();
    assert_eq!(tables_agree(&folder.store()), 6);
}

#[test]
fn a_full_store_goes_on_when_there_is_room() {
    let folder = Folder::new();
    let path = folder.path().join("ledger.db");
    let store = StoreConfig::Sqlite { path: path.clone(), max_size: Some(2 << 20) };
    let ledger = Ledger::open(config(store).with_queue(1000)).unwrap();
    until("full", || {
        record(&ledger, 100);
        !ledger.recorder().status().is_up()
    });
    record(&ledger, 600);
    assert!(ledger.recorder().status().dropped() > 0);
    assert!(ledger.recorder().waiting() <= 1000);
    let other = Connection::open(&path).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other.execute_batch("DELETE FROM attempts; DELETE FROM requests; DELETE FROM hourly_attempts; DELETE FROM hourly_requests; DELETE FROM hourly_latency").unwrap();
    until("written again", || {
        // Each time, for what waits may fill it anew.
        let _ = other.execute_batch("DELETE FROM attempts; DELETE FROM requests; DELETE FROM hourly_attempts; DELETE FROM hourly_requests; DELETE FROM hourly_latency");
        ledger.recorder().status().is_up() && ledger.recorder().waiting() == 0
    });
    ledger.close();
    tables_agree(&folder.store());
}

#[test]
fn a_broken_file_is_put_aside() {
    let folder = Folder::new();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(config(folder.store())).unwrap();
    record(&ledger, 300);
    until("written", || ledger.recorder().status().written() == 600);
    ledger.close();
    // All but the header, which still says that it is SQLite's.
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let ledger = Ledger::open(config(folder.store())).unwrap();
    record(&ledger, 3);
    until("written anew", || ledger.recorder().status().written() == 6);
    ledger.close();
    assert_eq!(tables_agree(&folder.store()), 3);
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().contains("db.corrupt-")).count(), 1);
}

#[test]
fn a_file_that_never_was_a_ledger_stays_as_it_is() {
    let folder = Folder::new();
    let path = folder.path().join("ledger.db");
    let text = "my notes, which are longer than the header of a SQLite file. ".repeat(20);
    fs::write(&path, &text).unwrap();
    let ledger = Ledger::open(config(folder.store()).with_queue(4)).unwrap();
    record(&ledger, 10);
    until("down", || ledger.recorder().status().failures() >= 2);
    ledger.close();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert!(Report::read(&folder.store(), T0, T0 + 1).is_err());
}

#[test]
fn a_folder_that_cannot_be_written_stops_nobody() {
    let folder = Folder::new();
    fs::write(folder.path().join("file"), "").unwrap();
    let store = StoreConfig::sqlite(folder.path().join("file/ledger.db"));
    let ledger = Ledger::open(config(store).with_queue(4)).unwrap();
    until("down", || !ledger.recorder().status().is_up());
    record(&ledger, 10);
    assert_eq!((ledger.recorder().waiting(), ledger.recorder().status().dropped()), (4, 16));
    ledger.close();
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_may_come_late_and_go_in_between() {
    let mut server = super::server::Server::start();
    server.down();
    let ledger = Ledger::open(config(server.store())).unwrap();
    record(&ledger, 5);
    until("down", || !ledger.recorder().status().is_up());
    server.up();
    until("written", || ledger.recorder().status().written() == 10);
    server.down();
    record(&ledger, 5);
    until("down again", || !ledger.recorder().status().is_up());
    server.up();
    until("written again", || ledger.recorder().status().written() == 20);
    ledger.close();
    assert_eq!(tables_agree(&server.store()), 10);
}
