//! DeepSeek, Qwen and Mistral: their answers, streams and errors against what they were recorded to say.

use std::{collections::BTreeSet, fs, path::PathBuf};

use backstop_simulator::{Answer, ApiError, Behaviour, Dialect, Fault, Flavour, Simulator};
use serde_json::{Value, json};

use crate::common::{Read, Sse, call, request, say, streamed};

const FLAVOURS: [(Flavour, &str, &str); 3] = [
    (Flavour::Deepseek, "deepseek-openai-chat-", "deepseek-chat"),
    (Flavour::Qwen, "alibaba-openai-chat-", "qwen-plus"),
    (Flavour::Mistral, "mistral-mistral-chat-", "mistral-small-latest"),
];

fn body(model: &str) -> Value {
    let parameters = json!({"type": "object", "properties": {}});
    json!({"model": model, "messages": [{"role": "user", "content": "one two three"}],
        "tools": [{"type": "function", "function": {"name": "t", "parameters": parameters}}]})
}

async fn asked(flavour: Flavour, body: &Value, behaviour: impl Into<Behaviour>) -> Read {
    let simulator = Simulator::new("a").with_flavour(flavour).with_behaviour(behaviour);
    say(&simulator, Dialect::OpenAiChat, body).await
}

/// Text, reasoning, arguments of calls and finish reason of a stream.
fn read(events: &[Sse]) -> (String, String, Vec<String>, Value) {
    let (mut text, mut thoughts, mut calls, mut finish) =
        (String::new(), String::new(), Vec::new(), Value::Null);
    for event in events.iter().filter(|event| event.data != "[DONE]") {
        let choice = event.json()["choices"][0].clone();
        let delta = &choice["delta"];
        text.push_str(delta["content"].as_str().unwrap_or_default());
        thoughts.push_str(delta["reasoning_content"].as_str().unwrap_or_default());
        for chunk in delta["content"].as_array().into_iter().flatten() {
            thoughts.push_str(chunk["thinking"][0]["text"].as_str().unwrap_or_default());
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let at = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            if at == calls.len() {
                calls.push(String::new());
            }
            calls[at].push_str(call["function"]["arguments"].as_str().unwrap());
        }
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
    }
    (text, thoughts, calls, finish)
}

