//! Parts, in: those of requests and those of answers.

use backstop_core::{Dialect, Extra, Json, PartKind, Source, Text};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::names::{either, note};
use crate::{
    json::{self, Error, Fields, Path},
    seal,
};

/// One part, as it is written.
#[derive(Debug)]
pub(super) struct Read {
    /// The seal that stands on it, in its unified form.
    pub(super) seal: Option<Text>,
    pub(super) kind: Kind,
    /// Fields that only this dialect knows, and notes.
    pub(super) extra: Extra,
}

/// What a part is.
#[derive(Debug)]
pub(super) enum Kind {
    Text(Text),
    Thought(Text),
    /// A sealed thought of Anthropic's that nobody can read.
    Redacted(Text),
    Call {
        id: Option<Text>,
        name: Text,
        arguments: Text,
    },
    Result {
        id: Option<Text>,
        name: Text,
        response: Json,
    },
    /// Inline bytes, a file, or what only this dialect knows.
    Whole(PartKind),
}

/// Reads one part.
pub(super) fn read(wire: &Bytes, raw: &RawValue, path: Path<'_>) -> Result<Read, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let seal = match either(&mut fields, "thoughtSignature", "thought_signature") {
        Some(raw) => {
            Some(json::text(wire, raw).ok_or_else(|| path.field("thoughtSignature").expected("a string"))?)
        }
        None => None,
    };
    let seal = seal.and_then(|signature| seal::from_gemini_wire(&signature));
    let thought = fields.bool("thought")?;
    let mut extra = Extra::new();
    if thought == Some(false) {
        note(&mut extra, "thought", Json::from(false));
    }
    let thinks = thought == Some(true);
    let kind = if let Some(text) = fields.text("text")? {
        if thinks { Kind::Thought(text) } else { Kind::Text(text) }
    } else if let Some(call) = either(&mut fields, "functionCall", "function_call") {
        call_of(wire, call, path.field("functionCall"))?.unwrap_or_else(|| opaque(wire, raw))
    } else if let Some(result) = either(&mut fields, "functionResponse", "function_response") {
        result_of(wire, result, path.field("functionResponse"), &mut extra)?
    } else if let Some(data) = either(&mut fields, "inlineData", "inline_data") {
        inline(wire, data, path.field("inlineData"), &mut extra)?
    } else if let Some(file) = either(&mut fields, "fileData", "file_data") {
        file_of(wire, file, path.field("fileData"), &mut extra)?.unwrap_or_else(|| opaque(wire, raw))
    } else {
        opaque(wire, raw)
    };
    let is_opaque = matches!(kind, Kind::Whole(PartKind::Opaque { .. }));
    if is_opaque {
        // Kept whole, its seal and all.
        return Ok(Read { seal: None, kind, extra: Extra::new() });
    }
    let kind = match (&seal, kind) {
        (Some(seal), Kind::Thought(text)) if text.is_empty() && seal::redacted(seal).is_some() => {
            Kind::Redacted(seal::redacted(seal).unwrap_or_default().into())
        }
        (_, kind) => kind,
    };
    extra.merge(fields.rest());
    Ok(Read { seal, kind, extra })
}

fn opaque(wire: &Bytes, raw: &RawValue) -> Kind {
    Kind::Whole(PartKind::Opaque { dialect: Dialect::GeminiGenerate, json: json::json(wire, raw) })
}

/// A call; `None` for a piece of one that is streamed, which only a caller of this dialect can have asked for.
fn call_of(wire: &Bytes, raw: &RawValue, path: Path<'_>) -> Result<Option<Kind>, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let id = fields.text("id")?.filter(|id| !id.is_empty());
    let Some(name) = fields.text("name")? else { return Ok(None) };
    let arguments = match fields.json("args") {
        Some(args) if args.as_str().starts_with('{') => Text::from(args.as_str()),
        Some(_) => return Err(path.field("args").expected("an object")),
        None => Text::default(),
    };
    Ok(fields.is_empty().then_some(Kind::Call { id, name, arguments }))
}

fn result_of(wire: &Bytes, raw: &RawValue, path: Path<'_>, extra: &mut Extra) -> Result<Kind, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let id = fields.text("id")?.filter(|id| !id.is_empty());
    let name = fields.required_text("name")?;
    let Some(response) = fields.json("response").filter(|response| response.as_str().starts_with('{')) else {
        return Err(path.field("response").expected("an object"));
    };
    if !fields.is_empty() {
        note(extra, "functionResponse", super::write_part::object_of(&fields.rest()));
    }
    Ok(Kind::Result { id, name, response })
}

fn inline(wire: &Bytes, raw: &RawValue, path: Path<'_>, extra: &mut Extra) -> Result<Kind, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let media_type = either(&mut fields, "mimeType", "mime_type").and_then(|raw| json::text(wire, raw));
    let Some(media_type) = media_type else { return Err(path.field("mimeType").expected("a string")) };
    let data = standard(fields.required_text("data")?);
    if !fields.is_empty() {
        note(extra, "inlineData", super::write_part::object_of(&fields.rest()));
    }
    Ok(Kind::Whole(media(&media_type.clone(), Source::Base64 { media_type, data })))
}

/// Base64 in the alphabet that all dialects read. Protocol buffers read either, and Google's SDK writes the one for URLs.
fn standard(data: Text) -> Text {
    if !data.contains(['-', '_']) {
        return data;
    }
    let mut text = data.replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text.into()
}

/// A file at a plain URL; `None` for one in Google's store, whose id means nothing elsewhere.
fn file_of(wire: &Bytes, raw: &RawValue, path: Path<'_>, extra: &mut Extra) -> Result<Option<Kind>, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let media_type = either(&mut fields, "mimeType", "mime_type").and_then(|raw| json::text(wire, raw));
    let url = either(&mut fields, "fileUri", "file_uri").and_then(|raw| json::text(wire, raw));
    let Some(url) = url else { return Err(path.field("fileUri").expected("a string")) };
    let google = GOOGLES.iter().any(|prefix| url.starts_with(prefix));
    let (Some(media_type), false, true) = (media_type, google, fields.is_empty()) else { return Ok(None) };
    note(extra, "mimeType", Json::string(&media_type));
    Ok(Some(Kind::Whole(media(&media_type, Source::Url(url)))))
}

/// What bytes of a media type are.
fn media(media_type: &str, source: Source) -> PartKind {
    match media_type.split('/').next() {
        Some("image") => PartKind::Image { source, detail: None },
        Some("audio") => PartKind::Audio { source },
        _ => PartKind::Document { source, title: None },
    }
}

/// Where files lie that only Google can read.
const GOOGLES: [&str; 3] =
    ["gs://", "https://generativelanguage.googleapis.com/", "https://www.youtube.com/"];
