//! What a Messages request asks for.

use serde_json::Value;

use crate::{
    ask::{Ask, Choice, Format, Reasoning, Tool, tokens_in},
    reply::Form,
};

pub(super) fn ask(body: &Value) -> Ask {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    // Neighbouring turns of one role are one turn.
    let role = messages.last().map_or(&Value::Null, |last| &last["role"]);
    let first = messages.iter().rposition(|message| message["role"] != *role).map_or(0, |at| at + 1);
    let turn = &messages[first..];
    let said: String = turn.iter().map(|message| text_of(&message["content"])).collect();
    let user = role == "user";
    let choice = &body["tool_choice"];
    Ask {
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        form: if body["stream"] == true { Form::Events } else { Form::Document },
        include_usage: true,
        obfuscation: true,
        prompt: if user { said.clone() } else { last_user(messages) },
        results: if user {
            turn.iter().flat_map(|message| results(&message["content"])).collect()
        } else {
            Vec::new()
        },
        prefill: (!user && !said.is_empty()).then_some(said),
        tools: tools(&body["tools"]),
        choice: match choice["type"].as_str() {
            Some("none") => Choice::Never,
            Some("any") => Choice::Any,
            Some("tool") => Choice::Named(choice["name"].as_str().unwrap_or_default().to_owned()),
            _ => Choice::Auto,
        },
        parallel: !choice["disable_parallel_tool_use"].as_bool().unwrap_or(false),
        format: format(body),
        max_tokens: body["max_tokens"].as_u64(),
        stops: stops(&body["stop_sequences"]),
        logprobs: None,
        answers: 1,
        reasoning: reasoning(&body["thinking"]),
        prompt_tokens: ["messages", "system", "tools"].map(|part| tokens_in(&body[part])).iter().sum::<u64>()
            + PER_REQUEST,
    }
}

fn last_user(messages: &[Value]) -> String {
    let user = messages.iter().rfind(|message| message["role"] == "user");
    user.map(|message| text_of(&message["content"])).unwrap_or_default()
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts = blocks.iter().filter(|block| block["type"] == "text");
            texts.filter_map(|block| block["text"].as_str()).collect()
        }
        _ => String::new(),
    }
}

fn results(content: &Value) -> Vec<String> {
    let blocks = content.as_array().into_iter().flatten();
    blocks.filter(|block| block["type"] == "tool_result").map(|block| text_of(&block["content"])).collect()
}

fn tools(tools: &Value) -> Vec<Tool> {
    let named = tools.as_array().into_iter().flatten().filter_map(|tool| {
        // Tools that the provider runs itself have no schema and are not called here.
        let schema = tool.get("input_schema")?.clone();
        Some(Tool { name: tool["name"].as_str()?.to_owned(), schema })
    });
    named.collect()
}

fn format(body: &Value) -> Format {
    let format = match &body["output_config"]["format"] {
        Value::Null => &body["output_format"],
        format => format,
    };
    if format["type"] == "json_schema" { Format::Schema(format["schema"].clone()) } else { Format::Text }
}

fn stops(stops: &Value) -> Vec<String> {
    stops.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn reasoning(thinking: &Value) -> Reasoning {
    match (thinking["type"].as_str(), thinking["display"].as_str()) {
        (Some("enabled" | "adaptive"), Some("omitted")) => Reasoning::Hidden,
        (Some("enabled" | "adaptive"), _) => Reasoning::Shown,
        _ => Reasoning::Off,
    }
}

/// Tokens that a request has beside its text.
const PER_REQUEST: u64 = 7;
