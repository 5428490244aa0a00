//! Messages in.

use backstop_core::{
    CacheMark, Content, Dialect, Extra, Message, Part, PartKind, Role, Source, Text, ToolCall, ToolKind,
    ToolResult,
};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{decode_request::kind_name, reasoning};
use crate::json::{self, Error, Fields, Path, hold_place};

pub(super) fn message(wire: &Bytes, raw: &RawValue, at: Path<'_>) -> Result<Message, Error> {
    let mut fields = Fields::open(wire, raw, at)?;
    let mut extra = Extra::new();
    let role = match fields.get_text("role").as_deref() {
        Some("system") => Role::System,
        Some("developer") => Role::Developer,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool") => Role::Tool,
        Some("function") => {
            // The predecessor of `tool`: the role's own name is kept, the rest is the same.
            extra.insert("role", backstop_core::Json::string("function"));
            Role::Tool
        }
        _ => {
            return Err(at
                .field("role")
                .expected("`system`, `developer`, `user`, `assistant`, `tool` or `function`"));
        }
    };
    fields.take("role");
    let said = content(&mut fields, at)?;
    let (content, name) = match role {
        Role::Tool => {
            let id = match fields.text("tool_call_id")? {
                Some(id) => id,
                None if extra.is_empty() => return Err(at.field("tool_call_id").expected("a string")),
                None => Text::default(),
            };
            let result = ToolResult { id, name: fields.text("name")?, content: said, is_error: None };
            (Content::list(vec![Part::new(PartKind::ToolResult(result))]), None)
        }
        Role::Assistant => (assistant(&mut fields, said, at, &mut extra)?, fields.text("name")?),
        Role::System | Role::Developer | Role::User => (said, fields.text("name")?),
    };
    extra.merge(fields.rest());
    Ok(Message { role, content, name, extra })
}

/// Reasoning first, then what is said, then a refusal, then the calls: the order in which models produce them.
fn assistant(
    fields: &mut Fields<'_, '_>,
    said: Content,
    at: Path<'_>,
    extra: &mut Extra,
) -> Result<Content, Error> {
    let wire = fields.wire();
    let mut parts = Vec::new();
    if let Some(details) = fields.list("reasoning_details")? {
        let details = details.into_iter().enumerate();
        parts.extend(details.map(|(position, raw)| reasoning::read_detail(wire, raw, position)));
        if parts.is_empty() {
            extra.insert("reasoning_details", backstop_core::Json::trusted(Text::from_static("[]")));
        }
    }
    for name in ["reasoning_content", "reasoning"] {
        let Some(text) = fields.get(name).and_then(|raw| json::text(wire, raw)) else { continue };
        let sealed = reasoning::text_of(parts.iter());
        match sealed {
            // Said twice: the sealed pieces hold the text already.
            Some(sealed) if sealed == text.as_str() => {}
            Some(_) => continue,
            None => parts.insert(0, Part::new(PartKind::Reasoning { text, signature: None })),
        }
        fields.take(name);
        hold_place(extra, name);
        break;
    }
    let bare = said.bare;
    parts.extend(said.parts);
    if bare && let Some(text) = fields.text("refusal")? {
        parts.push(Part::new(PartKind::Refusal { text }));
    }
    let calls_at = at.field("tool_calls");
    match fields.list("tool_calls")? {
        Some(calls) if calls.is_empty() => {
            extra.insert("tool_calls", backstop_core::Json::trusted(Text::from_static("[]")));
        }
        Some(calls) => {
            for (index, raw) in calls.into_iter().enumerate() {
                parts.push(tool_call(wire, raw, calls_at.item(index))?);
            }
        }
        None => {}
    }
    reasoning::move_to_calls(&mut parts);
    Ok(Content { parts, bare })
}

fn tool_call(wire: &Bytes, raw: &RawValue, at: Path<'_>) -> Result<Part, Error> {
    let mut fields = Fields::open(wire, raw, at)?;
    let untyped = fields.get("type").is_none();
    let kind = match fields.text("type")?.as_deref() {
        Some("custom") => ToolKind::Custom,
        Some("function") | None => ToolKind::Function,
        Some(_) => return Err(at.field("type").expected("`function` or `custom`")),
    };
    let inner_name = kind_name(kind);
    let id = fields.required_text("id")?;
    let Some(inner) = fields.value(inner_name) else {
        return Err(at.field(inner_name).expected("an object"));
    };
    let inner_at = at.field(inner_name);
    let mut inner = Fields::open(wire, inner, inner_at)?;
    let name = inner.required_text("name")?;
    let arguments = inner.required_text(arguments_name(kind))?;
    let mut part = Part::new(PartKind::ToolCall(ToolCall { id, name, arguments, kind }));
    inner.rest_into(&mut part.extra, inner_name);
    if untyped {
        hold_place(&mut part.extra, "type");
    }
    part.extra.merge(fields.rest());
    Ok(part)
}

pub(super) const fn arguments_name(kind: ToolKind) -> &'static str {
    match kind {
        ToolKind::Function => "arguments",
        ToolKind::Custom => "input",
    }
}

