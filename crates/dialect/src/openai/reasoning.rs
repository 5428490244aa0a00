//! Reasoning in messages: `reasoning_content` for the text, `reasoning_details` for what must go back unchanged.
//!
//! The text has two names: `reasoning_content` (DeepSeek, Qwen, xAI, vLLM) and `reasoning` (OpenRouter, Groq, Cerebras).
//! Seals have one public form, OpenRouter's `reasoning_details`: a list of `reasoning.text` (text and signature),
//! `reasoning.encrypted` (data) and `reasoning.summary`, each with the `format` of its maker. Anthropic's and Gemini's are
//! unified, since they have a dialect of their own to go to; all others stay as they are written.

use backstop_core::{Dialect, Extra, Json, Part, PartKind, Text};
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    json::{self, Array, Fields, Path},
    seal::{self, ANTHROPIC_FORMAT, GEMINI_FORMAT},
};

/// Reads one item of `reasoning_details`, the `position`th.
pub(super) fn read_detail(wire: &Bytes, raw: &RawValue, position: usize) -> Part {
    sealed(wire, raw, position).unwrap_or_else(|| {
        Part::new(PartKind::Opaque { dialect: Dialect::OpenaiChat, json: json::json(wire, raw) })
    })
}

/// Anthropic's reasoning with its signature, or redacted; Gemini's seal, which stands before the piece that it seals.
fn sealed(wire: &Bytes, raw: &RawValue, position: usize) -> Option<Part> {
    let mut fields = Fields::open(wire, raw, Path::Root).ok()?;
    let format = fields.take("format").and_then(json::string)?;
    let gemini = format == GEMINI_FORMAT;
    if !gemini && format != ANTHROPIC_FORMAT {
        return None;
    }
    let kind = match fields.take("type").and_then(json::string)?.as_ref() {
        "reasoning.encrypted" if gemini => {
            let signature = seal::of_gemini(&fields.text("data").ok()??);
            PartKind::Reasoning { text: Text::default(), signature: Some(signature) }
        }
        _ if gemini => return None,
        "reasoning.text" => {
            let text = fields.text("text").ok()?.unwrap_or_default();
            let signature = fields.text("signature").ok()?.filter(|signature| !signature.is_empty())?;
            PartKind::Reasoning { text, signature: Some(signature) }
        }
        "reasoning.encrypted" => PartKind::RedactedReasoning { data: fields.text("data").ok()?? },
        _ => return None,
    };
    // The index is the position, unless the document says otherwise.
    let index = fields.take("index").map(RawValue::get);
    let mut part = Part::new(kind);
    part.extra = fields.rest();
    if index != Some(position.to_string().as_str()) {
        part.extra.insert("index", Json::trusted(Text::from(index.unwrap_or("null"))));
    }
    Some(part)
}

/// Writes a part as the `position`th item of `reasoning_details`, where it is one. `call` is the id of the call that it
/// seals, if it seals one.
pub(super) fn write_detail(list: &mut Array<'_>, part: &Part, position: usize, call: Option<&str>) {
    let (name, value, signature) = match &part.kind {
        PartKind::Reasoning { signature: Some(signature), .. }
            if let Some(data) = seal::gemini(signature) =>
        {
            return list.object(|object| {
                object.string("type", "reasoning.encrypted");
                object.string("data", data);
                object.string("format", GEMINI_FORMAT);
                if part.extra.get("id").is_none() {
                    object.maybe_string("id", call);
                }
                write_index(object, part, position);
            });
        }
        PartKind::Reasoning { text, signature: Some(signature) } => ("text", text, Some(signature)),
        PartKind::RedactedReasoning { data } => ("data", data, None),
        PartKind::Opaque { json, .. } => return list.json(json),
        _ => return,
    };
    list.object(|object| {
        object.string("type", if signature.is_some() { "reasoning.text" } else { "reasoning.encrypted" });
        object.string(name, value);
        object.maybe_string("signature", signature.map(Text::as_str));
        object.string("format", ANTHROPIC_FORMAT);
        write_index(object, part, position);
    });
}

/// The place in the list, unless the document said otherwise, and what else it said.
fn write_index(object: &mut json::Object<'_>, part: &Part, position: usize) {
    match part.extra.get("index") {
        None => object.number("index", position as u64),
        Some(index) if index.is_null() => {}
        Some(index) => object.json("index", index),
    }
    object.extra_but(&part.extra, &["index"]);
}

/// Puts seals that name a call right before it: there they stand for those who made them.
pub(super) fn move_to_calls(parts: &mut Vec<Part>) {
    for at in (0..parts.len()).rev() {
        let Some(id) = parts[at].extra.get("id").and_then(Json::to_text).filter(|_| is_detail(&parts[at]))
        else {
            continue;
        };
        let call = parts
            .iter()
            .position(|part| matches!(&part.kind, PartKind::ToolCall(call) if call.id == id.as_str()));
        if let Some(call) = call.filter(|call| *call > at) {
            let seal = parts.remove(at);
            parts.insert(call - 1, seal);
        }
    }
}

/// The id of the call that a seal at `at` stands before.
pub(super) fn sealed_call<'p>(parts: &[&'p Part], at: usize) -> Option<&'p str> {
    match &parts.get(at + 1)?.kind {
        PartKind::ToolCall(call) => Some(&call.id),
        _ => None,
    }
}

/// Whether a part belongs into `reasoning_details`.
pub(super) fn is_detail(part: &Part) -> bool {
    match &part.kind {
        PartKind::Reasoning { signature, .. } => signature.is_some(),
        PartKind::RedactedReasoning { .. } => true,
        PartKind::Opaque { dialect: Dialect::OpenaiChat, json } => is_detail_json(json),
        _ => false,
    }
}

fn is_detail_json(json: &Json) -> bool {
    opaque_type(json).is_some_and(|kind| kind.starts_with("reasoning."))
}

/// The `type` of a piece that is kept as it is written.
pub(super) fn opaque_type(json: &Json) -> Option<String> {
    let wire = Bytes::copy_from_slice(json.as_str().as_bytes());
    let fields = Fields::root(&wire).ok()?;
    fields.get_text("type").map(|kind| kind.into_owned())
}

/// The text of all readable reasoning, joined; `None` where there is none.
pub(super) fn text_of<'p>(parts: impl Iterator<Item = &'p Part>) -> Option<String> {
    let mut texts = parts.filter_map(|part| match &part.kind {
        PartKind::Reasoning { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let first = texts.next()?;
    Some(texts.fold(first.to_owned(), |text, next| text + next))
}

/// The name under which the document gave the text, if it gave it: its place in `extra` is held by a null.
pub(super) fn text_name(extra: &Extra) -> Option<&'static str> {
    json::held_place(extra, &["reasoning_content", "reasoning"])
}
