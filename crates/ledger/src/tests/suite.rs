//! What holds of every store. One suite, run on each.

use std::time::Duration;

use backstop_core::{Cost, Usd};
use serde_json::Value as Json;

use super::{Folder, T0, request, usd};
use crate::{
    ExportFormat, ExportTable, LedgerConfig, Record, Report, StoreConfig, StoreErrorKind,
    costs::join,
    database::{Value, connect},
    export, schema,
    store::Store,
};

#[test]
fn sqlite_passes() {
    let folder = Folder::new();
    suite(&folder.store());
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_passes() {
    let server = super::server::Server::start();
    suite(&server.store());
}

const HOUR: i64 = 3_600_000;

fn suite(config: &StoreConfig) {
    assert!(Report::read(config, T0, T0 + HOUR).is_err(), "there is no ledger yet");
    let mut store = Store::open(config, "one").unwrap();
    assert_eq!(tables_agree(config), 0);
    a_report_adds_up(config, &mut store);
    a_batch_is_written_once(config, &mut store);
    an_export_has_every_row(config);
    old_rows_go_and_rollups_stay(config, &mut store);
    the_schema_is_looked_at(config);
}

fn sample() -> Vec<Record> {
    let (known, failed) = (|picos| Cost::Known(usd(picos)), "server");
    [
        request(0, "a", &[("openai/m", "success", known(1000))]),
        request(1, "a", &[("openai/m", failed, known(7)), ("anthropic/n", "success", known(90))]),
        request(
            HOUR,
            "b",
            &[
                ("openai/m", failed, known(0)),
                ("openai/m", "rate_limited", known(0)),
                ("anthropic/n", "dropped", Cost::Estimated(usd(33))),
            ],
        ),
        request(HOUR + 1, "b", &[("openai/m", failed, known(1)), ("anthropic/n", failed, Cost::Unknown)]),
        request(HOUR + 2, "quote'\"; --", &[("openai/m", "success", Cost::Unknown)]),
    ]
    .concat()
}

fn a_report_adds_up(config: &StoreConfig, store: &mut Store) {
    store.write(1, &sample()).unwrap();
    let report = Report::read(config, T0 + 5, T0 + HOUR + 1).unwrap();
    assert_eq!((report.from, report.to), (T0 / 1000, (T0 + 2 * HOUR) / 1000), "widened to whole hours");
    let all = &report.all;
    assert_eq!((all.requests, all.succeeded, all.dropped, all.fell_over), (5, 3, 1, 3));
    assert_eq!((all.costs.known, all.costs.estimated, all.costs.unknown), (usd(1097), usd(33), 2));
    assert_eq!(all.usd_per_success.unwrap().to_string(), "0.000000000376", "rounded down");
    assert_eq!(report.chains.len(), 1);
    let path = report.paths.iter().find(|path| path.name == "openai/m > anthropic/n").unwrap();
    assert_eq!((path.requests, path.succeeded, path.costs.unknown), (3, 1, 1));
    assert_eq!(path.usd_per_success.unwrap().to_string(), "0.00000000013");
    let keys: Vec<_> = report.keys.iter().map(|key| (key.name.as_str(), key.requests)).collect();
    assert_eq!(keys, [("a", 2), ("b", 2), ("quote'\"; --", 1)]);
    let reasons: Vec<_> =
        report.fallback_reasons.iter().map(|row| (row.reason.as_str(), row.requests)).collect();
    assert_eq!(reasons, [("server", 2), ("rate_limited", 1)]);
    let [shift] = &report.shifts[..] else { panic!("{:?}", report.shifts) };
    assert_eq!((&*shift.first, &*shift.answered, shift.compared), ("openai/m", "anthropic/n", 1));
    assert_eq!(
        (shift.first_target_usd, shift.answer_usd, &*shift.shift_usd),
        (usd(100), usd(90), "-0.00000000001000000000001")
    );
    let openai = report.providers.iter().find(|provider| provider.provider == "openai").unwrap();
    assert_eq!((openai.calls, openai.failed, openai.error_percent), (6, 4, 66.67));
    assert_eq!(openai.kinds, [("server".to_owned(), 3), ("rate_limited".to_owned(), 1)]);
    let wasted: Vec<_> = report.wasted.iter().map(|row| (&*row.outcome, row.attempts, row.costs)).collect();
    assert_eq!(wasted.len(), 3);
    assert_eq!((wasted[0].0, wasted[0].1, wasted[0].2.estimated), ("dropped", 1, usd(33)));
    assert_eq!((wasted[2].0, wasted[2].1, wasted[2].2.known, wasted[2].2.unknown), ("server", 4, usd(8), 1));
    let model = report.models.iter().find(|model| model.target == "openai/m").unwrap();
    assert!((model.first_token_ms.unwrap().p50 - 200.0).abs() <= 200.0 * 0.032, "{model:?}");
    assert!((model.duration_ms.unwrap().p99 - 900.0).abs() <= 900.0 * 0.032, "{model:?}");
    let hours: Vec<_> =
        report.hours.iter().map(|hour| (hour.at, hour.requests, hour.failure_percent)).collect();
    assert_eq!(hours, [(0, 2, 0.0), (1, 3, 33.33)]);
    assert_eq!(report.load.iter().map(|load| (load.at, load.requests)).collect::<Vec<_>>(), [(4, 5)]);
    let text = report.to_string();
    for told in ["writer: openai/m > anthropic/n", "2 requests unknown", "-0.00000000001", "rate_limited"] {
        assert!(text.contains(told), "{told} in\n{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["all"]["known_usd"], "0.000000001097000000001097");
    let first = Report::read(config, T0, T0 + 1).unwrap();
    assert_eq!(first.all.requests, 2, "only the first hour");
    assert_eq!(tables_agree(config), 5);
}

fn a_batch_is_written_once(config: &StoreConfig, store: &mut Store) {
    store.write(1, &sample()).unwrap();
    assert_eq!(tables_agree(config), 5, "the writer's first batch is there already");
    let mut other = Store::open(config, "two").unwrap();
    other.write(1, &request(0, "a", &[("openai/m", "success", Cost::Known(usd(1)))])).unwrap();
    assert_eq!(tables_agree(config), 6, "another writer's first batch is not");
    store.write(2, &request(0, "a", &[("openai/m", "success", Cost::Known(usd(1)))])).unwrap();
    assert_eq!(tables_agree(config), 7);
}

fn an_export_has_every_row(config: &StoreConfig) {
    let mut out = Vec::new();
    let all = (T0, i64::MAX);
    let count = export(config, ExportTable::Attempts, ExportFormat::Jsonl, all, &mut out).unwrap();
    let lines: Vec<Json> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((count, lines.len()), (11, 11));
    let first = &lines[0];
    assert_eq!(first["started"], "2026-01-01T00:00:00Z");
    assert_eq!(
        (&first["input"], &first["audio_input"], &first["cost"]),
        (&100.into(), &0.into(), &"known".into())
    );
    let unknown = lines.iter().find(|line| line["cost"] == "unknown").unwrap();
    assert_eq!(unknown["cost_usd"], Json::Null);

    let mut out = Vec::new();
    let count = export(config, ExportTable::Requests, ExportFormat::Csv, all, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!((count, text.lines().count()), (7, 8));
    assert!(text.starts_with("request_id,received,attempts,key_name,chain,"), "{text}");
    assert!(text.contains(",\"quote'\"\"; --\",writer,openai-chat,1,openai/m,success,200,"), "{text}");
    let mut out = Vec::new();
    let some = (T0 + HOUR, T0 + HOUR + 2);
    assert_eq!(export(config, ExportTable::Requests, ExportFormat::Csv, some, &mut out).unwrap(), 2);
}

fn old_rows_go_and_rollups_stay(config: &StoreConfig, store: &mut Store) {
    let keeps = LedgerConfig::new(config.clone()).with_retention(Duration::from_secs(3600));
    assert!(!store.prune(&keeps, T0 + 2 * HOUR).unwrap());
    let mut out = Vec::new();
    let all = (i64::MIN, i64::MAX);
    assert_eq!(export(config, ExportTable::Requests, ExportFormat::Csv, all, &mut out).unwrap(), 3);
    assert_eq!(Report::read(config, T0, T0 + 2 * HOUR).unwrap().all.requests, 7);
    let keeps = keeps.with_rollup_retention(Duration::from_secs(3600));
    store.prune(&keeps, T0 + 2 * HOUR).unwrap();
    assert_eq!(Report::read(config, T0, T0 + 2 * HOUR).unwrap().all.requests, 3);
}

fn the_schema_is_looked_at(config: &StoreConfig) {
    let mut database = connect(config, true).unwrap();
    schema::migrate(&mut *database).unwrap();
    database
        .run("INSERT INTO backstop_schema (step, applied_ms) VALUES ($1, $2)", &[99_i64.into(), 0_i64.into()])
        .unwrap();
    assert_eq!(Store::open(config, "late").err().unwrap().kind, StoreErrorKind::Newer);
    assert_eq!(Report::read(config, T0, T0 + 1).unwrap_err().kind, StoreErrorKind::Newer);
    database.run("DELETE FROM backstop_schema WHERE step = $1", &[99_i64.into()]).unwrap();
}

/// The roll-ups say what the rows say. Gives how many requests there are.
pub(super) fn tables_agree(config: &StoreConfig) -> u64 {
    let mut database = connect(config, false).unwrap();
    let mut rows = |sql: &str| {
        let (mut count, mut sum) = (0, Usd::ZERO);
        let mut add = |row: &[Value<'_>]| {
            count += 1;
            sum = sum.plus(row[0].text().parse().unwrap_or_default());
        };
        database.rows(sql, &[], &mut add).unwrap();
        (count, sum)
    };
    let requests = rows("SELECT cost_usd FROM requests");
    let attempts = rows("SELECT cost_usd FROM attempts");
    let mut rolled = |table: &str, count: &str| {
        let sql = format!(
            "SELECT {count}, known_pico_usd, known_rest, estimated_pico_usd, estimated_rest FROM {table}"
        );
        let (mut all, mut sum) = (0, Usd::ZERO);
        let mut add = |row: &[Value<'_>]| {
            all += row[0].count();
            let amounts = [join(row[1].count(), row[2].count()), join(row[3].count(), row[4].count())];
            sum = sum.plus(amounts.into_iter().sum());
        };
        database.rows(&sql, &[], &mut add).unwrap();
        (all, sum)
    };
    assert_eq!(requests, rolled("hourly_requests", "requests"));
    assert_eq!(attempts, rolled("hourly_attempts", "attempts"));
    requests.0
}
