//! Content blocks of requests, in.

use backstop_core::{
    CacheMark, Content, Dialect, Extra, Part, PartKind, Source, Text, ToolCall, ToolKind, ToolResult,
};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::tool_id::unescape;
use crate::json::{Error, Fields, Path, is_null, items, json, string, text};

/// Content that is a string or a list of blocks.
pub(super) fn content(wire: &Bytes, raw: &RawValue, path: Path<'_>) -> Result<Content, Error> {
    if let Some(text) = text(wire, raw) {
        return Ok(Content::text(text));
    }
    let Some(blocks) = items(raw) else { return Err(path.expected("a string or a list of content blocks")) };
    let parts = blocks.into_iter().enumerate();
    let parts = parts.map(|(index, block)| part(wire, block, path.item(index)));
    Ok(Content::list(parts.collect::<Result<_, _>>()?))
}

/// One block. A type that is not known here is kept whole.
fn part(wire: &Bytes, raw: &RawValue, path: Path<'_>) -> Result<Part, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let opaque =
        || Ok(Part::new(PartKind::Opaque { dialect: Dialect::AnthropicMessages, json: json(wire, raw) }));
    let Some(kind) = fields.get_text("type") else { return Err(path.field("type").expected("a string")) };
    if !KNOWN.contains(&kind.as_ref()) {
        return opaque();
    }
    fields.take("type");
    let cache = cache_mark(&mut fields);
    let kind = match kind.as_ref() {
        "text" => {
            PartKind::Text { text: fields.required_text("text")?, citations: citations(&mut fields, path)? }
        }
        "image" => PartKind::Image { source: source(&mut fields, path)?, detail: None },
        "document" => PartKind::Document { source: source(&mut fields, path)?, title: fields.text("title")? },
        "tool_use" => PartKind::ToolCall(ToolCall {
            id: tool_id(fields.required_text("id")?),
            name: fields.required_text("name")?,
            arguments: arguments(&mut fields, path)?,
            kind: ToolKind::Function,
        }),
        "tool_result" => PartKind::ToolResult(ToolResult {
            id: tool_id(fields.required_text("tool_use_id")?),
            name: None,
            content: match fields.value("content") {
                Some(raw) => content(wire, raw, path.field("content"))?,
                // A bare list of nothing stands for content that is not there.
                None => Content { parts: Vec::new(), bare: true },
            },
            is_error: fields.bool("is_error")?,
        }),
        "thinking" => PartKind::Reasoning {
            text: fields.required_text("thinking")?,
            signature: fields.text("signature")?,
        },
        _ => PartKind::RedactedReasoning { data: fields.required_text("data")? },
    };
    Ok(Part { kind, cache, extra: fields.rest() })
}

/// The id as its maker wrote it.
pub(super) fn tool_id(wire: Text) -> Text {
    unescape(&wire).map_or(wire, Text::from)
}

/// The `input` object, byte for byte; empty where there is none.
fn arguments(fields: &mut Fields<'_, '_>, path: Path<'_>) -> Result<Text, Error> {
    match fields.json("input") {
        None => Ok(Text::default()),
        Some(input) if input.as_str().starts_with('{') => Ok(Text::slice_of(fields.wire(), input.as_str())),
        Some(_) => Err(path.field("input").expected("a JSON object")),
    }
}

fn citations(fields: &mut Fields<'_, '_>, path: Path<'_>) -> Result<Vec<backstop_core::Json>, Error> {
    // An empty list says nothing, but stays as it is written.
    let empty = |raw: &RawValue| items(raw).is_some_and(|items| items.is_empty());
    match fields.get("citations") {
        Some(raw) if !is_null(raw) && !empty(raw) => {
            let list = items(raw).ok_or_else(|| path.field("citations").expected("a list"))?;
            let citations = list.into_iter().map(|citation| json(fields.wire(), citation)).collect();
            fields.take("citations");
            Ok(citations)
        }
        _ => Ok(Vec::new()),
    }
}

pub(super) fn cache_mark(fields: &mut Fields<'_, '_>) -> Option<CacheMark> {
    let raw = fields.value("cache_control")?;
    let wire = fields.wire();
    let ttl = Fields::open(wire, raw, Path::Root).ok().and_then(|mut mark| mark.text("ttl").ok().flatten());
    Some(CacheMark { ttl, native: (Dialect::AnthropicMessages, json(wire, raw)) })
}

fn source(fields: &mut Fields<'_, '_>, path: Path<'_>) -> Result<Source, Error> {
    let (wire, path) = (fields.wire(), path.field("source"));
    let Some(raw) = fields.value("source") else { return Err(path.expected("a JSON object")) };
    let mut inner = Fields::open(wire, raw, path)?;
    let kind = inner.take("type").and_then(string).unwrap_or_default();
    let source = match kind.as_ref() {
        "base64" => Source::Base64 {
            media_type: inner.required_text("media_type")?,
            data: inner.required_text("data")?,
        },
        "url" => Source::Url(inner.required_text("url")?),
        "file" => Source::File(inner.required_text("file_id")?),
        "text" => Source::Text {
            media_type: inner.required_text("media_type")?,
            text: inner.required_text("data")?,
        },
        _ => return Ok(Source::Opaque { dialect: Dialect::AnthropicMessages, json: json(wire, raw) }),
    };
    // Fields that no source is known to have keep it whole.
    if inner.is_empty() {
        Ok(source)
    } else {
        Ok(Source::Opaque { dialect: Dialect::AnthropicMessages, json: json(wire, raw) })
    }
}

/// What is left of an object once `name` was read out of it; kept under its own name for the way back.
pub(super) fn keep_rest(fields: Fields<'_, '_>, name: &'static str, extra: &mut Extra, was_read: bool) {
    let rest = fields.rest();
    if !was_read || !rest.is_empty() {
        extra.insert(name, super::words::object_of(&rest));
    }
}

const KNOWN: [&str; 7] =
    ["text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"];
