//! Requests, and hand-written readers of what comes back.

use backstop_simulator::{Broken, Dialect, Simulator};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower_service::Service;

pub(crate) const KEY: &str = "sk-test-0123456789abcdef";

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) frames: Vec<Bytes>,
    pub(crate) broken: Option<Broken>,
}

impl Read {
    pub(crate) fn empty() -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), frames: Vec::new(), broken: None }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.frames.concat()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes()).unwrap()
    }

    /// The data of each event, by hand: lines that end in LF, one data line an event.
    pub(crate) fn events(&self) -> Vec<Sse> {
        let text = self.text();
        assert!(text.is_empty() || text.ends_with("\n\n"), "the last event is whole");
        Sse::all(&text)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
    }
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sse {
    pub(crate) name: Option<String>,
    pub(crate) data: String,
}

impl Sse {
    /// The events of a stream.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        text.split_terminator("\n\n").map(Self::read).collect()
    }

    fn read(text: &str) -> Self {
        let mut event = Self { name: None, data: String::new() };
        for line in text.lines() {
            match line.split_once(": ").unwrap() {
                ("event", name) => event.name = Some(name.to_owned()),
                ("data", data) => event.data.push_str(data),
                (field, _) => panic!("field {field}"),
            }
        }
        event
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

pub(crate) fn openai(prompt: &str) -> Value {
    json!({"model": "gpt-4.1", "messages": [{"role": "user", "content": prompt}]})
}

pub(crate) fn anthropic(prompt: &str) -> Value {
    json!({"model": "claude-sonnet-4-5", "max_tokens": 1024, "messages": [{"role": "user", "content": prompt}]})
}

/// With the model and `stream`, which [`request`] puts into the path.
pub(crate) fn gemini(prompt: &str) -> Value {
    json!({"model": "gemini-2.5-flash", "contents": [{"role": "user", "parts": [{"text": prompt}]}]})
}

pub(crate) fn ask(dialect: Dialect, prompt: &str) -> Value {
    match dialect {
        Dialect::OpenAiChat => openai(prompt),
        Dialect::GeminiGenerate => gemini(prompt),
        _ => anthropic(prompt),
    }
}

pub(crate) fn streamed(mut body: Value) -> Value {
    body["stream"] = json!(true);
    body
}

pub(crate) fn request(dialect: Dialect, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut body = body.into();
    let builder = match dialect {
        Dialect::GeminiGenerate => {
            let (path, rest) = gemini_path(&body);
            body = rest;
            Request::post(path).header("x-goog-api-key", KEY)
        }
        Dialect::OpenAiChat => {
            Request::post("/v1/chat/completions").header("authorization", format!("Bearer {KEY}"))
        }
        _ => Request::post("/v1/messages").header("x-api-key", KEY).header("anthropic-version", "2023-06-01"),
    };
    builder.header("content-type", "application/json").body(Full::new(body)).unwrap()
}

/// Where a body goes that says its model and whether it is to stream, and what is left of it.
fn gemini_path(body: &Bytes) -> (String, Bytes) {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(body) else {
        return ("/v1beta/models/gemini-2.5-flash:generateContent".to_owned(), body.clone());
    };
    let model = body.remove("model").and_then(|model| model.as_str().map(str::to_owned));
    let stream = body.remove("stream") == Some(json!(true));
    let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    let is_plain =
        |model: &String| model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let model = model.filter(is_plain).unwrap_or_else(|| "gemini-2.5-flash".to_owned());
    (format!("/v1beta/models/{model}:{method}"), Value::Object(body).to_string().into())
}

pub(crate) async fn call(simulator: &Simulator, request: Request<Full<Bytes>>) -> Result<Read, Broken> {
    let response = simulator.clone().call(request).await?;
    let (parts, mut body) = response.into_parts();
    let mut read = Read { status: parts.status, headers: parts.headers, frames: Vec::new(), broken: None };
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => read.frames.push(frame.into_data().unwrap()),
            Err(broken) => {
                read.broken = Some(broken);
                break;
            }
        }
    }
    Ok(read)
}

pub(crate) async fn say(simulator: &Simulator, dialect: Dialect, body: &Value) -> Read {
    call(simulator, request(dialect, body.to_string())).await.unwrap()
}

/// What a whole answer says.
pub(crate) fn text_of(dialect: Dialect, answer: &Value) -> String {
    match dialect {
        Dialect::OpenAiChat => {
            answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
        }
        Dialect::GeminiGenerate => text_of_parts(answer),
        _ => {
            let blocks = answer["content"].as_array().unwrap();
            blocks
                .iter()
                .filter(|block| block["type"] == "text")
                .map(|block| block["text"].as_str().unwrap())
                .collect()
        }
    }
}

/// What a stream says, whatever else is in it.
pub(crate) fn text_of_events(dialect: Dialect, events: &[Sse]) -> String {
    let mut said = String::new();
    for event in events.iter().filter(|event| event.data != "[DONE]") {
        let json = event.json();
        let text = match dialect {
            Dialect::GeminiGenerate => {
                said.push_str(&text_of_parts(&json));
                continue;
            }
            Dialect::OpenAiChat => &json["choices"][0]["delta"]["content"],
            _ => &json["delta"]["text"],
        };
        said.push_str(text.as_str().unwrap_or_default());
    }
    said
}

/// The text of the first candidate's parts that are no thoughts.
fn text_of_parts(answer: &Value) -> String {
    let parts = answer["candidates"][0]["content"]["parts"].as_array().into_iter().flatten();
    parts.filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str()).collect()
}
