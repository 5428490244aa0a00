//! Whatever comes in, something goes out and nothing panics.

use backstop_simulator::{Behaviour, Dialect, Fault, Simulator};
use http::Request;
use http_body_util::Full;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::common::{ask, call, request};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() })
}

/// Any JSON, of fields and words that requests know.
fn any_json() -> impl Strategy<Value = Value> {
    let words = [
        "user",
        "assistant",
        "tool",
        "text",
        "thinking",
        "tool_use",
        "tool_result",
        "function",
        "object",
        "array",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(words.to_vec()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        let names = proptest::sample::select(FIELDS).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(names, inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

const FIELDS: &[&str] = &[
    "anyOf",
    "content",
    "function",
    "id",
    "input_schema",
    "items",
    "json_schema",
    "max_tokens",
    "messages",
    "minItems",
    "model",
    "n",
    "name",
    "parameters",
    "properties",
    "required",
    "response_format",
    "role",
    "schema",
    "signature",
    "stop",
    "stop_sequences",
    "stream",
    "stream_options",
    "system",
    "text",
    "thinking",
    "tool_call_id",
    "tool_calls",
    "tool_choice",
    "tool_use_id",
    "tools",
    "type",
];

#[test]
fn any_body_gets_an_answer() {
    let (runtime, simulator) = (runtime(), Simulator::new("a").with_memory(10));
    let bodies = prop_oneof![
        any_json().prop_map(|json| json.to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..200),
    ];
    let outcome = runner(300).run(&bodies, |body| {
        for dialect in Dialect::ALL {
            let read = runtime.block_on(call(&simulator, request(dialect, body.clone()))).unwrap();
            prop_assert!(read.status == 200 || read.status == 400, "{}", read.text());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn any_field_may_be_anything() {
    let (runtime, simulator) = (runtime(), Simulator::new("a").with_memory(10));
    let fields = (proptest::sample::select(FIELDS), any_json());
    let outcome = runner(300).run(&fields, |(field, value)| {
        for dialect in Dialect::ALL {
            let mut body = ask(dialect, "hello");
            body[field] = value.clone();
            let read = runtime.block_on(call(&simulator, request(dialect, body.to_string()))).unwrap();
            prop_assert!(read.status == 200 || read.status == 400, "{}", read.text());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn any_faults_go_together() {
    let (runtime, simulator) = (runtime(), Simulator::new("a").with_memory(10));
    let words = proptest::collection::vec(proptest::sample::select(WORDS), 0..6);
    let outcome = runner(200).run(&(words, any::<bool>()), |(words, stream)| {
        let behaviour: Behaviour = words.join(";").parse().unwrap();
        simulator.set_behaviour(behaviour.with(Fault::head_after(std::time::Duration::ZERO)));
        for dialect in Dialect::ALL {
            let mut body = ask(dialect, "hello there");
            body["stream"] = json!(stream);
            let asked = call(&simulator, request(dialect, body.to_string()));
            // It may be silent or repeat itself for ever, but it does not panic.
            let limit = std::time::Duration::from_secs(100);
            let _ended = runtime.block_on(async { tokio::time::timeout(limit, asked).await.is_ok() });
        }
        Ok(())
    });
    outcome.unwrap();
}

/// One of each word.
pub(crate) const WORDS: &[&str] = &[
    "ok",
    "echo",
    "text=a",
    "tokens=9",
    "blank",
    "repeated=x",
    "calls=3",
    "json",
    "refusal=no",
    "filtered=x",
    "reasoning=so",
    "cache-read=999",
    "cache-write=999",
    "most-events=0",
    "reset",
    "no-answer",
    "refused",
    "tls",
    "status=503",
    "error=quota",
    "html",
    "broken-json",
    "empty-choices",
    "error-object",
    "redirect=http://x/",
    "dies=2",
    "dies=0 closed",
    "dies=99 reset",
    "silent=3",
    "error-event=1",
    "break-event=1",
    "no-sentinel",
    "never-ends",
    "pings=1s",
    "repeat-forever=1s",
    "cut-body=length",
    "cut-body=chunked",
    "header=a: b",
    "content-type=x/y",
    "retry-after=1",
    "retry-after-ms=1",
    "retry-at=9",
    "exhausted=9",
    "crlf",
    "cr",
    "comments",
    "bom",
    "split=3",
    "gzip",
    "deflate",
    "br",
    "obfuscated",
    "body-after=1s",
    "first-token-after=1s",
    "token-every=1s",
    "drip=1ms",
];

#[tokio::test(start_paused = true)]
async fn any_path_gets_an_answer() {
    let simulator = Simulator::new("a");
    for path in
        ["/", "/v1", "/v1/", "//", "/messages/count_tokens/", "/v1/models/", "*", "/v1/chat/completions/"]
    {
        let request = Request::post(path).header("authorization", "Bearer x").body(Full::default()).unwrap();
        let read = call(&simulator, request).await.unwrap();
        assert!(read.json()["error"].is_object(), "{path}: {}", read.text());
    }
}
