//! Content blocks of requests, out.

use std::borrow::Cow;

use backstop_core::{
    CacheMark, Content, Dialect, Extra, Json, Part, PartKind, Source, Text, ToolCall, ToolKind, ToolResult,
};
use serde_json::value::RawValue;

use super::{tool_id::ToolIds, words::fields_of};
use crate::{
    Loss,
    gemini::is_ours,
    json::{Object, Path, object_json},
    seal,
};

/// Writes blocks, and keeps what all blocks of one request share.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Whether the request was written in this dialect: then all of it goes out as it came.
    pub(super) own: bool,
    pub(super) losses: Vec<Loss>,
    ids: ToolIds,
    marks: usize,
}

/// Where a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    System,
    User,
    Assistant,
    ToolResult,
}

impl Blocks {
    pub(super) fn new(own: bool) -> Self {
        Self { own, losses: Vec::new(), ids: ToolIds::default(), marks: 0 }
    }

    pub(super) fn hint(&mut self, path: Path<'_>, reason: &'static str) {
        self.losses.push(Loss::hint(path.to_string(), Text::from_static(reason)));
    }

    pub(super) fn constraint(&mut self, path: Path<'_>, reason: &'static str) {
        self.losses.push(Loss::constraint(path.to_string(), Text::from_static(reason)));
    }

    /// One block; `None` where it cannot be expressed, which the losses tell, or where it is an empty text, which the
    /// API refuses and which says nothing.
    pub(super) fn block(&mut self, part: &Part, place: Place, path: Path<'_>) -> Option<Json> {
        let written = match &part.kind {
            PartKind::Text { text, citations } => self.text(part, text, citations, path),
            PartKind::Refusal { text } => {
                self.hint(path, "Anthropic Messages has no refusal part: it is written as text");
                self.text(part, text, &[], path)
            }
            PartKind::Image { source, detail } => {
                if detail.as_deref().is_some_and(|detail| detail != "auto") {
                    self.hint(path.field("detail"), "Anthropic Messages has no image detail");
                }
                let source = self.media(source, place, path, false)?;
                self.typed("image", part, path, |object| object.json("source", &source))
            }
            PartKind::Document { source, title } => {
                let source = self.media(source, place, path, true)?;
                self.typed("document", part, path, |object| {
                    object.json("source", &source);
                    object.maybe_string("title", title.as_deref());
                })
            }
            PartKind::Audio { .. } => {
                self.constraint(path, "Anthropic Messages takes no audio");
                return None;
            }
            PartKind::ToolCall(call) => self.tool_call(part, call, path),
            PartKind::ToolResult(result) => self.tool_result(part, result, path),
            PartKind::Reasoning { text, signature } => {
                // Unsigned reasoning is another provider's, or a copy: the API refuses it.
                let Some(signature) = signature.as_ref().filter(|seal| seal::is_anthropics(seal)) else {
                    self.hint(path, "reasoning without this provider's signature cannot go back to it");
                    return None;
                };
                self.typed("thinking", part, path, |object| {
                    object.string("thinking", text);
                    object.string("signature", signature);
                })
            }
            PartKind::RedactedReasoning { data } => {
                self.typed("redacted_thinking", part, path, |object| object.string("data", data))
            }
            PartKind::Opaque { dialect: Dialect::AnthropicMessages, json } => json.clone(),
            PartKind::Opaque { json, .. } => {
                if is_reasoning(json) {
                    self.hint(path, "another provider's sealed reasoning cannot be read here");
                } else {
                    self.constraint(path, "only the dialect that it was written in knows this content");
                }
                return None;
            }
        };
        (!written.as_str().is_empty()).then_some(written)
    }

    /// The content of a tool's result: a string where it was one, blocks else, nothing where there was nothing.
    fn result_content(&mut self, content: &Content, path: Path<'_>) -> Option<Json> {
        match (content.bare, content.parts.as_slice()) {
            (true, []) => None,
            (true, [Part { kind: PartKind::Text { text, .. }, .. }]) => Some(Json::string(text)),
            (_, parts) => Some(self.list(parts, Place::ToolResult, path)),
        }
    }

