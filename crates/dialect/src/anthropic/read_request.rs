//! Requests, in.

use backstop_core::{
    Dialect, Extra, Failure, Json, Message, OutputFormat, Reasoning, ReasoningMode, Request, Role, Stop,
    Text, Tool, ToolChoice, ToolDefinition, ToolKind,
};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::read_part::{cache_mark, content, keep_rest};
use crate::json::{Error, Fields, Path, check, is_null, json, text};

/// Reads a request. All that has no name in the unified vocabulary stays in `extra`, at every level, so that the request
/// comes out of the encoder of this dialect as an equal document.
pub(crate) fn decode_request(body: &Bytes) -> Result<Request, Failure> {
    check(body)?;
    Ok(read(body)?)
}

fn read(body: &Bytes) -> Result<Request, Error> {
    let mut fields = Fields::root(body)?;
    // At Vertex and Bedrock the model stands in the URL, and this field says so.
    let model = match fields.get("anthropic_version") {
        Some(_) => fields.text("model")?.unwrap_or_default(),
        None => fields.required_text("model")?,
    };
    let mut request = Request::new(Dialect::AnthropicMessages, model);
    let system =
        fields.value("system").map(|raw| content(body, raw, Path::Root.field("system"))).transpose()?;
    request.messages.extend(system.map(|content| Message::new(Role::System, content)));
    let Some(messages) = fields.list("messages")? else {
        return Err(Path::Root.field("messages").expected("a list"));
    };
    let list = Path::Root.field("messages");
    for (index, raw) in messages.into_iter().enumerate() {
        let mut message = message(body, raw, list.item(index))?;
        if message.role == Role::System {
            // Newest models take instructions in the middle of the talk: these keep their role, to stay apart from the
            // top-level field.
            message.extra.insert("role", Json::string("system"));
        }
        request.messages.push(message);
    }
    if let Some(tools) = fields.list("tools")? {
        // An empty list and no list are two documents.
        if tools.is_empty() {
            request.extra.insert("tools", Json::trusted(Text::from_static("[]")));
        }
        let path = Path::Root.field("tools");
        for (index, raw) in tools.into_iter().enumerate() {
            request.tools.push(tool(body, raw, path.item(index))?);
        }
    }
    if let Some(raw) = fields.value("tool_choice") {
        read_tool_choice(&mut request, body, raw)?;
    }
    let parameters = &mut request.parameters;
    parameters.max_tokens = fields.json("max_tokens");
    parameters.temperature = fields.json("temperature");
    parameters.top_p = fields.json("top_p");
    parameters.top_k = fields.json("top_k");
    parameters.service_tier = fields.json("service_tier");
    parameters.stop = stop(&mut fields)?;
    request.stream = fields.bool("stream")?;
    read_thinking(&mut request, &mut fields)?;
    read_output_config(&mut request, &mut fields)?;
    if let Some(raw) = fields.value("metadata") {
        let mut metadata = Fields::open(body, raw, Path::Root.field("metadata"))?;
        request.user = metadata.text("user_id")?;
        keep_rest(metadata, "metadata", &mut request.extra, request.user.is_some());
    }
    let rest = fields.rest();
    request.extra.merge(rest);
    Ok(request)
}

fn message(wire: &Bytes, raw: &RawValue, path: Path<'_>) -> Result<Message, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let role = match fields.required_text("role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(path.field("role").expected("`user`, `assistant` or `system`")),
    };
    let content = match fields.value("content") {
        Some(raw) => content(wire, raw, path.field("content"))?,
        None => return Err(path.field("content").expected("a string or a list of content blocks")),
    };
    Ok(Message { role, content, name: None, extra: fields.rest() })
}

fn tool(wire: &Bytes, raw: &RawValue, path: Path<'_>) -> Result<Tool, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let kind = fields.get("type").filter(|raw| !is_null(raw)).map(|raw| fields.get_text("type").ok_or(raw));
    if !matches!(kind.as_ref().map(|kind| kind.as_deref()), None | Some(Ok("custom"))) {
        let definition =
            ToolDefinition::Opaque { dialect: Dialect::AnthropicMessages, json: json(wire, raw) };
        return Ok(Tool { definition, cache: None, extra: Extra::new() });
    }
    let cache = cache_mark(&mut fields);
    let definition = ToolDefinition::Client {
        kind: ToolKind::Function,
        name: fields.required_text("name")?,
        description: fields.text("description")?,
        schema: fields.json("input_schema"),
        strict: fields.bool("strict")?,
    };
    Ok(Tool { definition, cache, extra: fields.rest() })
}

