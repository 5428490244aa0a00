//! Requests, out.

use backstop_core::{
    Dialect, Extra, Failure, Json, Kind, Message, OutputFormat, Part, Reasoning, ReasoningMode, Request, Text,
};

use super::{
    schema, thinking,
    turns::{Talk, translate},
    words::{fields_of, object_of},
    write_part::{Blocks, Place, list_of},
    write_tools::{tool_choice, tools},
};
use crate::{
    Encoded, Facts,
    apply::FORBIDDEN,
    gemini::is_ours,
    json::{self, Object, Path, object_json},
};

/// Writes a request.
///
/// One that this dialect wrote comes out equal, except for what the model's facts rule out. One that OpenAI's dialect
/// wrote is brought into this dialect's order: instructions to the top, one turn a speaker, tool results first in the
/// user's turn that follows, ids in the legal charset ([`tool_id`](super::tool_id)), and `max_tokens`, which this dialect
/// requires, from the facts where the caller gave none.
pub(crate) fn encode_request(request: &Request, facts: &Facts) -> Result<Encoded, Failure> {
    let own = request.dialect == Dialect::AnthropicMessages;
    let mut blocks = Blocks::new(own);
    let mut talk = if own {
        as_written(&mut blocks, &request.messages)
    } else {
        translate(&mut blocks, &request.messages, facts.system_in_talk)
    };
    if talk.ends_with_assistant && !facts.prefill {
        blocks.constraint(MESSAGES, "the model does not go on from a last turn of its own");
        talk.turns.pop();
    }
    if talk.begins_with_assistant && !facts.system_in_talk {
        // The models that take instructions in the talk also take a first word of their own.
        blocks.constraint(MESSAGES, "Anthropic Messages wants the user to speak first");
        talk.turns.remove(0);
    }
    if talk.turns.is_empty() && !own {
        return Err(Failure::new(
            Kind::InvalidRequest,
            "no message has content that Anthropic Messages can express: send at least one user message with text",
        ));
    }
    let max_tokens = max_tokens(&mut blocks, request, facts);
    let limit = max_tokens.as_ref().and_then(Json::as_u64);
    let reasoning = thinking::plan(&mut blocks, request, facts, &talk, limit);
    let sampling = sampling(&mut blocks, request, facts, thinking::reasons(reasoning.as_ref()));
    let tools = tools(&mut blocks, &request.tools, facts);
    let tool_choice = tool_choice(&mut blocks, request, tools.is_some());
    let stop = stop(&mut blocks, request);
    let service_tier = service_tier(&mut blocks, request);
    let output = output(&mut blocks, request, facts);
    report_unknown(&mut blocks, request);

    let capacity = talk.turns.iter().map(|turn| turn.as_str().len()).sum::<usize>() + 512;
    let body = json::object(capacity, |object| {
        if !request.model.is_empty() {
            object.string("model", &request.model);
        }
        object.maybe_json("max_tokens", max_tokens.as_ref());
        object.maybe_json("system", talk.system.as_ref());
        object.json("messages", &list_of(&talk.turns));
        object.maybe_json("tools", tools.as_ref());
        object.maybe_json("tool_choice", tool_choice.as_ref());
        for (name, value) in &sampling {
            object.json(name, value);
        }
        object.maybe_json("stop_sequences", stop.as_ref());
        object.maybe_bool("stream", request.stream);
        object.maybe_json("service_tier", service_tier.as_ref());
        if let Some(plan @ Reasoning { mode: Some(mode), .. }) = &reasoning {
            object.object("thinking", |object| write_thinking(object, plan, *mode));
        }
        write_rest(
            object,
            request,
            reasoning.as_ref().and_then(|plan| plan.effort.as_ref()),
            output.as_ref(),
            own,
        );
    });
    Ok(Encoded { body, losses: blocks.losses })
}

/// The talk of a caller of this dialect. Instructions without a role of their own are the top-level `system`.
fn as_written(blocks: &mut Blocks, messages: &[Message]) -> Talk {
    let is_top = |message: &&Message| message.role.instructs() && message.extra.get("role").is_none();
    let top: Vec<_> = messages.iter().filter(is_top).collect();
    let path = Path::Root.field("system");
    let system = match top.as_slice() {
        [] => None,
        [message] => content(blocks, message, Place::System, path),
        several => {
            let parts: Vec<Part> =
                several.iter().flat_map(|message| message.content.parts.iter().cloned()).collect();
            Some(blocks.list(&parts, Place::System, path))
        }
    };
    let (mut turns, mut ends_with_assistant) = (Vec::new(), false);
    for (index, message) in messages.iter().filter(|message| !is_top(message)).enumerate() {
        let (place, role) = match message.role {
            backstop_core::Role::Assistant => (Place::Assistant, "assistant"),
            backstop_core::Role::System | backstop_core::Role::Developer => (Place::System, "system"),
            backstop_core::Role::User | backstop_core::Role::Tool => (Place::User, "user"),
        };
        let Some(content) = content(blocks, message, place, MESSAGES.item(index).field("content")) else {
            continue;
        };
        ends_with_assistant = place == Place::Assistant;
        turns.push(object_json(|object| {
            object.string("role", role);
            object.json("content", &content);
            message
                .extra
                .iter()
                .filter(|(name, _)| *name != "role")
                .for_each(|(name, value)| object.json(name, value));
        }));
    }
    let (begins_with_assistant, unreasoned_tool_round) = (false, false);
    Talk { system, turns, begins_with_assistant, ends_with_assistant, unreasoned_tool_round }
}

