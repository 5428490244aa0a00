//! Parts of messages out.

use std::borrow::Cow;

use backstop_core::{Dialect, Part, PartKind, Source};

use super::{encode_message::Losses, encode_request::write_cache};
use crate::json::{Array, Object};

pub(super) fn write_parts(object: &mut Object<'_>, parts: &[&Part], at: &str, losses: &mut Losses) {
    object.array("content", |list| {
        for (index, part) in parts.iter().enumerate() {
            write_part(list, part, &format!("{at}.content[{index}]"), losses);
        }
    });
}

fn write_part(list: &mut Array<'_>, part: &Part, at: &str, losses: &mut Losses) {
    let reason = match &part.kind {
        PartKind::Opaque { dialect: Dialect::OpenaiChat, json } => return list.json(json),
        PartKind::Opaque { .. } => Some("only its own dialect knows this piece"),
        PartKind::Image { source, .. } if image_url(source).is_none() => {
            Some("OpenAI Chat takes images inline or by URL")
        }
        PartKind::Audio { source } if audio_format(source).is_none() => {
            Some("OpenAI Chat takes audio inline")
        }
        PartKind::Document { source: Source::Text { .. }, .. } => None,
        PartKind::Document { source, .. } if !is_file(source, losses.own) => {
            Some("OpenAI Chat takes documents inline or from its own file store")
        }
        PartKind::ToolCall(_) | PartKind::ToolResult(_) => Some("it stands where OpenAI Chat takes none"),
        PartKind::Reasoning { .. } | PartKind::RedactedReasoning { .. } => {
            Some("it stands where OpenAI Chat takes none")
        }
        _ => None,
    };
    if let Some(reason) = reason {
        return losses.constraint(at, reason);
    }
    let own = losses.own_extra(&part.extra, at);
    list.object(|object| {
        let inner = known_part(object, part, own, at, losses);
        write_cache(object, part.cache.as_ref(), at, losses);
        if own {
            object.extra_but(&part.extra, &[inner]);
        }
    });
}

/// Writes what the part is; gives the name of the object within, whose rest is not the part's own.
fn known_part(
    object: &mut Object<'_>,
    part: &Part,
    own: bool,
    at: &str,
    losses: &mut Losses,
) -> &'static str {
    let nested = |inner: &mut Object<'_>, name: &str| {
        if own && let Some(rest) = part.extra.get(name) {
            inner.fields_of(rest);
        }
    };
    match &part.kind {
        PartKind::Text { text, citations } => {
            object.string("type", "text");
            object.string("text", text);
            if !citations.is_empty() {
                losses.hint(format!("{at}.citations"), "OpenAI Chat takes no citations back");
            }
            ""
        }
        PartKind::Refusal { text } => {
            object.string("type", "refusal");
            object.string("refusal", text);
            ""
        }
        PartKind::Image { source, detail } => {
            object.string("type", "image_url");
            object.object("image_url", |inner| {
                inner.string("url", &image_url(source).unwrap_or_default());
                inner.maybe_string("detail", detail.as_deref());
                nested(inner, "image_url");
            });
            "image_url"
        }
        PartKind::Audio { source } => {
            let (data, format) = audio_format(source).unwrap_or_default();
            object.string("type", "input_audio");
            object.object("input_audio", |inner| {
                inner.string("data", data);
                inner.string("format", format);
                nested(inner, "input_audio");
            });
            "input_audio"
        }
        PartKind::Document { source: Source::Text { text, .. }, title } => {
            object.string("type", "text");
            object.string("text", text);
            if title.is_some() {
                losses.hint(format!("{at}.title"), "a text document became plain text");
            }
            ""
        }
        PartKind::Document { source, title } => {
            object.string("type", "file");
            object.object("file", |inner| {
                // A name is required beside inline bytes; other dialects give documents none.
                let name = title.as_deref().or(if own { None } else { Some("document.pdf") });
                inner.maybe_string("filename", name);
                match source {
                    Source::File(id) => inner.string("file_id", id),
                    source => inner.string("file_data", &image_url(source).unwrap_or_default()),
                }
                nested(inner, "file");
            });
            "file"
        }
        PartKind::ToolCall(_)
        | PartKind::ToolResult(_)
        | PartKind::Reasoning { .. }
        | PartKind::RedactedReasoning { .. }
        | PartKind::Opaque { .. } => "",
    }
}

/// The URL of a picture: its own, or a data URL.
pub(super) fn image_url(source: &Source) -> Option<Cow<'_, str>> {
    match source {
        Source::Url(url) => Some(Cow::Borrowed(url)),
        Source::Base64 { media_type, data } => Some(Cow::Owned(format!("data:{media_type};base64,{data}"))),
        Source::File(_) | Source::Text { .. } | Source::Opaque { .. } => None,
    }
}

fn audio_format(source: &Source) -> Option<(&str, &str)> {
    match source {
        Source::Base64 { media_type, data } => {
            Some((data, media_type.strip_prefix("audio/").unwrap_or(media_type)))
        }
        _ => None,
    }
}

fn is_file(source: &Source, own: bool) -> bool {
    match source {
        Source::Base64 { .. } => true,
        // An id means something in the store that gave it only.
        Source::File(_) => own,
        Source::Url(_) | Source::Text { .. } | Source::Opaque { .. } => false,
    }
}
