//! What a simulator says against what the providers were recorded to say.
//!
//! Reads the directory in `BACKSTOP_CORPUS`, by default `../shared/corpus` beside the workspace. Where the default is not
//! there, the tests say so and check nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use backstop_simulator::{Answer, ApiError, Behaviour, Dialect, Fault, Simulator};
use http::HeaderName;
use serde_json::{Value, json};

use crate::common::{Read, Sse, anthropic, ask, call, gemini, openai, request, say, streamed};

/// `path: type` of everything in a document, arrays taken together, and what callers put in left out.
type Shape = BTreeSet<String>;

fn directory() -> Option<PathBuf> {
    let named = std::env::var_os("BACKSTOP_CORPUS").map(PathBuf::from);
    let is_named = named.is_some();
    let directory =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"));
    if directory.is_dir() {
        return Some(directory);
    }
    assert!(!is_named, "{} is no directory", directory.display());
    report(&format!("no corpus at {}: nothing was compared", directory.display()));
    None
}

/// The recorded exchanges of a provider in its own dialect, each with its file's name.
fn exchanges(dialect: Dialect) -> Vec<(String, Value)> {
    let prefix = match dialect {
        Dialect::OpenAiChat => "openai-openai-chat-",
        Dialect::GeminiGenerate => "google-gemini-generate-",
        _ => "anthropic-anthropic-messages-",
    };
    let Some(directory) = directory() else { return Vec::new() };
    let mut read = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains(prefix) {
            read.push((name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()));
        }
    }
    report(&format!("{} exchanges of {dialect}", read.len()));
    assert!(read.len() > 10);
    read
}

#[expect(clippy::print_stdout, reason = "whoever runs it wants to know how much was compared")]
fn report(what: &str) {
    println!("{what}");
}

fn shape(prefix: &str, value: &Value, shape: &mut Shape) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            items.iter().for_each(|item| self::shape(&format!("{prefix}[]"), item, shape));
            "array"
        }
        Value::Object(fields) => {
            // What is in arguments of tools is theirs.
            let fields = fields.iter().filter(|_| !prefix.ends_with(".input") && !prefix.ends_with(".args"));
            fields.for_each(|(name, value)| self::shape(&format!("{prefix}.{name}"), value, shape));
            "object"
        }
    };
    shape.insert(format!("{prefix}: {kind}"));
}

/// The shapes of the events in `text`, each under the type of its event and the types of what it bears.
fn stream_shape(text: &str, all: &mut Shape) {
    for event in Sse::all(&text.replace("\r\n", "\n")).iter().filter(|event| event.data != "[DONE]") {
        let json = event.json();
        let names = [&json["type"], &json["content_block"]["type"], &json["delta"]["type"]];
        let under: Vec<_> = names.iter().filter_map(|name| name.as_str()).collect();
        shape(&format!("event {}", under.join(" ")), &json, all);
    }
}

fn whole_shape(document: &Value, all: &mut Shape) {
    shape("whole", document, all);
}

/// Every kind of answer, whole or streamed.
async fn answers(dialect: Dialect, stream: bool) -> Vec<Read> {
    let simulator = Simulator::new("a");
    let reasoning = Answer::text("x").with_reasoning("thus");
    let behaviours =
        [Answer::text("one two"), Answer::calls(2), Answer::refusal("no"), reasoning, Answer::filtered("x")];
    let mut reads = Vec::new();
    for behaviour in behaviours {
        simulator.set_behaviour(behaviour);
        let parameters = json!({"type": "object", "properties": {}});
        let mut body = match dialect {
            Dialect::OpenAiChat => openai("x"),
            Dialect::GeminiGenerate => gemini("x"),
            _ => anthropic("x"),
        };
        body["tools"] = match dialect {
            Dialect::GeminiGenerate => {
                json!([{"functionDeclarations": [{"name": "t", "parametersJsonSchema": parameters}]}])
            }
            Dialect::OpenAiChat => {
                json!([{"type": "function", "function": {"name": "t", "parameters": parameters}}])
            }
            _ => json!([{"name": "t", "input_schema": parameters}]),
        };
        if stream && dialect == Dialect::OpenAiChat {
            body["stream_options"] = json!({"include_usage": true});
        }
        reads.push(say(&simulator, dialect, &if stream { streamed(body) } else { body }).await);
    }
    reads
}

