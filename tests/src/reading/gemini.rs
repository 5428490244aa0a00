//! Reads Gemini `generateContent` and `streamGenerateContent` answers.

use serde_json::Value;

use super::{Observed, events, json, text};

pub(super) fn document(seen: &mut Observed) {
    let answer = json(seen);
    if answer["error"].is_object() {
        error(seen, answer);
        return;
    }
    chunk(seen, &answer);
    usage(seen, &answer["usageMetadata"]);
    if answer["candidates"].as_array().map(Vec::len) != Some(1) {
        seen.broken("no answer with one candidate");
    }
    seen.terminated = seen.finish.is_some();
}

/// Each event is a whole answer with what is new; the one with the finish reason is the last.
pub(super) fn stream(seen: &mut Observed) {
    let mut ids = Vec::new();
    for (name, data) in events(&seen.body.clone()) {
        if !name.is_empty() {
            seen.broken(format!("an event name, which this dialect has not: {name}"));
        }
        let Ok(answer) = serde_json::from_str::<Value>(&data) else {
            seen.broken(format!("an event that is no JSON: {data}"));
            continue;
        };
        if seen.terminated || seen.error.is_some() {
            seen.broken(format!("a chunk after the end: {data}"));
        }
        // Google's SDK for Python knows an error by how its text begins.
        if answer["error"].is_object() != data.trim_start().starts_with("{\"error\":") {
            seen.broken(format!("an error that is not the first field: {data}"));
        }
        if answer["error"].is_object() {
            error(seen, answer);
            continue;
        }
        if !ids.contains(&text(&answer["responseId"])) {
            ids.push(text(&answer["responseId"]));
        }
        chunk(seen, &answer);
        usage(seen, &answer["usageMetadata"]);
        seen.terminated = seen.finish.is_some();
    }
    if ids.len() > 1 {
        seen.broken(format!("several ids: {ids:?}"));
    }
    if seen.error.is_none() && !seen.terminated {
        seen.broken("no finish reason");
    }
}

fn chunk(seen: &mut Observed, answer: &Value) {
    if !answer["responseId"].is_string() || !answer["modelVersion"].is_string() {
        seen.broken(format!("no answer of this dialect: {answer}"));
    }
    seen.model = text(&answer["modelVersion"]);
    for candidate in answer["candidates"].as_array().into_iter().flatten() {
        let content = &candidate["content"];
        if !content.is_null() && content["role"] != "model" {
            seen.broken(format!("content of {}", content["role"]));
        }
        for part in content["parts"].as_array().into_iter().flatten() {
            let said = text(&part["text"]);
            let call = &part["functionCall"];
            match (part["thought"] == true, call.is_object()) {
                (_, true) => {
                    seen.tool_calls.push((text(&call["id"]), text(&call["name"]), call["args"].to_string()))
                }
                (true, false) => seen.reasoning += &said,
                (false, false) => seen.text += &said,
            }
        }
        if let Some(finish) = candidate["finishReason"].as_str()
            && seen.finish.replace(finish.to_owned()).is_some()
        {
            seen.broken("two finish reasons");
        }
    }
}

/// What is told last holds: each chunk counts all that was said so far.
fn usage(seen: &mut Observed, usage: &Value) {
    let Some(input) = usage["promptTokenCount"].as_u64() else { return };
    let of = |name: &str| usage[name].as_u64().unwrap_or_default();
    let (input, output) =
        (input + of("toolUsePromptTokenCount"), of("candidatesTokenCount") + of("thoughtsTokenCount"));
    if usage["totalTokenCount"].as_u64() != Some(input + output) {
        seen.broken("totalTokenCount is not the sum");
    }
    seen.usage = Some((input, output));
}

/// An error has the fields that this dialect's clients read.
fn error(seen: &mut Observed, document: Value) {
    let error = &document["error"];
    let code = error["code"].as_u64();
    if !(code.is_some() && error["message"].is_string() && error["status"].is_string()) {
        seen.broken(format!("no error of this dialect: {document}"));
    }
    if seen.status != http::StatusCode::OK && code != Some(seen.status.as_u16().into()) {
        seen.broken(format!("code {code:?} with status {}", seen.status));
    }
    if code.is_some_and(|code| !(400..600).contains(&code)) {
        seen.broken(format!("code {code:?} is no error's"));
    }
    if seen.finish.is_some() {
        seen.broken("an error after the finish reason");
    }
    seen.error = Some(error.clone());
    seen.error_document = document;
}
