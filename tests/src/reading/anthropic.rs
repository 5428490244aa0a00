//! Reads Anthropic Messages answers.

use serde_json::Value;

use super::{Observed, events, json, text};

pub(super) fn document(seen: &mut Observed) {
    let answer = json(seen);
    if answer["type"] == "error" {
        error(seen, answer);
        return;
    }
    if answer["type"] != "message" || answer["role"] != "assistant" || !answer["id"].is_string() {
        seen.broken("no message");
    }
    seen.model = text(&answer["model"]);
    for block in answer["content"].as_array().into_iter().flatten() {
        said(seen, block);
        if block["type"] == "tool_use" {
            let arguments = block["input"].to_string();
            seen.tool_calls.push((text(&block["id"]), text(&block["name"]), arguments));
        }
    }
    seen.finish = answer["stop_reason"].as_str().map(str::to_owned);
    usage(seen, &answer["usage"]);
    seen.terminated = true;
}

pub(super) fn stream(seen: &mut Observed) {
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
                usage(seen, &event["message"]["usage"]);
            }
            "content_block_start" => {
                if open.is_some() || event["index"].as_u64() != Some(next) {
                    seen.broken("a block opened out of order");
                }
                (open, next) = (event["index"].as_u64(), next + 1);
                let block = &event["content_block"];
                said(seen, block);
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
                usage(seen, &event["usage"]);
            }
            "message_stop" => seen.terminated = true,
            "error" => error(seen, event),
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
fn error(seen: &mut Observed, document: Value) {
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

fn said(seen: &mut Observed, block: &Value) {
    match block["type"].as_str() {
        Some("text") => seen.text += &text(&block["text"]),
        Some("thinking") => seen.reasoning += &text(&block["thinking"]),
        Some("tool_use" | "redacted_thinking") => {}
        other => seen.broken(format!("unknown block {other:?}")),
    }
}

fn usage(seen: &mut Observed, usage: &Value) {
    let known = seen.usage.unwrap_or_default();
    let input = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    let input =
        usage["input_tokens"].is_u64().then(|| input.iter().filter_map(|name| usage[name].as_u64()).sum());
    let output = usage["output_tokens"].as_u64();
    if input.is_some() || output.is_some() {
        seen.usage = Some((input.unwrap_or(known.0), output.unwrap_or(known.1)));
    }
}