/// The content as it was written; `None` where nothing of it may go out.
fn content(blocks: &mut Blocks, message: &Message, place: Place, path: Path<'_>) -> Option<Json> {
    use backstop_core::PartKind;

    if let ([Part { kind: PartKind::Text { text, .. }, .. }], true) =
        (message.content.parts.as_slice(), message.content.bare)
    {
        return Some(Json::string(text));
    }
    let list = blocks.list(&message.content.parts, place, path);
    (list.as_str() != "[]" || message.content.parts.is_empty()).then_some(list)
}

/// The output limit, at most what the model can generate.
fn max_tokens(blocks: &mut Blocks, request: &Request, facts: &Facts) -> Option<Json> {
    let Some(asked) = &request.parameters.max_tokens else {
        return (!blocks.own).then(|| facts.max_output.unwrap_or(Facts::FALLBACK_MAX_TOKENS).into());
    };
    match (asked.as_u64(), facts.max_output) {
        (Some(asked), Some(most)) if asked > most => {
            blocks.hint(Path::Root.field("max_tokens"), "lowered to what the model can generate");
            Some(most.into())
        }
        _ => Some(asked.clone()),
    }
}

fn sampling(
    blocks: &mut Blocks,
    request: &Request,
    facts: &Facts,
    reasons: bool,
) -> Vec<(&'static str, Json)> {
    let parameters = &request.parameters;
    let all = [
        ("temperature", &parameters.temperature),
        ("top_p", &parameters.top_p),
        ("top_k", &parameters.top_k),
    ];
    let mut written = Vec::new();
    for (name, value) in all {
        let Some(value) = value else { continue };
        let path = Path::Root.field(name);
        let number = value.as_f64().unwrap_or_default();
        if !facts.sampling {
            blocks.hint(path, "the model takes no sampling parameters");
        } else if !blocks.own && reasons && !(name == "top_p" && number >= 0.95) {
            blocks.hint(path, "the model takes none while it reasons");
        } else if !blocks.own && name == "top_p" && written.iter().any(|(name, _)| *name == "temperature") {
            blocks.hint(path, "current models take one of temperature and top_p");
        } else if !blocks.own && name == "temperature" && number > 1.0 {
            blocks.hint(path, "lowered to 1, the highest at Anthropic");
            written.push((name, Json::from(1)));
        } else {
            written.push((name, value.clone()));
        }
    }
    written
}

fn stop(blocks: &mut Blocks, request: &Request) -> Option<Json> {
    let stop = request.parameters.stop.as_ref()?;
    let path = Path::Root.field("stop");
    let mut sequences = Vec::with_capacity(stop.sequences.len());
    for (index, sequence) in stop.sequences.iter().enumerate() {
        if !blocks.own && sequence.trim().is_empty() {
            blocks.constraint(
                path.item(index),
                "Anthropic Messages refuses stop sequences of nothing but white space",
            );
        } else {
            sequences.push(Json::string(sequence));
        }
    }
    (blocks.own || !sequences.is_empty()).then(|| list_of(&sequences))
}

/// OpenAI's `default` is Anthropic's `standard_only`; `auto` is the same word in both.
fn service_tier(blocks: &mut Blocks, request: &Request) -> Option<Json> {
    let tier = request.parameters.service_tier.as_ref()?;
    if blocks.own {
        return Some(tier.clone());
    }
    match tier.to_text().as_deref() {
        Some("auto") => Some(Json::string("auto")),
        Some("default") => Some(Json::string("standard_only")),
        _ => {
            blocks
                .hint(Path::Root.field("service_tier"), "Anthropic has the tiers `auto` and `default` only");
            None
        }
    }
}

fn output(blocks: &mut Blocks, request: &Request, facts: &Facts) -> Option<Json> {
    let path = Path::Root.field("output");
    match request.output.as_ref()? {
        OutputFormat::Text => None,
        OutputFormat::Opaque { dialect: Dialect::AnthropicMessages, json } => Some(json.clone()),
        OutputFormat::Opaque { .. } => {
            blocks.constraint(path, "only the dialect that it was written in knows this format");
            None
        }
        OutputFormat::JsonObject => {
            blocks.constraint(path, "Anthropic Messages answers in JSON only by a schema");
            None
        }
        OutputFormat::JsonSchema { .. } if !facts.structured_output => {
            blocks.constraint(path, "the model does not answer by a JSON Schema");
            None
        }
        OutputFormat::JsonSchema { name, description, schema, strict: _ } => {
            if name.is_some() || description.is_some() {
                blocks.hint(path, "Anthropic Messages has no name and no description of a schema");
            }
            let shut = if blocks.own { Some(schema.clone()) } else { schema::closed(schema) };
            let Some(shut) = shut else {
                blocks.constraint(path, "Anthropic Messages answers by schemas of closed objects only");
                return None;
            };
            if shut != *schema {
                blocks.hint(path, "Anthropic Messages wants every object of a schema closed: they are");
            }
            Some(object_json(|object| {
                object.string("type", "json_schema");
                object.json("schema", &shut);
            }))
        }
    }
}