    /// A list of blocks.
    pub(super) fn list(&mut self, parts: &[Part], place: Place, path: Path<'_>) -> Json {
        let blocks = parts.iter().enumerate();
        let blocks: Vec<_> =
            blocks.filter_map(|(index, part)| self.block(part, place, path.item(index))).collect();
        list_of(&blocks)
    }

    fn text(&mut self, part: &Part, text: &Text, citations: &[Json], path: Path<'_>) -> Json {
        if !self.own && text.trim().is_empty() {
            if !text.is_empty() {
                self.hint(path, "Anthropic Messages refuses text of nothing but white space");
            }
            return Json::default();
        }
        if !self.own && !citations.is_empty() {
            self.hint(path.field("citations"), "another provider's citations mean nothing here");
        }
        let own = self.own;
        self.typed("text", part, path, |object| {
            object.string("text", text);
            if own && !citations.is_empty() {
                object.array("citations", |array| citations.iter().for_each(|citation| array.json(citation)));
            }
        })
    }

    fn tool_call(&mut self, part: &Part, call: &ToolCall, path: Path<'_>) -> Json {
        let id = if self.own { self.ids.write(&call.id).into_owned() } else { self.ids.call(&call.id) };
        let (input, changed) = input(call);
        if let Some(reason) = changed {
            self.hint(path.field("arguments"), reason);
        }
        let own = self.own;
        self.typed("tool_use", part, path, |object| {
            object.string("id", &id);
            object.string("name", &call.name);
            if !own || !call.arguments.is_empty() {
                object.raw("input", &input);
            }
        })
    }

    fn tool_result(&mut self, part: &Part, result: &ToolResult, path: Path<'_>) -> Json {
        let id = self.ids.result(&result.id);
        let content = self.result_content(&result.content, path.field("content"));
        self.typed("tool_result", part, path, |object| {
            object.string("tool_use_id", &id);
            object.maybe_json("content", content.as_ref());
            object.maybe_bool("is_error", result.is_error);
        })
    }

    /// The source of an image or a document, where it can stand at `place`.
    fn media(&mut self, source: &Source, place: Place, path: Path<'_>, document: bool) -> Option<Json> {
        if !self.own && matches!(place, Place::System | Place::Assistant) {
            self.constraint(path, "Anthropic Messages takes media only from the user and from tools");
            return None;
        }
        let refused = match source {
            Source::Opaque { dialect: Dialect::AnthropicMessages, json } => return Some(json.clone()),
            Source::Opaque { .. } => Some("only the dialect that it was written in knows this source"),
            _ if self.own => None,
            Source::Base64 { media_type, .. } if document => (media_type != "application/pdf")
                .then_some("Anthropic Messages takes PDF and plain text only"),
            Source::Base64 { media_type, .. } => (!IMAGES.contains(&media_type.as_str()))
                .then_some("Anthropic Messages takes JPEG, PNG, GIF and WebP images only"),
            Source::Url(url) => {
                (!url.starts_with("https://")).then_some("Anthropic Messages fetches https URLs only")
            }
            Source::File(_) => Some("the file lies in another provider's store"),
            Source::Text { .. } => (!document).then_some("an image cannot be text"),
        };
        if let Some(reason) = refused {
            self.constraint(path, reason);
            return None;
        }
        Some(object_json(|object| match source {
            Source::Base64 { media_type, data } => {
                object.string("type", "base64");
                object.string("media_type", media_type);
                object.string("data", data);
            }
            Source::Url(url) => {
                object.string("type", "url");
                object.string("url", url);
            }
            Source::File(id) => {
                object.string("type", "file");
                object.string("file_id", id);
            }
            Source::Text { media_type, text } => {
                object.string("type", "text");
                object.string("media_type", media_type);
                object.string("data", text);
            }
            Source::Opaque { .. } => {}
        }))
    }