#[tokio::test(start_paused = true)]
async fn streams_bring_what_whole_answers_do() {
    for (flavour, _, model) in FLAVOURS {
        let mut asks = streamed(body(model));
        asks["stream_options"] = json!({"include_usage": true});
        if flavour == Flavour::Mistral {
            asks.as_object_mut().unwrap().remove("stream_options");
        }
        let answer = asked(flavour, &asks, Answer::text("one two").with_reasoning("think first")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let events = answer.events();
        let (text, thoughts, _, finish) = read(&events);
        assert_eq!(
            (text.as_str(), thoughts.as_str(), &finish),
            ("one two", "think first", &json!("stop")),
            "{flavour}"
        );
        let usage = events[events.len() - 2].json()["usage"].clone();
        assert!(usage["completion_tokens"].as_u64().unwrap() > 2, "{flavour}: {usage}");
        assert_eq!(events.last().unwrap().data, "[DONE]");

        let called = asked(flavour, &asks, Answer::calls(2)).await;
        let (_, _, calls, finish) = read(&called.events());
        assert_eq!(
            (calls, finish),
            (vec!["{}".to_owned(), "{}".to_owned()], json!("tool_calls")),
            "{flavour}"
        );
        let whole = asked(flavour, &body(model), Answer::calls(1)).await.json();
        let id = whole["choices"][0]["message"]["tool_calls"][0]["id"].as_str().unwrap().to_owned();
        let length = match flavour {
            Flavour::Mistral => 9,
            Flavour::Qwen => "call_".len() + 22,
            _ => "call_00_".len() + 20,
        };
        assert_eq!(id.len(), length, "{id}");
        let odd = asked(flavour, &body(model), Answer::text("x").with_finish("odd")).await.json();
        assert_eq!(odd["choices"][0]["finish_reason"], "odd");
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_thinks_where_it_is_told_to() {
    for (flavour, model, change, thinks) in [
        (Flavour::Deepseek, "deepseek-v4-flash", json!({}), true),
        (Flavour::Deepseek, "deepseek-v4-flash", json!({"thinking": {"type": "disabled"}}), false),
        (Flavour::Qwen, "qwen-plus", json!({}), false),
        (Flavour::Qwen, "qwen-plus", json!({"enable_thinking": true}), true),
        (Flavour::Mistral, "mistral-small-latest", json!({"reasoning_effort": "high"}), true),
        (Flavour::Mistral, "mistral-small-latest", json!({}), false),
    ] {
        let mut asks = body(model);
        asks.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let message = asked(flavour, &asks, Answer::echo()).await.json()["choices"][0]["message"].clone();
        let shows = message["reasoning_content"].is_string() || message["content"][0]["type"] == "thinking";
        assert_eq!(shows, thinks, "{flavour} {asks}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn errors_have_their_own_status_and_words() {
    for (flavour, error, status, words) in [
        (Flavour::Deepseek, ApiError::Quota, 402, "Insufficient Balance"),
        (Flavour::Deepseek, ApiError::ModelNotFound, 400, "Model Not Exist"),
        (Flavour::Deepseek, ApiError::ContentPolicy, 400, "Content Exists Risk"),
        (Flavour::Qwen, ApiError::Quota, 400, "Arrearage"),
        (Flavour::Qwen, ApiError::ContextLength, 400, "Range of input length should be"),
        (Flavour::Qwen, ApiError::ContentPolicy, 400, "data_inspection_failed"),
        (Flavour::Mistral, ApiError::ModelNotFound, 400, "\"1500\""),
        (Flavour::Mistral, ApiError::ContextLength, 400, "maximum context length"),
    ] {
        let model = FLAVOURS.iter().find(|(known, ..)| *known == flavour).unwrap().2;
        let read = asked(flavour, &body(model), Behaviour::from(Fault::error(error))).await;
        assert_eq!(read.status, status, "{flavour}");
        assert!(read.text().contains(words), "{flavour}: {}", read.text());
        assert!(!read.headers.contains_key("retry-after"), "{flavour}");
    }
    let throttled = asked(Flavour::Qwen, &body("qwen-plus"), Behaviour::from(Fault::status(429))).await;
    assert_eq!(throttled.json()["error"]["code"], "insufficient_quota");
}

/// The recorded exchanges of a server, where they are.
fn exchanges(prefix: &str) -> Vec<(String, Value)> {
    let named = std::env::var_os("BACKSTOP_CORPUS").map(PathBuf::from);
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let Ok(entries) = fs::read_dir(named.unwrap_or(default)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let of_it = paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix));
    let read = of_it.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap())
    });
    read.collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_is_answered_here_in_the_same_shapes() {
    for (flavour, prefix, model) in FLAVOURS {
        let exchanges = exchanges(prefix);
        println!("{} exchanges of {flavour}", exchanges.len());
        if exchanges.is_empty() {
            continue;
        }
        let simulator = Simulator::new("a").with_flavour(flavour);
        let (mut recorded, mut said) = (BTreeSet::new(), BTreeSet::new());
        for (name, exchange) in &exchanges {
            let response = &exchange["response"];
            if response["status"] == 200 {
                match response["sse"].as_str() {
                    Some(text) => Sse::all(text.trim_end_matches('\n'))
                        .iter()
                        .for_each(|event| shapes(event, &mut recorded)),
                    None => shape("whole", &response["body"], &mut recorded),
                }
            }
            let asks = &exchange["request"]["body"];
            // What was masked afterwards was not sent so; whole messages of others are not theirs.
            if asks.is_null() || asks.to_string().contains("REDACTED") || response["status"] == 401 {
                continue;
            }
            let read = call(&simulator, request(Dialect::OpenAiChat, asks.to_string())).await.unwrap();
            let is_unknown_model = response["body"]["code"] == "1500";
            if !is_unknown_model {
                assert_eq!(
                    u64::from(read.status.as_u16()),
                    response["status"].as_u64().unwrap(),
                    "{name}: {}",
                    read.text()
                );
            }
            if read.status != 200 {
                let keys =
                    |document: &Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
                assert_eq!(keys(&read.json()), keys(&response["body"]), "{name}");
            }
        }
        for behaviour in [Answer::text("x y"), Answer::calls(2), Answer::text("x").with_reasoning("thus")] {
            let asks = body(model);
            shape("whole", &asked(flavour, &asks, behaviour.clone()).await.json(), &mut said);
            asked(flavour, &streamed(asks), behaviour)
                .await
                .events()
                .iter()
                .for_each(|event| shapes(event, &mut said));
        }
        let invented: Vec<_> = said.difference(&recorded).collect();
        assert!(invented.is_empty(), "{flavour}: {invented:#?}");
    }
}

fn shapes(event: &Sse, all: &mut BTreeSet<String>) {
    if event.data != "[DONE]" {
        shape("event", &event.json(), all);
    }
}

/// `path: type` of everything in a document, arrays taken together.
fn shape(prefix: &str, value: &Value, all: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            items.iter().for_each(|item| shape(&format!("{prefix}[]"), item, all));
            "array"
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| shape(&format!("{prefix}.{name}"), value, all));
            "object"
        }
    };
    all.insert(format!("{prefix}: {kind}"));
}
