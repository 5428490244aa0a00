//! Reads OpenAI Chat Completions answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Observed, events, json, text};

pub(super) fn document(seen: &mut Observed) {
    let answer = json(seen);
    if answer["error"].is_object() {
        error(seen, answer);
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
    usage(seen, &answer["usage"]);
    if !text(&answer["id"]).starts_with("chatcmpl-") && !answer["id"].is_string() {
        seen.broken("no id");
    }
    seen.terminated = true;
}

pub(super) fn stream(seen: &mut Observed) {
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
            error(seen, chunk);
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
        usage(seen, &chunk["usage"]);
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
fn error(seen: &mut Observed, document: Value) {
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

fn usage(seen: &mut Observed, usage: &Value) {
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