/// Tells the parameters and fields that this dialect has nothing for.
fn report_unknown(blocks: &mut Blocks, request: &Request) {
    let parameters = &request.parameters;
    let number = |json: &Option<Json>| json.as_ref().and_then(Json::as_f64);
    if number(&parameters.n).is_some_and(|n| n > 1.0) {
        blocks.constraint(Path::Root.field("n"), "Anthropic Messages gives one answer");
    }
    let logprobs = parameters.logprobs.as_ref().is_some_and(|json| json.as_bool() == Some(true));
    if logprobs || number(&parameters.top_logprobs).is_some_and(|top| top > 0.0) {
        blocks.constraint(Path::Root.field("logprobs"), "Anthropic Messages gives no log probabilities");
    }
    let hints = [
        ("seed", parameters.seed.is_some()),
        ("presence_penalty", number(&parameters.presence_penalty).is_some_and(|penalty| penalty != 0.0)),
        ("frequency_penalty", number(&parameters.frequency_penalty).is_some_and(|penalty| penalty != 0.0)),
        ("logit_bias", parameters.logit_bias.as_ref().is_some_and(|bias| bias.as_str() != "{}")),
    ];
    for (name, _) in hints.into_iter().filter(|(_, there)| *there) {
        blocks.hint(Path::Root.field(name), "Anthropic Messages has no such parameter");
    }
    if blocks.own {
        return;
    }
    for (name, value) in request.extra.iter().filter(|(name, value)| !value.is_null() && !is_ours(name)) {
        // Gemini's object, of which all was read.
        if name.as_str() == "generationConfig" && value.as_str() == "{}" {
            continue;
        }
        if FORBIDDEN.contains(&name.as_str()) {
            continue;
        }
        let path = Path::Root.field(name);
        if CONSTRAINTS.contains(&name.as_str()) {
            blocks.constraint(path, "Anthropic Messages has no such field");
        } else {
            blocks.hint(path, "Anthropic Messages has no such field");
        }
    }
}

fn write_thinking(object: &mut Object<'_>, plan: &Reasoning, mode: ReasoningMode) {
    object.string(
        "type",
        match mode {
            ReasoningMode::Enabled => "enabled",
            ReasoningMode::Adaptive => "adaptive",
            ReasoningMode::Disabled => "disabled",
        },
    );
    object.maybe_json("budget_tokens", plan.budget.as_ref());
    object.extra(&plan.extra);
}

/// `output_config`, `metadata` and all that only this dialect knows.
fn write_rest(
    object: &mut Object<'_>,
    request: &Request,
    effort: Option<&Text>,
    output: Option<&Json>,
    own: bool,
) {
    let none = Extra::new();
    let extra = if own { &request.extra } else { &none };
    // The older name, where the caller wrote it: see the reader.
    let older = output.is_some() && extra.get("output_format").is_some_and(Json::is_null);
    let (mut config, mut metadata) = (Extra::new(), Extra::new());
    if let Some(effort) = effort {
        config.insert("effort", Json::string(effort));
    }
    if let (Some(output), false) = (output, older) {
        config.insert("format", output.clone());
    }
    if let Some(user) = &request.user {
        metadata.insert("user_id", Json::string(user));
    }
    for (name, fields) in [("output_config", config), ("metadata", metadata)] {
        write_merged(object, name, fields, extra.get(name));
    }
    for (name, value) in extra.iter() {
        match (name.as_str(), output) {
            ("output_config" | "metadata", _) => {}
            (name, _) if FORBIDDEN.contains(&name) => {}
            ("output_format", Some(output)) if older => object.json(name, output),
            _ => object.json(name, value),
        }
    }
}

/// An object of `fields` and of what the reader kept of it under its own name.
fn write_merged(object: &mut Object<'_>, name: &str, mut fields: Extra, kept: Option<&Json>) {
    match kept.map(|kept| (kept, fields_of(kept))) {
        Some((_, Some(rest))) => {
            fields.merge(rest);
            object.json(name, &object_of(&fields));
        }
        // A `null`, and nothing to say in its place.
        Some((kept, None)) if fields.is_empty() => object.json(name, kept),
        _ if fields.is_empty() => {}
        _ => object.json(name, &object_of(&fields)),
    }
}

/// Fields of OpenAI's without which the answer would be another one.
const CONSTRAINTS: [&str; 6] =
    ["functions", "function_call", "modalities", "audio", "web_search_options", "response_format"];
const MESSAGES: Path<'static> = Path::Field(&Path::Root, "messages");