/// A string, a list of parts, or nothing: a `null` stays where it is and counts as bare.
fn content(fields: &mut Fields<'_, '_>, at: Path<'_>) -> Result<Content, Error> {
    let wire = fields.wire();
    let at = at.field("content");
    let Some(raw) = fields.value("content") else { return Ok(Content { parts: Vec::new(), bare: true }) };
    if let Some(text) = json::text(wire, raw) {
        return Ok(Content::text(text));
    }
    let items = json::items(raw).ok_or_else(|| at.expected("a string or a list of parts"))?;
    let parts = items.into_iter().enumerate().map(|(index, raw)| part(wire, raw, at.item(index)));
    Ok(Content::list(parts.collect::<Result<_, _>>()?))
}

fn part(wire: &Bytes, raw: &RawValue, at: Path<'_>) -> Result<Part, Error> {
    let mut fields = Fields::open(wire, raw, at)?;
    let kind = fields.required_text("type")?;
    let mut extra = Extra::new();
    let known = match kind.as_str() {
        "text" => Some(PartKind::Text { text: fields.required_text("text")?, citations: Vec::new() }),
        "refusal" => Some(PartKind::Refusal { text: fields.required_text("refusal")? }),
        "image_url" => image(&mut fields, at, &mut extra)?,
        "input_audio" => audio(&mut fields, at, &mut extra)?,
        "file" => file(&mut fields, at, &mut extra)?,
        _ => None,
    };
    let Some(known) = known else {
        return Ok(Part::new(PartKind::Opaque { dialect: Dialect::OpenaiChat, json: json::json(wire, raw) }));
    };
    let cache = cache_mark(&mut fields);
    extra.merge(fields.rest());
    Ok(Part { kind: known, cache, extra })
}

fn image(fields: &mut Fields<'_, '_>, at: Path<'_>, extra: &mut Extra) -> Result<Option<PartKind>, Error> {
    let wire = fields.wire();
    let at = at.field("image_url");
    let Some(raw) = fields.take("image_url") else { return Err(at.expected("an object")) };
    // Mistral takes a bare URL too; kept whole, since only compatible servers know it.
    if json::string(raw).is_some() {
        return Ok(None);
    }
    let mut inner = Fields::open(wire, raw, at)?;
    let url = inner.required_text("url")?;
    let detail = inner.text("detail")?;
    inner.rest_into(extra, "image_url");
    Ok(Some(PartKind::Image { source: data_url(&url).unwrap_or(Source::Url(url)), detail }))
}

fn audio(fields: &mut Fields<'_, '_>, at: Path<'_>, extra: &mut Extra) -> Result<Option<PartKind>, Error> {
    let wire = fields.wire();
    let at = at.field("input_audio");
    let Some(raw) = fields.take("input_audio") else { return Err(at.expected("an object")) };
    if json::string(raw).is_some() {
        return Ok(None);
    }
    let mut inner = Fields::open(wire, raw, at)?;
    let (data, format) = (inner.required_text("data")?, inner.required_text("format")?);
    inner.rest_into(extra, "input_audio");
    let media_type = format!("audio/{format}").into();
    Ok(Some(PartKind::Audio { source: Source::Base64 { media_type, data } }))
}

fn file(fields: &mut Fields<'_, '_>, at: Path<'_>, extra: &mut Extra) -> Result<Option<PartKind>, Error> {
    let wire = fields.wire();
    let at = at.field("file");
    let Some(raw) = fields.take("file") else { return Err(at.expected("an object")) };
    let mut inner = Fields::open(wire, raw, at)?;
    let title = inner.text("filename")?;
    let source = match (inner.text("file_id")?, inner.text("file_data")?) {
        (Some(id), None) => Source::File(id),
        (None, Some(data)) => match data_url(&data) {
            Some(source) => source,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    inner.rest_into(extra, "file");
    Ok(Some(PartKind::Document { source, title }))
}

/// The media type and the base64 text of a data URL, if it is one.
fn data_url(url: &Text) -> Option<Source> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let bytes = url.clone().into_bytes();
    let piece = |piece: &str| Text::slice_of(&bytes, piece);
    Some(Source::Base64 { media_type: piece(media_type), data: piece(data) })
}

/// A cache mark in either spelling: `cache_control`, as Anthropic, Qwen and OpenRouter take it, or OpenAI's own
/// `prompt_cache_breakpoint`. They are told apart by what they hold.
pub(super) fn cache_mark(fields: &mut Fields<'_, '_>) -> Option<CacheMark> {
    let wire = fields.wire();
    for (name, mark) in [("cache_control", "type"), ("prompt_cache_breakpoint", "mode")] {
        let Some(raw) = fields.get(name) else { continue };
        let Ok(inner) = Fields::open(wire, raw, Path::Root) else { continue };
        if inner.get_text(mark).is_some() && cache_mark_name(raw.get()) == name {
            fields.take(name);
            let ttl = inner.get_text("ttl").map(|ttl| Text::from(&*ttl));
            return Some(CacheMark { ttl, native: (Dialect::OpenaiChat, json::json(wire, raw)) });
        }
    }
    None
}

/// The field that a mark is written in.
pub(super) fn cache_mark_name(mark: &str) -> &'static str {
    if mark.contains("\"mode\"") { "prompt_cache_breakpoint" } else { "cache_control" }
}