    fn typed(&mut self, kind: &str, part: &Part, path: Path<'_>, fill: impl FnOnce(&mut Object<'_>)) -> Json {
        let mark = self.mark(part.cache.as_ref(), path);
        // The mark of a reasoning block is its provider's; it says where the block is from.
        if !matches!(part.kind, PartKind::Reasoning { .. } | PartKind::RedactedReasoning { .. }) {
            self.report_extra(&part.extra, path);
        }
        let extra = self.own.then_some(&part.extra);
        object_json(|object| {
            object.string("type", kind);
            fill(object);
            object.maybe_json("cache_control", mark.as_ref());
            if let Some(extra) = extra {
                object.extra(extra);
            }
        })
    }

    /// A cache mark: this dialect's as it is, another's by its meaning, four at most.
    pub(super) fn mark(&mut self, mark: Option<&CacheMark>, path: Path<'_>) -> Option<Json> {
        let CacheMark { ttl, native } = mark?;
        if let (Dialect::AnthropicMessages, json) = native {
            return Some(json.clone());
        }
        self.marks += 1;
        if self.marks > MAX_MARKS {
            self.hint(path.field("cache_control"), "Anthropic Messages takes four cache marks");
            return None;
        }
        Some(object_json(|object| {
            object.string("type", "ephemeral");
            object.maybe_string("ttl", ttl.as_deref().filter(|ttl| matches!(*ttl, "5m" | "1h")));
        }))
    }

    /// Tells the fields that only another dialect knows.
    pub(super) fn report_extra(&mut self, extra: &Extra, path: Path<'_>) {
        if self.own {
            return;
        }
        for (name, _) in extra.iter().filter(|(name, value)| !says_nothing(value) && !is_ours(name)) {
            self.hint(path.field(name), "Anthropic Messages has no such field");
        }
    }
}

/// A `null`, or an empty text, list or object.
pub(super) fn says_nothing(value: &Json) -> bool {
    matches!(value.as_str(), "null" | "\"\"" | "[]" | "{}")
}

/// Whether a piece that only another dialect knows is reasoning (`reasoning.encrypted` …).
fn is_reasoning(json: &Json) -> bool {
    let kind = fields_of(json).and_then(|fields| fields.get("type")?.to_text());
    kind.is_some_and(|kind| kind.starts_with("reasoning."))
}

/// The arguments as the object that this dialect wants, byte for byte where they are one, and what had to change else.
///
/// Anthropic's own documentation wraps arguments that are no JSON as `{"INVALID_JSON": "…"}`; the free text of a custom
/// tool is written as `{"input": "…"}`.
pub(super) fn input(call: &ToolCall) -> (Cow<'_, str>, Option<&'static str>) {
    let wrapped = |name: &str| object_json(|object| object.string(name, &call.arguments)).to_string();
    match call.kind {
        ToolKind::Custom => (wrapped("input").into(), Some("free text is written as the field `input`")),
        ToolKind::Function if call.arguments.trim().is_empty() => ("{}".into(), None),
        ToolKind::Function if is_object(&call.arguments) => (Cow::Borrowed(&call.arguments), None),
        ToolKind::Function => (
            wrapped("INVALID_JSON").into(),
            Some("arguments that are no JSON object are written as a string"),
        ),
    }
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get().starts_with('{'))
}

/// A list of values as a value.
pub(super) fn list_of(values: &[Json]) -> Json {
    let length = values.iter().map(|value| value.as_str().len() + 1).sum::<usize>() + 2;
    let mut list = String::with_capacity(length);
    list.push('[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            list.push(',');
        }
        list.push_str(value.as_str());
    }
    list.push(']');
    Json::trusted(list.into())
}

const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const MAX_MARKS: usize = 4;
