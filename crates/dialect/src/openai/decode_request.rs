//! Requests in.

use backstop_core::{
    Dialect, Extra, Failure, Json, OutputFormat, Parameters, Reasoning, Request, Stop, Text, Tool,
    ToolChoice, ToolDefinition, ToolKind,
};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::decode_message;
use crate::json::{self, Error, Fields, Path, hold_place};

pub(crate) fn decode_request(body: &Bytes) -> Result<Request, Failure> {
    json::check(body)?;
    Ok(read(Fields::root(body)?)?)
}

fn read(mut top: Fields<'_, '_>) -> Result<Request, Error> {
    let root = Path::Root;
    let mut request = Request::new(Dialect::OpenaiChat, top.required_text("model")?);
    let mut extra = Extra::new();

    let at = root.field("messages");
    let messages = top.list("messages")?.filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| at.expected("a list of at least one message"))?;
    for (index, raw) in messages.into_iter().enumerate() {
        request.messages.push(decode_message::message(top.wire(), raw, at.item(index))?);
    }

    let at = root.field("tools");
    match top.list("tools")? {
        Some(tools) if tools.is_empty() => extra.insert("tools", Json::trusted(Text::from_static("[]"))),
        Some(tools) => {
            for (index, raw) in tools.into_iter().enumerate() {
                request.tools.push(tool(top.wire(), raw, at.item(index))?);
            }
        }
        None => {}
    }
    request.tool_choice = top.value("tool_choice").map(|raw| tool_choice(top.wire(), raw, &mut extra));
    request.parallel_tool_calls = top.bool("parallel_tool_calls")?;
    request.output = top.value("response_format").map(|raw| output(top.wire(), raw, &mut extra));
    request.parameters = parameters(&mut top, &mut extra)?;
    request.reasoning = top
        .text("reasoning_effort")?
        .map(|effort| Reasoning { effort: Some(effort), ..Reasoning::default() });
    request.stream = top.bool("stream")?;
    if let Some(raw) = top.value("stream_options") {
        let at = root.field("stream_options");
        let mut options = Fields::open(top.wire(), raw, at)?;
        request.include_usage = options.bool("include_usage")?;
        if request.include_usage.is_none() && options.is_empty() {
            extra.insert("stream_options", json::json(top.wire(), raw));
        }
        options.rest_into(&mut extra, "stream_options");
    }
    // The newer name wins; of two, the other one stays as it is.
    for name in ["safety_identifier", "user"] {
        if request.user.is_none()
            && let Some(user) = top.text(name)?
        {
            hold_place(&mut extra, name);
            request.user = Some(user);
        }
    }
    extra.merge(top.rest());
    request.extra = extra;
    Ok(request)
}

fn parameters(top: &mut Fields<'_, '_>, extra: &mut Extra) -> Result<Parameters, Error> {
    let mut max_tokens = None;
    for name in ["max_completion_tokens", "max_tokens"] {
        if max_tokens.is_none()
            && let Some(json) = top.json(name)
        {
            hold_place(extra, name);
            max_tokens = Some(json);
        }
    }
    Ok(Parameters {
        max_tokens,
        temperature: top.json("temperature"),
        top_p: top.json("top_p"),
        top_k: top.json("top_k"),
        stop: stop(top)?,
        seed: top.json("seed"),
        presence_penalty: top.json("presence_penalty"),
        frequency_penalty: top.json("frequency_penalty"),
        logit_bias: top.json("logit_bias"),
        logprobs: top.json("logprobs"),
        top_logprobs: top.json("top_logprobs"),
        n: top.json("n"),
        service_tier: top.json("service_tier"),
    })
}

fn stop(top: &mut Fields<'_, '_>) -> Result<Option<Stop>, Error> {
    let wire = top.wire();
    let Some(raw) = top.value("stop") else { return Ok(None) };
    if let Some(text) = json::text(wire, raw) {
        return Ok(Some(Stop { sequences: vec![text], bare: true }));
    }
    let sequences =
        json::items(raw).and_then(|items| items.into_iter().map(|item| json::text(wire, item)).collect());
    let sequences =
        sequences.ok_or_else(|| Path::Root.field("stop").expected("a string or a list of strings"))?;
    Ok(Some(Stop { sequences, bare: false }))
}

