//! What a reload keeps, and what it begins anew.

use http::StatusCode;
use serde_json::Value;

use crate::{gateway::Gateway, provider::Provider};

struct Setting<'a> {
    a: &'a Provider,
    b: &'a Provider,
    key: &'a str,
    breaker: &'a str,
    more: &'a str,
}

impl Setting<'_> {
    fn yaml(&self) -> String {
        format!(
            "
providers:
  a: {{ dialect: openai-chat, base_url: \"{}\", api_key: {} }}
  b: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-b }}
  # A 401 cools the whole key: one of its own, so that the two do not mix.
  c: {{ dialect: openai-chat, base_url: \"{}\", api_key: {} }}
chains:
  breaks: {{ retries: 0, breaker: {{ {} }}, targets: [a/busy, b/good] }}
  cools: {{ targets: [c/refuses, b/good] }}
{}
",
            self.a.base_url, self.key, self.b.base_url, self.a.base_url, self.key, self.breaker, self.more
        )
    }
}

/// Whether `target`'s breaker is open, by `/state`.
fn is_open(state: &Value, target: &str) -> bool {
    let breakers = state["breakers"].as_array().unwrap();
    let breaker = breakers.iter().find(|breaker| breaker["target"] == target).unwrap();
    breaker["state"] == "open"
}

#[tokio::test]
async fn breakers_and_cooldowns_live_as_long_as_their_target_stays_what_it_is() {
    let (a, b) = (Provider::start().await, Provider::start().await);
    let first = Setting {
        a: &a,
        b: &b,
        key: "sk-1",
        breaker: "consecutive_failures: 2, open: 1h, max_open: 1h",
        more: "",
    };
    let gateway = Gateway::start(&first.yaml(), &["--no-watch"]).await;
    let ask = async |chain: &str| assert_eq!(gateway.callers.ask(chain, false).await.0, StatusCode::OK);
    for _ in 0..3 {
        ask("breaks").await;
        ask("cools").await;
    }
    assert_eq!((a.asked("busy"), a.asked("refuses")), (2, 1), "the breaker opened, the key cools");
    assert!(is_open(&gateway.state().await, "a/busy"));

    // Something else changes: nothing is forgotten.
    let other = Setting { more: "aliases: { another: breaks }", ..first };
    gateway.reload(&other.yaml()).await;
    ask("another").await;
    ask("cools").await;
    assert_eq!((a.asked("busy"), a.asked("refuses")), (2, 1));
    let state = gateway.state().await;
    assert!(is_open(&state, "a/busy"));
    assert_eq!(state["config"]["changes"], "alias another added");

    // Other figures: another breaker. The key still cools.
    let figures = Setting { breaker: "consecutive_failures: 3, open: 1h, max_open: 1h", ..other };
    gateway.reload(&figures.yaml()).await;
    for _ in 0..4 {
        ask("breaks").await;
        ask("cools").await;
    }
    assert_eq!((a.asked("busy"), a.asked("refuses")), (5, 1));

    // Another key: nothing that was known of the old one holds.
    let key = Setting { key: "sk-2", ..figures };
    gateway.reload(&key.yaml()).await;
    ask("breaks").await;
    ask("cools").await;
    assert_eq!((a.asked("busy"), a.asked("refuses")), (6, 2));
}

#[tokio::test]
async fn a_bad_file_is_told_loudly_and_changes_nothing() {
    let provider = Provider::start().await;
    let good = format!(
        "providers: {{ a: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-secret }} }}
chains: {{ writer: {{ targets: [a/good] }} }}
",
        provider.base_url
    );
    let gateway = Gateway::start(&good, &["--no-watch"]).await;
    gateway.reload(&good.replace("targets", "tragets")).await;
    assert_eq!(gateway.callers.ask("writer", false).await.0, StatusCode::OK);
    assert_eq!(gateway.admin.get("/readyz").await.0, StatusCode::OK);
    assert_eq!(gateway.metric("backstop_config_good").await, 0.0);
    let state = gateway.state().await;
    assert_eq!(state["config"]["good"], false);
    let error = state["config"]["errors"][0].as_str().unwrap();
    assert!(error.contains("backstop.yaml:3:21: unknown field `tragets`"), "{error}");
    let log = gateway.log();
    let line = log.lines().find(|line| line.contains("last good one serves on")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["level"], &line["line"], &line["column"]), (&"ERROR".into(), &3.into(), &21.into()));
    assert!(line["file"].as_str().unwrap().ends_with("backstop.yaml"));
    assert!(!log.contains("sk-secret"));

    // A listener cannot move.
    let moved = format!("server: {{ listen: \"127.0.0.1:1\", admin: \"127.0.0.1:0\" }}\n{good}");
    gateway.reload(&moved).await;
    assert!(gateway.log().lines().any(|line| line.contains("\"WARN\"") && line.contains("server.listen")));
    assert_eq!(gateway.callers.ask("writer", false).await.0, StatusCode::OK);
    assert_eq!(gateway.state().await["config"]["good"], true);
}
