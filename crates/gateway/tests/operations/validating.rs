//! Row 23 of the failures that a chain must survive: a provider that says one word for ever, or nothing, with a 200.

use std::time::Duration;

use backstop_simulator::{Answer, Behaviour, Fault, Scope, Script, Simulator};
use http::StatusCode;

use crate::gateway::{Gateway, until};

/// `a` misbehaves, `b` is well; `plain` judges nothing, the others do.
async fn gateway(a: &Simulator, b: &Simulator, dialect: &str) -> (Gateway, Vec<backstop_simulator::Server>) {
    let servers = vec![a.start().await.unwrap(), b.start().await.unwrap()];
    let a_url = if dialect == "anthropic-messages" { servers[0].url() } else { servers[0].v1() };
    let yaml = format!(
        "
providers:
  a: {{ dialect: {dialect}, base_url: \"{a_url}\", api_key: sk-a }}
  b: {{ dialect: openai-chat, base_url: \"{}\", api_key: sk-b }}
chains:
  plain:  {{ targets: [a/m, b/m] }}
  early:  {{ validate: {{ non_empty: true, repetition: true }}, targets: [a/m, b/m] }}
  buffer: {{ mid_stream: buffer, validate: {{ non_empty: true, repetition: true }}, targets: [a/m, b/m] }}
  json:   {{ validate: {{ json: always, json_schema: {{ type: object, required: [answer] }} }}, targets: [a/m, b/m] }}
",
        servers[1].v1()
    );
    (Gateway::start(&yaml, &[]).await, servers)
}

#[tokio::test]
async fn row_23_is_answered_by_b_where_a_validator_is_configured() {
    let loops = || Behaviour::from(Fault::repeat_forever(Duration::from_millis(1)));
    for dialect in ["openai-chat", "anthropic-messages"] {
        let (a, b) = (Simulator::new("a").with_key("sk-a"), Simulator::new("b").with_key("sk-b"));
        b.script(Scope::All, Script::always(Answer::text("This is what B says.")));
        let (gateway, _servers) = gateway(&a, &b, dialect).await;
        let cases = [
            (loops(), true, "repetition"),
            (Answer::blank().into(), true, "empty"),
            (Answer::blank().into(), false, "empty"),
            (Answer::repeated("la ").into(), false, "repetition"),
        ];
        for (at, (behaviour, streamed, rule)) in (1..).zip(cases) {
            for chain in ["early", "buffer"] {
                a.script(Scope::All, Script::always(behaviour.clone()));
                let series = format!("backstop_answers_rejected_total{{target=\"a/m\",rule=\"{rule}\"}}");
                let before = (a.requests().len(), gateway.metric(&series).await);
                let (status, answer) = gateway.callers.ask(chain, streamed).await;
                let what = format!("{dialect}, case {at} in chain {chain}: {answer}");
                assert_eq!(status, StatusCode::OK, "{what}");
                assert!(answer.contains("\"finish_reason\":\"stop\""), "{what}");
                // Streamed, the words come apart.
                assert!(answer.contains("This") && answer.contains("says"), "{what}");
                assert_eq!(a.requests().len(), before.0 + 1, "{what}");
                assert_eq!(gateway.metric(&series).await, before.1 + 1.0, "{what}");
            }
        }
        // Without a validator it is an answer like any other: what was seen above is the validator's doing.
        a.script(Scope::All, Script::always(Answer::blank()));
        let before = b.requests().len();
        let (status, answer) = gateway.callers.ask("plain", false).await;
        assert!(status == StatusCode::OK && !answer.contains("This"), "{answer}");
        assert_eq!(b.requests().len(), before);
        until("the calls that looped are let go", async || {
            gateway.metric(r#"backstop_attempts_in_flight{target="a/m"}"#).await == 0.0
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_that_is_not_the_document_falls_over_and_nobody_else_is_a_502() {
    let (a, b) = (Simulator::new("a").with_key("sk-a"), Simulator::new("b").with_key("sk-b"));
    let (gateway, _servers) = gateway(&a, &b, "openai-chat").await;
    b.script(Scope::All, Script::always(Answer::text("{\"answer\": 42}")));
    for wrong in ["Sure, here it is: {\"answer\": 42}", "{\"answer\": ", "{\"question\": 6}"] {
        a.script(Scope::All, Script::always(Answer::text(wrong)));
        let (status, answer) = gateway.callers.ask("json", false).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert!(answer.contains("{\\\"answer\\\": 42}") && !answer.contains("Sure"), "{answer}");
    }
    b.script(Scope::All, Script::always(Answer::text("I have no idea.")));
    let (status, error) = gateway.callers.ask("json", false).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(error.contains("answer_rejected"), "{error}");
    // Streamed, a document that goes wrong late has been let go: its end is an error event, never a finish.
    a.script(Scope::All, Script::always(Answer::text("{\"question\": 6}")));
    let (status, stream) = gateway.callers.ask("json", true).await;
    assert_eq!(status, StatusCode::OK);
    assert!(stream.contains("answer_rejected") && !stream.contains("\"finish_reason\":\"stop\""), "{stream}");
}

#[tokio::test]
async fn a_schema_that_cannot_be_used_is_an_error_at_the_start() {
    let folder = crate::gateway::Folder::new();
    let file = folder.0.join("backstop.yaml");
    let yaml = "
providers: { a: { dialect: openai-chat, base_url: \"http://127.0.0.1:1\" } }
chains: { c: { validate: { json_schema: { type: no-such-type } }, targets: [a/m] } }
";
    std::fs::write(&file, yaml).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_backstop"));
    let check = command.arg("check").arg("--config").arg(&file).env_clear().output().await.unwrap();
    assert_eq!(check.status.code(), Some(2));
    let error = String::from_utf8(check.stderr).unwrap();
    assert!(error.contains("chain `c`, target `a/m`: the JSON Schema cannot be used"), "{error}");

    std::fs::write(&file, yaml.replace("no-such-type", "object")).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_backstop"));
    let check = command.arg("check").arg("--config").arg(&file).env_clear().output().await.unwrap();
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(check.status.success() && said.contains("1. a/m (validate json_schema)"), "{said}");
}