fn read_tool_choice(request: &mut Request, wire: &Bytes, raw: &RawValue) -> Result<(), Error> {
    let path = Path::Root.field("tool_choice");
    let mut fields = Fields::open(wire, raw, path)?;
    let kind = fields.required_text("type")?;
    let parallel = fields.bool("disable_parallel_tool_use")?.map(|disabled| !disabled);
    let choice = match kind.as_str() {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "any" => Some(ToolChoice::Required),
        "tool" => Some(ToolChoice::Tool { kind: ToolKind::Function, name: fields.required_text("name")? }),
        _ => None,
    };
    let opaque = || ToolChoice::Opaque { dialect: Dialect::AnthropicMessages, json: json(wire, raw) };
    match choice {
        Some(choice) if fields.is_empty() => {
            (request.tool_choice, request.parallel_tool_calls) = (Some(choice), parallel);
        }
        _ => request.tool_choice = Some(opaque()),
    }
    Ok(())
}

fn stop(fields: &mut Fields<'_, '_>) -> Result<Option<Stop>, Error> {
    let Some(list) = fields.list("stop_sequences")? else { return Ok(None) };
    let path = Path::Root.field("stop_sequences");
    let sequences = list.into_iter().enumerate();
    let sequences = sequences
        .map(|(index, raw)| text(fields.wire(), raw).ok_or_else(|| path.item(index).expected("a string")));
    Ok(Some(Stop { sequences: sequences.collect::<Result<_, _>>()?, bare: false }))
}

fn read_thinking(request: &mut Request, fields: &mut Fields<'_, '_>) -> Result<(), Error> {
    let Some(raw) = fields.get("thinking").filter(|raw| !is_null(raw)) else { return Ok(()) };
    let mut thinking = Fields::open(fields.wire(), raw, Path::Root.field("thinking"))?;
    let mode = match thinking.text("type")?.as_deref() {
        Some("enabled") => ReasoningMode::Enabled,
        Some("adaptive") => ReasoningMode::Adaptive,
        Some("disabled") => ReasoningMode::Disabled,
        // A mode of tomorrow stays in `extra`.
        _ => return Ok(()),
    };
    fields.take("thinking");
    let budget = thinking.json("budget_tokens");
    request.reasoning = Some(Reasoning { effort: None, budget, mode: Some(mode), extra: thinking.rest() });
    Ok(())
}

fn read_output_config(request: &mut Request, fields: &mut Fields<'_, '_>) -> Result<(), Error> {
    let wire = fields.wire();
    if let Some(raw) = fields.value("output_config") {
        let mut config = Fields::open(wire, raw, Path::Root.field("output_config"))?;
        let effort = config.text("effort")?;
        if let Some(raw) = config.value("format") {
            request.output = Some(format(wire, raw)?);
        }
        let was_read = effort.is_some() || request.output.is_some();
        if effort.is_some() {
            request.reasoning.get_or_insert_default().effort = effort;
        }
        keep_rest(config, "output_config", &mut request.extra, was_read);
    }
    // The older name of `output_config.format`. A `null` in its place remembers the spelling.
    if request.output.is_none() {
        if let Some(raw) = fields.value("output_format") {
            request.output = Some(format(wire, raw)?);
            request.extra.insert("output_format", Json::trusted(Text::from_static("null")));
        }
    } else if fields.get("output_format").is_some_and(is_null) {
        fields.take("output_format");
    }
    Ok(())
}

fn format(wire: &Bytes, raw: &RawValue) -> Result<OutputFormat, Error> {
    let mut fields = Fields::open(wire, raw, Path::Root.field("output_config.format"))?;
    let kind = fields.text("type")?;
    let schema = fields.json("schema");
    Ok(match (kind.as_deref(), schema) {
        (Some("json_schema"), Some(schema)) if fields.is_empty() => {
            OutputFormat::JsonSchema { name: None, description: None, schema, strict: None }
        }
        _ => OutputFormat::Opaque { dialect: Dialect::AnthropicMessages, json: json(wire, raw) },
    })
}
