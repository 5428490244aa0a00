//! What a request asks for.

use http::Uri;
use serde_json::{Value, json};

use super::{path, schema::as_json_schema};
use crate::ask::{Ask, Choice, Format, Reasoning, Tool, tokens_in};

pub(super) fn ask(uri: &Uri, body: &Value) -> Ask {
    let contents = list(&body["contents"]);
    // Neighbouring turns of one role are one turn.
    let last_is_model = contents.last().is_some_and(is_model);
    let first = contents.iter().rposition(|turn| is_model(turn) != last_is_model).map_or(0, |at| at + 1);
    let turn = &contents[first..];
    let said: String = turn.iter().map(text_of).collect();
    let config = either(body, "generationConfig", "generation_config");
    let calling =
        either(either(body, "toolConfig", "tool_config"), "functionCallingConfig", "function_calling_config");
    let tools = tools(body);
    let allowed = either(calling, "allowedFunctionNames", "allowed_function_names");
    Ask {
        model: path::model(uri).unwrap_or_default().to_owned(),
        form: path::form(uri),
        include_usage: true,
        obfuscation: false,
        prompt: if last_is_model { last_user(contents) } else { said.clone() },
        results: if last_is_model { Vec::new() } else { turn.iter().flat_map(results).collect() },
        prefill: (last_is_model && !said.is_empty()).then_some(said),
        choice: choice(calling["mode"].as_str().unwrap_or_default(), allowed),
        tools,
        parallel: true,
        format: format(config),
        max_tokens: either(config, "maxOutputTokens", "max_output_tokens").as_u64(),
        stops: words(either(config, "stopSequences", "stop_sequences")),
        logprobs: None,
        answers: either(config, "candidateCount", "candidate_count").as_u64().unwrap_or(1),
        reasoning: reasoning(either(config, "thinkingConfig", "thinking_config")),
        prompt_tokens: ["contents", "tools"].iter().map(|part| tokens_in(&body[part])).sum::<u64>()
            + tokens_in(either(body, "systemInstruction", "system_instruction"))
            + PER_REQUEST,
    }
}

/// A field in either spelling of protocol buffers' JSON.
pub(super) fn either<'v>(value: &'v Value, camel: &str, snake: &str) -> &'v Value {
    match &value[camel] {
        Value::Null => &value[snake],
        given => given,
    }
}

/// A repeated field: a single value stands for a list of one.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

fn is_model(turn: &Value) -> bool {
    turn["role"] == "model"
}

fn last_user(contents: &[Value]) -> String {
    contents.iter().rfind(|turn| !is_model(turn)).map(text_of).unwrap_or_default()
}

fn text_of(turn: &Value) -> String {
    let spoken = parts(turn).filter(|part| part["thought"] != true);
    spoken.filter_map(|part| part["text"].as_str()).collect()
}

/// The results of functions: the text under `result` or `output`, or the whole object.
fn results(turn: &Value) -> Vec<String> {
    let answers = parts(turn).map(|part| either(part, "functionResponse", "function_response"));
    let answers = answers.filter(|answer| !answer.is_null()).map(|answer| {
        let response = &answer["response"];
        let told = ["result", "output"].iter().find_map(|name| response[*name].as_str());
        told.map_or_else(|| response.to_string(), str::to_owned)
    });
    answers.collect()
}

fn parts(turn: &Value) -> impl Iterator<Item = &Value> {
    list(&turn["parts"]).iter()
}

fn tools(body: &Value) -> Vec<Tool> {
    let lists = list(&body["tools"]).iter();
    let declared =
        lists.flat_map(|tool| list(either(tool, "functionDeclarations", "function_declarations")).iter());
    let named = declared.filter_map(|declaration| {
        let schema = match either(declaration, "parametersJsonSchema", "parameters_json_schema") {
            Value::Null => as_json_schema(&declaration["parameters"]),
            schema => schema.clone(),
        };
        let schema = if schema.is_null() { json!({"type": "object"}) } else { schema };
        Some(Tool { name: declaration["name"].as_str()?.to_owned(), schema })
    });
    named.collect()
}

fn choice(mode: &str, allowed: &Value) -> Choice {
    match mode {
        "NONE" => Choice::Never,
        "ANY" => allowed[0].as_str().map_or(Choice::Any, |name| Choice::Named(name.to_owned())),
        _ => Choice::Auto,
    }
}

fn format(config: &Value) -> Format {
    let is_json = either(config, "responseMimeType", "response_mime_type") == "application/json";
    let schema = either(config, "responseJsonSchema", "response_json_schema");
    let older = either(config, "responseSchema", "response_schema");
    match (is_json, schema, older) {
        (false, ..) => Format::Text,
        (true, Value::Null, Value::Null) => Format::Json,
        (true, Value::Null, older) => Format::Schema(as_json_schema(older)),
        (true, schema, _) => Format::Schema(schema.clone()),
    }
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The real models think unless they are told not to; these only where they are told to, so that what one says does not
/// depend on its name.
fn reasoning(thinking: &Value) -> Reasoning {
    let budget = either(thinking, "thinkingBudget", "thinking_budget");
    let level = either(thinking, "thinkingLevel", "thinking_level");
    let shown = *either(thinking, "includeThoughts", "include_thoughts") == true;
    match (budget.as_i64(), level.is_string(), shown) {
        (Some(0), ..) | (None, false, false) => Reasoning::Off,
        (.., true) => Reasoning::Shown,
        (.., false) => Reasoning::Hidden,
    }
}

/// Tokens that a request has beside its text.
const PER_REQUEST: u64 = 7;
