//! What the real binary writes down of requests: the right rows, and all but the last second of them when it is killed.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{collections::HashSet, path::Path, time::Duration};

use backstop_core::Dialect;
use backstop_simulator::{Answer, Behaviour, Fault, Script};
use backstop_tests::{
    client::Ask,
    gateway::Gateway,
    live::Live,
    program::{self, Folder},
    simulated::Simulated,
};
use serde_json::Value;

const CHAT: Dialect = Dialect::OpenaiChat;

async fn gateway(a: &Simulated, b: &Simulated, ledger: &Path) -> Gateway {
    Gateway::start(&format!(
        "ledger: {{ sqlite: {} }}
providers:
  a: {{ dialect: openai-chat, base_url: \"{}\", api_key: k }}
  b: {{ dialect: openai-chat, base_url: \"{}\", api_key: k }}
chains:
  writer: {{ targets: [a/alpha, b/beta] }}",
        ledger.display(),
        a.base_url(CHAT),
        b.base_url(CHAT)
    ))
    .await
}

/// The rows of a ledger, as `backstop report` exports them.
async fn rows(ledger: &Path, more: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["report", "--ledger", ledger.to_str().unwrap(), "--format", "jsonl"];
    arguments.extend(more);
    let ended = program::run(&arguments, &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_retried_and_aborted_requests_leave_their_rows() {
    let slow = Behaviour::from(Answer::tokens(60)).with(Fault::token_every(Duration::from_millis(200)));
    let failing = [Fault::status(500), Fault::status(500)].map(Behaviour::from);
    let a = Simulated::start(Script::new(failing).then_always(slow)).await;
    let b = Simulated::start(Script::always(Answer::tokens(5))).await;
    let folder = Folder::new();
    let ledger = folder.path().join("ledger.db");
    let gateway = gateway(&a, &b, &ledger).await;
    let (seen, _) = Ask::new(CHAT, "writer", "one").streamed(false).send(gateway.address()).await;
    assert!(seen.is_success(), "{}", seen.body);
    {
        let response = Ask::new(CHAT, "writer", "two").streamed(true).start(gateway.address()).await;
        Live::new(CHAT, response).until("w3").await;
    }
    a.simulator.wait_for_cancelled(1).await;
    gateway.signal("TERM").await;
    let (status, log) = gateway.ended().await;
    assert!(status.success(), "{log}");

    let attempts = rows(&ledger, &[]).await;
    let told: Vec<_> = attempts
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (text("target"), row["attempt"].as_u64().unwrap(), text("outcome"), text("fallback_reason"))
        })
        .collect();
    let row = |target: &str, attempt, outcome: &str, reason: &str| {
        (target.to_owned(), attempt, outcome.to_owned(), reason.to_owned())
    };
    assert_eq!(
        told,
        [
            row("a/alpha", 1, "server", ""),
            row("a/alpha", 2, "server", ""),
            row("b/beta", 3, "success", "server"),
            row("a/alpha", 1, "dropped", ""),
        ]
    );
    let (input, output) = seen.usage.unwrap();
    assert_eq!(
        (&attempts[2]["input"], &attempts[2]["output"]),
        (&input.into(), &output.into()),
        "what it told"
    );
    assert_eq!((&attempts[2]["position"], &attempts[0]["status"]), (&2.into(), &500.into()));
    assert!(attempts[3]["first_token_us"].as_u64().is_some());
    let requests = rows(&ledger, &["--requests"]).await;
    assert_eq!(requests.len(), 2);
    assert_eq!(
        (&requests[0]["path"], &requests[0]["outcome"]),
        (&"a/alpha > b/beta".into(), &"success".into())
    );
    assert_eq!((&requests[1]["path"], &requests[1]["outcome"]), (&"a/alpha".into(), &"dropped".into()));

    let report = program::run(&["report", "--ledger", ledger.to_str().unwrap(), "--json"], &[]).await;
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!((&report["all"]["requests"], &report["all"]["fell_over"]), (&2.into(), &1.into()));
    assert_eq!(report["fallback_reasons"][0]["reason"], "server");
    let table = program::run(&["report", "--ledger", ledger.to_str().unwrap()], &[]).await;
    assert!(table.out.contains("writer: a/alpha > b/beta"), "{}", table.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_no_more_than_the_last_flush() {
    let a = Simulated::start(Script::always(Answer::tokens(2))).await;
    let folder = Folder::new();
    let ledger = folder.path().join("ledger.db");
    let gateway = gateway(&a, &a, &ledger).await;
    let mut early = HashSet::new();
    let ask = async |ids: &mut HashSet<String>| {
        let (seen, _) = Ask::new(CHAT, "writer", "hello").send(gateway.address()).await;
        assert!(seen.is_success(), "{}", seen.body);
        ids.insert(seen.header("x-backstop-request-id").to_owned());
    };
    for _ in 0..100 {
        ask(&mut early).await;
    }
    // Under load on and on, for longer than a flush and one write take, however busy the machine is.
    let (mut late, started) = (HashSet::new(), tokio::time::Instant::now());
    while started.elapsed() < Duration::from_secs(4) {
        ask(&mut late).await;
    }
    gateway.signal("KILL").await;
    let (status, _) = gateway.ended().await;
    assert!(!status.success());

    let requests = rows(&ledger, &["--requests"]).await;
    let written: HashSet<_> =
        requests.iter().map(|row| row["request_id"].as_str().unwrap().to_owned()).collect();
    assert!(early.is_subset(&written), "{} of {}", early.intersection(&written).count(), early.len());
    assert!(written.iter().all(|id| early.contains(id) || late.contains(id)));
    let report = program::run(&["report", "--ledger", ledger.to_str().unwrap(), "--json"], &[]).await;
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["all"]["requests"].as_u64(), Some(written.len() as u64), "rows and roll-ups agree");
}