fn tool(wire: &Bytes, raw: &RawValue, at: Path<'_>) -> Result<Tool, Error> {
    let mut fields = Fields::open(wire, raw, at)?;
    let kind = match fields.get_text("type").as_deref() {
        Some("function") => ToolKind::Function,
        Some("custom") => ToolKind::Custom,
        Some(_) => return Ok(opaque_tool(wire, raw)),
        // Mistral's own clients leave it out.
        None if fields.get("type").is_none() && fields.get("function").is_some() => ToolKind::Function,
        None => return Err(at.field("type").expected("a string")),
    };
    let (inner, schema) = match kind {
        ToolKind::Function => ("function", "parameters"),
        ToolKind::Custom => ("custom", "format"),
    };
    let Some(definition) = fields.value(inner) else { return Err(at.field(inner).expected("an object")) };
    let untyped = fields.take("type").is_none();
    let inner_at = at.field(inner);
    let mut definition = Fields::open(wire, definition, inner_at)?;
    let tool = ToolDefinition::Client {
        kind,
        name: definition.required_text("name")?,
        description: definition.text("description")?,
        schema: definition.json(schema),
        strict: definition.bool("strict")?,
    };
    let cache = decode_message::cache_mark(&mut fields);
    let mut extra = Extra::new();
    definition.rest_into(&mut extra, inner);
    if untyped {
        hold_place(&mut extra, "type");
    }
    extra.merge(fields.rest());
    Ok(Tool { definition: tool, cache, extra })
}

fn opaque_tool(wire: &Bytes, raw: &RawValue) -> Tool {
    let definition = ToolDefinition::Opaque { dialect: Dialect::OpenaiChat, json: json::json(wire, raw) };
    Tool { definition, cache: None, extra: Extra::new() }
}

fn tool_choice(wire: &Bytes, raw: &RawValue, extra: &mut Extra) -> ToolChoice {
    match json::string(raw).as_deref() {
        Some("auto") => return ToolChoice::Auto,
        Some("none") => return ToolChoice::None,
        Some("required") => return ToolChoice::Required,
        // Mistral's older word for the same.
        Some("any") => {
            hold_place(extra, "tool_choice");
            return ToolChoice::Required;
        }
        _ => {}
    }
    named_tool(wire, raw)
        .unwrap_or_else(|| ToolChoice::Opaque { dialect: Dialect::OpenaiChat, json: json::json(wire, raw) })
}

fn named_tool(wire: &Bytes, raw: &RawValue) -> Option<ToolChoice> {
    let mut fields = Fields::open(wire, raw, Path::Root).ok()?;
    let kind = fields.take("type").and_then(json::string)?;
    let kind = match kind.as_ref() {
        "function" => ToolKind::Function,
        "custom" => ToolKind::Custom,
        _ => return None,
    };
    let mut inner = Fields::open(wire, fields.take(kind_name(kind))?, Path::Root).ok()?;
    let name = inner.text("name").ok()??;
    (inner.is_empty() && fields.is_empty()).then_some(ToolChoice::Tool { kind, name })
}

/// The `type` of a tool, which is also the name of the field that defines it.
pub(super) const fn kind_name(kind: ToolKind) -> &'static str {
    match kind {
        ToolKind::Function => "function",
        ToolKind::Custom => "custom",
    }
}

fn output(wire: &Bytes, raw: &RawValue, extra: &mut Extra) -> OutputFormat {
    known_output(wire, raw, extra)
        .unwrap_or_else(|| OutputFormat::Opaque { dialect: Dialect::OpenaiChat, json: json::json(wire, raw) })
}

fn known_output(wire: &Bytes, raw: &RawValue, extra: &mut Extra) -> Option<OutputFormat> {
    let mut fields = Fields::open(wire, raw, Path::Root).ok()?;
    let kind = fields.take("type").and_then(json::string)?;
    let format = match kind.as_ref() {
        "text" => OutputFormat::Text,
        "json_object" => OutputFormat::JsonObject,
        "json_schema" => {
            let mut inner = Fields::open(wire, fields.take("json_schema")?, Path::Root).ok()?;
            let format = OutputFormat::JsonSchema {
                name: inner.text("name").ok()?,
                description: inner.text("description").ok()?,
                schema: inner.json("schema")?,
                strict: inner.bool("strict").ok()?,
            };
            if !fields.is_empty() {
                return None;
            }
            // What is left of the inner object, such as a null.
            inner.rest_into(extra, "response_format");
            format
        }
        _ => return None,
    };
    fields.is_empty().then_some(format)
}
