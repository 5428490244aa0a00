//! What a Chat Completions request asks for.

use serde_json::Value;

use crate::{
    ask::{Ask, Choice, Format, Reasoning, Tool, tokens_in},
    reply::Form,
};

pub(super) fn ask(body: &Value) -> Ask {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let last = messages.last().unwrap_or(&Value::Null);
    let results = messages.iter().rev().take_while(|message| message["role"] == "tool");
    let mut results: Vec<_> = results.map(|message| text_of(&message["content"])).collect();
    results.reverse();
    let prefill = (last["role"] == "assistant").then(|| text_of(&last["content"]));
    Ask {
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        form: if body["stream"] == true { Form::Events } else { Form::Document },
        include_usage: body["stream_options"]["include_usage"].as_bool().unwrap_or(false),
        obfuscation: body["stream_options"]["include_obfuscation"].as_bool().unwrap_or(true),
        prompt: prompt(messages),
        results,
        prefill: prefill.filter(|text| !text.is_empty()),
        tools: tools(&body["tools"]),
        choice: choice(&body["tool_choice"]),
        parallel: body["parallel_tool_calls"].as_bool().unwrap_or(true),
        format: format(&body["response_format"]),
        max_tokens: body["max_completion_tokens"].as_u64().or_else(|| body["max_tokens"].as_u64()),
        stops: stops(&body["stop"]),
        logprobs: (body["logprobs"] == true).then(|| body["top_logprobs"].as_u64().unwrap_or(0)),
        answers: body["n"].as_u64().unwrap_or(1),
        reasoning: reasoning(&body["reasoning_effort"]),
        prompt_tokens: tokens_in(&body["messages"]) + tokens_in(&body["tools"]) + PER_REQUEST,
    }
}

/// The last user message, unless tools have answered since.
fn prompt(messages: &[Value]) -> String {
    let since_tool = messages.iter().rev().take_while(|message| message["role"] != "tool");
    let user =
        since_tool.filter(|message| message["role"] == "user").map(|message| text_of(&message["content"]));
    user.into_iter().next().unwrap_or_default()
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn tools(tools: &Value) -> Vec<Tool> {
    let functions = tools.as_array().into_iter().flatten().map(|tool| &tool["function"]);
    let named = functions.filter_map(|function| {
        let name = function["name"].as_str()?.to_owned();
        let none = serde_json::json!({"type": "object"});
        Some(Tool { name, schema: function.get("parameters").cloned().unwrap_or(none) })
    });
    named.collect()
}

fn choice(choice: &Value) -> Choice {
    match choice {
        Value::String(word) if word == "none" => Choice::Never,
        Value::String(word) if word == "required" => Choice::Any,
        Value::Object(_) => match choice["function"]["name"].as_str() {
            Some(name) => Choice::Named(name.to_owned()),
            None if choice["allowed_tools"]["mode"] == "required" => allowed(choice),
            None => Choice::Auto,
        },
        _ => Choice::Auto,
    }
}

fn allowed(choice: &Value) -> Choice {
    let first = choice["allowed_tools"]["tools"][0]["function"]["name"].as_str();
    first.map_or(Choice::Any, |name| Choice::Named(name.to_owned()))
}

fn format(format: &Value) -> Format {
    match format["type"].as_str() {
        Some("json_object") => Format::Json,
        Some("json_schema") => Format::Schema(format["json_schema"]["schema"].clone()),
        _ => Format::Text,
    }
}

fn stops(stop: &Value) -> Vec<String> {
    match stop {
        Value::String(one) => vec![one.clone()],
        Value::Array(some) => some.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn reasoning(effort: &Value) -> Reasoning {
    match effort.as_str() {
        None | Some("none") => Reasoning::Off,
        Some(_) => Reasoning::Hidden,
    }
}

/// Tokens that a request has beside its text.
const PER_REQUEST: u64 = 7;
