//! Reads answers the way a caller does, with none of Backstop's own codecs, so that both cannot share one misreading.

mod anthropic;
mod gemini;
mod openai;

use backstop_core::Dialect;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// What a caller got.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Observed {
    /// The response's status.
    pub status: StatusCode,
    /// The response's headers.
    pub headers: HeaderMap,
    /// All visible text.
    pub text: String,
    /// All reasoning.
    pub reasoning: String,
    /// Tool calls in order: id, name, arguments.
    pub tool_calls: Vec<(String, String, String)>,
    /// The finish or stop reason, in the dialect's word.
    pub finish: Option<String>,
    /// All input and all output tokens.
    pub usage: Option<(u64, u64)>,
    /// The model that the answer names.
    pub model: String,
    /// The error object, whether it is of a whole body or of an event of a stream.
    pub error: Option<Value>,
    /// The document or event that the error object stands in.
    pub error_document: Value,
    /// Whether the stream came to its dialect's own terminator.
    pub terminated: bool,
    /// What broke the dialect's grammar, in words. Empty for a good answer.
    pub broken: Vec<String>,
    /// The body as it came.
    pub body: String,
}

impl Observed {
    /// Whether this is a whole, good answer.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == StatusCode::OK
            && self.error.is_none()
            && self.finish.is_some()
            && self.broken.is_empty()
    }

    /// A response header as text; empty where it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The error's stable type.
    #[must_use]
    pub fn error_type(&self) -> &str {
        let it = &self.error_document;
        it["error"]["error_type"].as_str().or_else(|| it["error_type"].as_str()).unwrap_or_default()
    }

    /// What the error says.
    #[must_use]
    pub fn message(&self) -> &str {
        self.error_document["error"]["message"].as_str().unwrap_or_default()
    }

    /// The steps that the error tells of: target and outcome.
    #[must_use]
    pub fn attempts(&self) -> Vec<(String, String)> {
        let it = &self.error_document;
        let attempts = it["error"]["metadata"]["attempts"].as_array().or_else(|| it["attempts"].as_array());
        attempts
            .into_iter()
            .flatten()
            .map(|attempt| (text(&attempt["target"]), text(&attempt["outcome"])))
            .collect()
    }

    fn broken(&mut self, what: impl Into<String>) {
        self.broken.push(what.into());
    }
}

/// Reads an answer in `dialect`.
#[must_use]
pub fn read(dialect: Dialect, status: StatusCode, headers: HeaderMap, body: &[u8]) -> Observed {
    let mut seen = begin(status, headers, body);
    match (dialect, is_stream(&seen)) {
        (Dialect::AnthropicMessages, false) => anthropic::document(&mut seen),
        (Dialect::AnthropicMessages, true) => anthropic::stream(&mut seen),
        (Dialect::GeminiGenerate, false) => gemini::document(&mut seen),
        (Dialect::GeminiGenerate, true) => gemini::stream(&mut seen),
        (_, false) => openai::document(&mut seen),
        (_, true) => openai::stream(&mut seen),
    }
    seen
}

fn begin(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Observed {
    let mut seen = Observed { status, headers, ..Observed::default() };
    match std::str::from_utf8(body) {
        Ok(body) => body.clone_into(&mut seen.body),
        Err(_) => seen.broken("the body is not UTF-8"),
    }
    seen
}

fn is_stream(seen: &Observed) -> bool {
    seen.header("content-type").starts_with("text/event-stream")
}

fn json(seen: &mut Observed) -> Value {
    serde_json::from_str(&seen.body).unwrap_or_else(|error| {
        seen.broken(format!("the body is no JSON: {error}"));
        Value::Null
    })
}

/// The events of a stream: name and data, by the standard's rules for what is well formed.
fn events(body: &str) -> Vec<(String, String)> {
    let mut events = Vec::new();
    let body = body.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    for block in body.split("\n\n") {
        let (mut name, mut data) = (String::new(), Vec::new());
        for line in block.lines() {
            if let Some(value) = line.strip_prefix("event:") {
                value.trim_start().clone_into(&mut name);
            } else if let Some(value) = line.strip_prefix("data:") {
                data.push(value.strip_prefix(' ').unwrap_or(value));
            }
        }
        if !data.is_empty() {
            events.push((name, data.join("\n")));
        }
    }
    events
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
