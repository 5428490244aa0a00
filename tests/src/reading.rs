//! Reads answers the way a caller does, with none of Backstop's own codecs, so that both cannot share one misreading.

use std::collections::BTreeMap;

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
    match dialect {
        Dialect::AnthropicMessages => anthropic(status, headers, body),
        _ => openai(status, headers, body),
    }
}

/// Reads an OpenAI Chat Completions answer.
#[must_use]
pub fn openai(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Observed {
    let mut seen = begin(status, headers, body);
    if is_stream(&seen) {
        openai_stream(&mut seen)
    } else {
        openai_document(&mut seen)
    }
    seen
}

/// Reads an Anthropic Messages answer.
#[must_use]
pub fn anthropic(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Observed {
    let mut seen = begin(status, headers, body);
    if is_stream(&seen) {
        anthropic_stream(&mut seen)
    } else {
        anthropic_document(&mut seen)
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

fn document(seen: &mut Observed) -> Value {
    serde_json::from_str(&seen.body).unwrap_or_else(|error| {
        seen.broken(format!("the body is no JSON: {error}"));
        Value::Null
    })
}

fn openai_document(seen: &mut Observed) {
    let answer = document(seen);
    if answer["error"].is_object() {
        openai_error(seen, answer);
        return;
    }
    if answer["object"] != "chat.completion" || answer["choices"].as_array().map(Vec::len) != Some(1) {
        seen.broken("no completion with one choice");
    }
    let choice = &answer["choices"][0];
    let message = &choice["message"];
    seen.model = text(&answer["model"]);
    seen.text = text(&message["content"]) + &text(&message["refusal"]);
    seen.reasoning = text(&message["reasoning_content"]);
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let function = &call["function"];
        seen.tool_calls.push((text(&call["id"]), text(&function["name"]), text(&function["arguments"])));
    }
    seen.finish = choice["finish_reason"].as_str().map(str::to_owned);
    openai_usage(seen, &answer["usage"]);
    if !text(&answer["id"]).starts_with("chatcmpl-") && !answer["id"].is_string() {
        seen.broken("no id");
    }
    seen.terminated = true;
}

fn openai_stream(seen: &mut Observed) {
    let (mut role, mut finishes, mut ids) = (0, 0, Vec::new());
    let mut calls: BTreeMap<u64, (String, String, String)> = BTreeMap::new();
    for (name, data) in events(&seen.body.clone()) {
        if seen.terminated {
            seen.broken("an event after [DONE]");
        }
        if !name.is_empty() {
            seen.broken(format!("an event name, which this dialect has not: {name}"));
        }
        if data == "[DONE]" {
            seen.terminated = true;
            continue;
        }
        let Ok(chunk) = serde_json::from_str::<Value>(&data) else {
            seen.broken(format!("an event that is no JSON: {data}"));
            continue;
        };
        if seen.error.is_some() {
            seen.broken("a chunk after an error");
        }
        if chunk["error"].is_object() {
            openai_error(seen, chunk);
            continue;
        }
        if chunk["object"] != "chat.completion.chunk" {
            seen.broken(format!("no chunk: {data}"));
        }
        if !ids.contains(&text(&chunk["id"])) {
            ids.push(text(&chunk["id"]));
        }
        if chunk["model"].is_string() {
            seen.model = text(&chunk["model"]);
        }
        openai_usage(seen, &chunk["usage"]);
        for choice in chunk["choices"].as_array().into_iter().flatten() {
            let delta = &choice["delta"];
            role += usize::from(delta["role"].is_string());
            if finishes > 0 && !text(&delta["content"]).is_empty() {
                seen.broken("text after the finish reason");
            }
            seen.text += &(text(&delta["content"]) + &text(&delta["refusal"]));
            seen.reasoning += &text(&delta["reasoning_content"]);
            for call in delta["tool_calls"].as_array().into_iter().flatten() {
                let entry = calls.entry(call["index"].as_u64().unwrap_or_default()).or_default();
                if call["id"].as_str().is_some_and(|id| !id.is_empty()) {
                    if !entry.0.is_empty() {
                        seen.broken("a tool call's id came twice");
                    }
                    entry.0 = text(&call["id"]);
                    entry.1 = text(&call["function"]["name"]);
                }
                entry.2 += &text(&call["function"]["arguments"]);
            }
            if let Some(finish) = choice["finish_reason"].as_str() {
                finishes += 1;
                seen.finish = Some(finish.to_owned());
            }
        }
    }
    seen.tool_calls = calls.into_values().collect();
    if finishes > 1 {
        seen.broken(format!("{finishes} finish reasons"));
    }
    if role > 1 {
        seen.broken(format!("{role} roles"));
    }
    if ids.len() > 1 {
        seen.broken(format!("several ids: {ids:?}"));
    }
    if !seen.terminated {
        seen.broken("no [DONE]");
    }
}

/// An error has the fields that this dialect's clients read.
fn openai_error(seen: &mut Observed, document: Value) {
    let error = &document["error"];
    let has = |field: &str| error.get(field).is_some();
    if !(error["message"].is_string() && error["type"].is_string() && has("code") && has("param")) {
        seen.broken(format!("no error of this dialect: {document}"));
    }
    if seen.finish.is_some() {
        seen.broken("an error after the finish reason");
    }
    seen.error = Some(error.clone());
    seen.error_document = document;
}

fn openai_usage(seen: &mut Observed, usage: &Value) {
    if let (Some(input), Some(output)) =
        (usage["prompt_tokens"].as_u64(), usage["completion_tokens"].as_u64())
    {
        if usage["total_tokens"].as_u64() != Some(input + output) {
            seen.broken("total_tokens is not the sum");
        }
        if seen.usage.replace((input, output)).is_some() {
            seen.broken("usage came twice");
        }
    }
}

fn anthropic_document(seen: &mut Observed) {
    let answer = document(seen);
    if answer["type"] == "error" {
        anthropic_error(seen, answer);
        return;
    }
    if answer["type"] != "message" || answer["role"] != "assistant" || !answer["id"].is_string() {
        seen.broken("no message");
    }
    seen.model = text(&answer["model"]);
    for block in answer["content"].as_array().into_iter().flatten() {
        anthropic_block(seen, block);
        if block["type"] == "tool_use" {
            let arguments = block["input"].to_string();
            seen.tool_calls.push((text(&block["id"]), text(&block["name"]), arguments));
        }
    }
    seen.finish = answer["stop_reason"].as_str().map(str::to_owned);
    anthropic_usage(seen, &answer["usage"]);
    seen.terminated = true;
}

fn anthropic_stream(seen: &mut Observed) {
    let (mut open, mut next, mut started, mut stopped) = (None, 0, 0, 0);
    for (name, data) in events(&seen.body.clone()) {
        let Ok(event) = serde_json::from_str::<Value>(&data) else {
            seen.broken(format!("an event that is no JSON: {data}"));
            continue;
        };
        if text(&event["type"]) != name {
            seen.broken(format!("event {name} says that it is {}", event["type"]));
        }
        if seen.terminated || seen.error.is_some() {
            seen.broken(format!("{name} after the end"));
        }
        if (started == 1) == (name == "message_start") && name != "error" {
            seen.broken(format!("{name} after {started} starts"));
        }
        match name.as_str() {
            "message_start" => {
                started += 1;
                seen.model = text(&event["message"]["model"]);
                anthropic_usage(seen, &event["message"]["usage"]);
            }
            "content_block_start" => {
                if open.is_some() || event["index"].as_u64() != Some(next) {
                    seen.broken("a block opened out of order");
                }
                (open, next) = (event["index"].as_u64(), next + 1);
                let block = &event["content_block"];
                anthropic_block(seen, block);
                if block["type"] == "tool_use" {
                    seen.tool_calls.push((text(&block["id"]), text(&block["name"]), String::new()));
                }
            }
            "content_block_delta" => {
                if open.is_none() || event["index"].as_u64() != open {
                    seen.broken("a delta outside of its block");
                }
                let delta = &event["delta"];
                seen.text += &text(&delta["text"]);
                seen.reasoning += &text(&delta["thinking"]);
                if let Some(call) = seen.tool_calls.last_mut() {
                    call.2 += &text(&delta["partial_json"]);
                }
            }
            "content_block_stop" => {
                if open.is_none() || open.take() != event["index"].as_u64() {
                    seen.broken("a block closed that was not open");
                }
            }
            "message_delta" => {
                stopped += 1;
                if open.is_some() {
                    seen.broken("an end with an open block");
                }
                seen.finish = event["delta"]["stop_reason"].as_str().map(str::to_owned);
                anthropic_usage(seen, &event["usage"]);
            }
            "message_stop" => seen.terminated = true,
            "error" => anthropic_error(seen, event),
            "ping" => {}
            _ => seen.broken(format!("unknown event {name}")),
        }
    }
    for call in &mut seen.tool_calls {
        if call.2.is_empty() {
            call.2.push_str("{}");
        }
    }
    if seen.error.is_none() && (started, stopped, seen.terminated, open) != (1, 1, true, None) {
        seen.broken(format!(
            "{started} starts, {stopped} ends, terminated {}, open {open:?}",
            seen.terminated
        ));
    }
}

/// An error has the fields that this dialect's clients read.
fn anthropic_error(seen: &mut Observed, document: Value) {
    let error = &document["error"];
    if !(error["type"].is_string() && error["message"].is_string()) {
        seen.broken(format!("no error of this dialect: {document}"));
    }
    if seen.finish.is_some() {
        seen.broken("an error after the stop reason");
    }
    seen.error = Some(error.clone());
    seen.error_document = document;
}

fn anthropic_block(seen: &mut Observed, block: &Value) {
    match block["type"].as_str() {
        Some("text") => seen.text += &text(&block["text"]),
        Some("thinking") => seen.reasoning += &text(&block["thinking"]),
        Some("tool_use" | "redacted_thinking") => {}
        other => seen.broken(format!("unknown block {other:?}")),
    }
}

fn anthropic_usage(seen: &mut Observed, usage: &Value) {
    let known = seen.usage.unwrap_or_default();
    let input = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    let input =
        usage["input_tokens"].is_u64().then(|| input.iter().filter_map(|name| usage[name].as_u64()).sum());
    let output = usage["output_tokens"].as_u64();
    if input.is_some() || output.is_some() {
        seen.usage = Some((input.unwrap_or(known.0), output.unwrap_or(known.1)));
    }
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