#[tokio::test(start_paused = true)]
async fn a_simulator_invents_no_shapes() {
    for dialect in Dialect::ALL {
        let exchanges = exchanges(dialect);
        if exchanges.is_empty() {
            continue;
        }
        let (mut recorded, mut said) = (Shape::new(), Shape::new());
        for (_, exchange) in exchanges.iter().filter(|(_, exchange)| exchange["response"]["status"] == 200) {
            match exchange["response"]["sse"].as_str() {
                Some(text) => stream_shape(text, &mut recorded),
                None => whole_shape(&exchange["response"]["body"], &mut recorded),
            }
        }
        for read in answers(dialect, false).await {
            whole_shape(&read.json(), &mut said);
        }
        for read in answers(dialect, true).await {
            stream_shape(&read.text(), &mut said);
        }
        let known = match dialect {
            Dialect::AnthropicMessages => ANTHROPIC_SPECIFIED,
            Dialect::GeminiGenerate => GEMINI_SPECIFIED,
            _ => &[],
        };
        let invented =
            said.difference(&recorded).filter(|path| !known.iter().any(|known| path.contains(known)));
        let invented: Vec<_> = invented.collect();
        assert!(invented.is_empty(), "{dialect}: {invented:#?}");
    }
}

/// Not in the recordings, but in the API reference: prompts and answers that are blocked.
const GEMINI_SPECIFIED: &[&str] = &[".promptFeedback", ".safetyRatings"];
/// Not in the recordings, but in the types of Anthropic's SDK.
const ANTHROPIC_SPECIFIED: &[&str] = &[".stop_details"];

#[tokio::test(start_paused = true)]
async fn errors_have_the_recorded_shape() {
    for dialect in Dialect::ALL {
        let failed =
            exchanges(dialect).into_iter().filter(|(_, exchange)| exchange["response"]["status"] != 200);
        let failed: Vec<_> = failed.collect();
        for (name, exchange) in &failed {
            let status = exchange["response"]["status"].as_u64().unwrap();
            let text = exchange["response"]["body"].to_string();
            let error = if text.contains("prompt is too long") {
                ApiError::ContextLength
            } else if text.contains("API_KEY_INVALID") {
                ApiError::WrongKey
            } else {
                ApiError::Status(u16::try_from(status).unwrap().try_into().unwrap())
            };
            let simulator = Simulator::new("a").with_behaviour(Behaviour::from(Fault::error(error)));
            let read = say(&simulator, dialect, &ask(dialect, "x")).await;
            let fields = |document: &Value| {
                let names =
                    |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
                (names(document), names(&document["error"]))
            };
            let (said, mut recorded) = (fields(&read.json()), fields(&exchange["response"]["body"]));
            if status == 404 {
                // The debugging information that Google's older version gives.
                recorded.1.remove("details");
            }
            assert_eq!(said, recorded, "{name}");
            assert_eq!(
                read.json()["error"]["status"],
                exchange["response"]["body"]["error"]["status"],
                "{name}"
            );
            assert_eq!(read.json()["error"]["type"], exchange["response"]["body"]["error"]["type"], "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_answered_here() {
    for dialect in Dialect::ALL {
        let simulator = Simulator::new("a");
        for (name, exchange) in exchanges(dialect) {
            if exchange["response"]["status"] != 200 {
                continue;
            }
            let mut body = exchange["request"]["body"].clone();
            if body.is_null() {
                continue;
            }
            if dialect == Dialect::GeminiGenerate {
                let path = exchange["request"]["path"].as_str().unwrap();
                body["stream"] = json!(path.contains(":stream"));
                body["model"] = json!(path.split(['/', ':']).nth(3).unwrap());
            }
            let mut asked = request(dialect, body.to_string());
            for (name, value) in exchange["request"]["headers"].as_object().unwrap() {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                asked.headers_mut().insert(name, value.as_str().unwrap().parse().unwrap());
            }
            let read = call(&simulator, asked).await.unwrap();
            if read.status == 400 {
                // Their signatures are not ours.
                let refused_by = simulator.requests().pop().unwrap().refused_by;
                let signatures =
                    [Some("thinking_signature"), Some("thought_signature"), Some("bytes-not-base64")];
                assert!(signatures.contains(&refused_by), "{name}: {}", read.text());
                assert!(
                    ["thinking", "thoughtSignature"].iter().any(|word| body.to_string().contains(word)),
                    "{name}"
                );
                continue;
            }
            assert_eq!(read.status, 200, "{name}: {}", read.text());
            for header in exchange["response"]["headers"].as_object().unwrap().keys() {
                let providers =
                    ["x-ratelimit-", "anthropic-ratelimit-", "openai-", "x-request-id", "request-id"];
                // Limits of images are told where there are images.
                if providers.iter().any(|prefix| header.starts_with(prefix))
                    && !header.ends_with("-input-images")
                {
                    assert!(read.headers.contains_key(header), "{name}: {header}");
                }
            }
            let stream = body["stream"] == true;
            assert_eq!(read.header("content-type").starts_with("text/event-stream"), stream, "{name}");
        }
    }
}
