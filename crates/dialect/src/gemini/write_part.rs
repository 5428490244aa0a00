//! Parts, out: those of requests and those of answers.

use std::borrow::Cow;

use backstop_core::{Dialect, Extra, Json, Part, PartKind, Source, Text, ToolCall, ToolKind};
use serde_json::value::RawValue;

use super::{
    names::{noted, write_extra},
    read_request::MADE_UP,
};
use crate::{
    json::{Object, object_json},
    seal,
};

/// An object of the fields of `extra`.
pub(super) fn object_of(extra: &Extra) -> Json {
    object_json(|object| object.extra(extra))
}

/// A part of text, media, a call or a thought, with a seal on it. `own`: the part was written in this dialect, so that what
/// was noted of it holds. `None` where this dialect cannot say it.
pub(super) fn part(part: &Part, seal: Option<&str>, own: bool) -> Option<Json> {
    let noted = |name: &str| noted(&part.extra, name).filter(|_| own);
    let mut seal = seal.map(seal::to_gemini_wire);
    let body: Box<dyn Fn(&mut Object<'_>) + '_> = match &part.kind {
        PartKind::Opaque { dialect: Dialect::GeminiGenerate, json } => return Some(json.clone()),
        PartKind::Text { text, .. } | PartKind::Refusal { text } => {
            Box::new(|object| object.string("text", text))
        }
        PartKind::Reasoning { text, signature } => {
            seal = signature.as_deref().map(seal::to_gemini_wire).or(seal);
            Box::new(|object| {
                object.string("text", text);
                object.bool("thought", true);
            })
        }
        PartKind::RedactedReasoning { data } => {
            seal = Some(seal::to_gemini_wire(&seal::of_redacted(data)));
            Box::new(|object| {
                object.string("text", "");
                object.bool("thought", true);
            })
        }
        PartKind::ToolCall(call) => {
            let id = noted("id").is_none().then_some(&call.id).filter(|id| is_real(id));
            Box::new(move |object| {
                object.object("functionCall", |inner| {
                    inner.maybe_string("id", id.map(Text::as_str));
                    inner.string("name", &call.name);
                    if !(own && call.arguments.is_empty()) {
                        inner.raw("args", &args(call));
                    }
                });
            })
        }
        PartKind::Image { source, .. } | PartKind::Audio { source } | PartKind::Document { source, .. } => {
            let media_type = noted("mimeType").and_then(Json::to_text);
            let rest = noted("inlineData");
            let media = media(source, media_type.as_deref(), rest)?;
            Box::new(move |object| object.fields_of(&media))
        }
        PartKind::ToolResult(_) | PartKind::Opaque { .. } => return None,
    };
    Some(object_json(|object| {
        body(object);
        if let Some(thought) = noted("thought") {
            object.json("thought", thought);
        }
        object.maybe_string("thoughtSignature", seal.as_deref());
        if own {
            write_extra(object, &part.extra);
        }
    }))
}

/// Whether an id is one that somebody gave, not one that a reader of this dialect made up.
pub(super) fn is_real(id: &str) -> bool {
    !id.is_empty() && !id.starts_with(MADE_UP)
}

/// The field of a part that holds inline bytes or names a file.
fn media(source: &Source, media_type: Option<&str>, rest: Option<&Json>) -> Option<Json> {
    match source {
        Source::Base64 { media_type, data } => Some(object_json(|object| {
            object.object("inlineData", |inner| {
                inner.string("mimeType", media_type);
                inner.string("data", data);
                if let Some(rest) = rest {
                    inner.fields_of(rest);
                }
            });
        })),
        Source::Url(url) => {
            let media_type = media_type.or_else(|| media_type_of(url))?;
            Some(object_json(|object| {
                object.object("fileData", |inner| {
                    inner.string("mimeType", media_type);
                    inner.string("fileUri", url);
                });
            }))
        }
        Source::Opaque { .. } | Source::File(_) | Source::Text { .. } => None,
    }
}

/// The media type that a URL's ending tells: `fileData` wants one.
fn media_type_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let ending = path.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        _ => return None,
    })
}

/// The arguments as the object that this dialect wants, byte for byte where they are one.
pub(super) fn args(call: &ToolCall) -> Cow<'_, str> {
    let wrapped =
        |name: &str| Cow::Owned(object_json(|object| object.string(name, &call.arguments)).to_string());
    match call.kind {
        ToolKind::Custom => wrapped("input"),
        ToolKind::Function if call.arguments.trim().is_empty() => Cow::Borrowed("{}"),
        ToolKind::Function if is_object(&call.arguments) => Cow::Borrowed(call.arguments.trim()),
        ToolKind::Function => wrapped("INVALID_JSON"),
    }
}

/// Whether [`args`] says something else than the model did.
pub(super) fn is_wrapped(call: &ToolCall) -> bool {
    call.kind == ToolKind::Custom || !(call.arguments.trim().is_empty() || is_object(&call.arguments))
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text.trim()).is_ok_and(|raw| raw.get().starts_with('{'))
}

/// A list of values as a value.
pub(super) fn list_of<'j>(values: impl IntoIterator<Item = &'j Json>) -> Json {
    let values: Vec<&str> = values.into_iter().map(Json::as_str).collect();
    Json::trusted(Text::from(format!("[{}]", values.join(","))))
}
