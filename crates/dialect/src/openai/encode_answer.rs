//! Whole answers out.
//!
//! Reasoning goes out as `reasoning_content`; what must come back unchanged as `reasoning_details`. Citations of OpenAI's
//! own form go out as `annotations`, all others as `citations`.

use backstop_core::{Choice, Completion, Dialect, FinishReason, Json, Part, PartKind, ToolKind};

use super::{
    decode_answer::OBJECT,
    decode_request::kind_name,
    encode_message::{self, write_tool_call},
    encode_part::image_url,
    finish, reasoning, usage,
};
use crate::{
    Encoded, Loss, Voice,
    gemini::is_ours,
    json::{self, Object, held_place},
};

pub(crate) fn encode_answer(answer: &Completion, voice: &Voice) -> Encoded {
    let mut losses = Vec::new();
    let own = is_own(answer);
    let body = json::object(1024, |top| {
        let start = &answer.start;
        if start.id.is_empty() {
            top.string("id", &made_up_id(voice));
        } else {
            top.string("id", &start.id);
        }
        if !(own && answer.extra.get("object").is_some()) {
            top.string("object", OBJECT);
        }
        if !(own && answer.extra.get("created").is_some()) {
            top.number("created", start.created.unwrap_or_else(|| voice.id.created()));
        }
        top.string("model", &start.model);
        top.array("choices", |list| {
            for choice in &answer.choices {
                list.object(|object| write_choice(object, choice, own, &mut losses));
            }
        });
        if let Some(used) = &answer.usage {
            usage::write(top, used);
        }
        if own {
            top.extra_but(&answer.extra, if answer.usage.is_some() { &["usage"] } else { &[] });
        } else {
            for (name, _) in answer.extra.iter().filter(|(name, value)| !value.is_null() && !is_ours(name)) {
                losses.push(Loss::hint(name.clone(), "OpenAI Chat has no such field"));
            }
        }
    });
    Encoded { body, losses }
}

/// The id of an answer whose provider gave it none.
pub(super) fn made_up_id(voice: &Voice) -> String {
    format!("chatcmpl-{:032x}", voice.id.as_u128())
}

/// Whether the answer was given in OpenAI's dialect, so that its extra fields mean something there: no other dialect
/// says when an answer was made.
fn is_own(answer: &Completion) -> bool {
    match answer.usage.as_ref().and_then(|usage| usage.native.as_ref()) {
        Some((dialect, _)) => *dialect == Dialect::OpenaiChat,
        None => answer.start.created.is_some() || answer.extra.get("created").is_some(),
    }
}

fn write_choice(object: &mut Object<'_>, choice: &Choice, own: bool, losses: &mut Vec<Loss>) {
    object.number("index", choice.index.into());
    let kept = choice.extra.get("message").filter(|_| own);
    object.object("message", |message| write_message(message, choice, kept, own, losses));
    let refused = choice.parts.iter().any(|part| matches!(part.kind, PartKind::Refusal { .. }));
    match &choice.finish {
        Some(end) => {
            // A caller of this dialect gets the provider's own word.
            let word =
                if own { end.native.as_str() } else { finish::write(end.reason, &end.native, refused) };
            object.string("finish_reason", word);
            if end.native != word && choice.extra.get("native_finish_reason").is_none() {
                object.string("native_finish_reason", &end.native);
            }
            // Which one it was, where the provider said so: no client minds one field more.
            object.maybe_string("stop_sequence", end.stop_sequence.as_deref());
        }
        // An answer that never ended is no success.
        None => object.string("finish_reason", "error"),
    }
    if own {
        object.extra_but(&choice.extra, &["message"]);
    } else {
        object.null("logprobs");
        for (name, _) in choice.extra.iter().filter(|(name, value)| !value.is_null() && !is_ours(name)) {
            losses.push(Loss::hint(
                format!("choices[{}].{name}", choice.index),
                "OpenAI Chat has no such field",
            ));
        }
    }
}

fn write_message(
    message: &mut Object<'_>,
    choice: &Choice,
    kept: Option<&Json>,
    own: bool,
    losses: &mut Vec<Loss>,
) {
    let parts = &choice.parts;
    // An answer that was a document leaves out what it left out; any other has all that clients rely on.
    let whole = kept.is_some();
    let kept = kept.map(kept_fields).unwrap_or_default();
    message.string("role", "assistant");
    let text: Option<String> = joined(parts, |part| match &part.kind {
        PartKind::Text { text, .. } => Some(text),
        _ => None,
    });
    let mut written = Vec::new();
    // A list holds text and reasoning as the provider gave them.
    let listed = kept.get("content").is_some_and(|content| content.as_str().starts_with('['));
    match &text {
        _ if listed => {}
        Some(text) => {
            written.push("content");
            message.string("content", text);
        }
        None if !whole => message.null("content"),
        None => {}
    }
    let refusal = joined(parts, |part| match &part.kind {
        PartKind::Refusal { text } => Some(text),
        _ => None,
    });
    match &refusal {
        Some(refusal) => {
            written.push("refusal");
            message.string("refusal", refusal);
        }
        None if !whole => message.null("refusal"),
        None => {}
    }
    if let Some(text) = reasoning::text_of(parts.iter()).filter(|text| !text.is_empty() && !listed) {
        let name = held_place(&kept, &["reasoning_content", "reasoning"]).unwrap_or("reasoning_content");
        written.push(name);
        message.string(name, &text);
    }
    encode_message::details(message, parts.iter(), own);
    let cited = || {
        parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text { citations, .. } => Some(citations),
            _ => None,
        })
    };
    for (name, openai) in [("annotations", true), ("citations", false)] {
        let all: Vec<&Json> =
            cited().flatten().filter(|citation| is_annotation(citation) == openai).collect();
        if !all.is_empty() {
            written.push(name);
            message.array(name, |list| all.into_iter().for_each(|citation| list.json(citation)));
        }
    }
    let images: Vec<_> = parts.iter().filter_map(image_of).collect();
    if !images.is_empty() {
        message.array("images", |list| {
            images.iter().for_each(|url| list.object(|object| write_image(object, url)))
        });
    }
    let calls: Vec<_> = parts.iter().filter(|part| matches!(part.kind, PartKind::ToolCall(_))).collect();
    if !calls.is_empty() {
        let cut = choice.finish.as_ref().is_some_and(|finish| finish.reason == FinishReason::Length);
        message.array("tool_calls", |list| {
            for part in calls {
                let PartKind::ToolCall(call) = &part.kind else { continue };
                // A call without arguments is one with none, unless the limit cut them off.
                let empty = call.kind == ToolKind::Function && call.arguments.is_empty() && !cut;
                let arguments = if empty { "{}" } else { call.arguments.as_str() };
                list.object(|object| {
                    let inner = kind_name(call.kind);
                    write_tool_call(object, call, &call.id, arguments, part.extra.get(inner).filter(|_| own));
                    if own {
                        object.extra_but(&part.extra, &[inner]);
                    }
                });
            }
        });
    }
    for (index, part) in parts.iter().enumerate() {
        write_opaque(message, part, index, choice.index, losses);
    }
    message.extra_but(&kept, &written);
}

/// Pieces that only one dialect knows.
fn write_opaque(message: &mut Object<'_>, part: &Part, index: usize, choice: u32, losses: &mut Vec<Loss>) {
    let lost = match &part.kind {
        PartKind::Opaque { dialect: Dialect::OpenaiChat, json } => {
            // Those of the whole message stand under their own name.
            if reasoning::opaque_type(json).is_none() {
                return message.fields_of(json);
            }
            !reasoning::is_detail(part)
        }
        PartKind::Opaque { .. }
        | PartKind::Audio { .. }
        | PartKind::Document { .. }
        | PartKind::ToolResult(_) => true,
        PartKind::Image { .. } => image_of(part).is_none(),
        _ => false,
    };
    if lost {
        let field = format!("choices[{choice}].message.content[{index}]");
        losses.push(Loss::constraint(field, "OpenAI Chat cannot say this piece of an answer"));
    }
}

fn kept_fields(kept: &Json) -> backstop_core::Extra {
    let wire = bytes::Bytes::copy_from_slice(kept.as_str().as_bytes());
    json::Fields::root(&wire).map(json::Fields::rest).unwrap_or_default()
}

fn joined<'p>(
    parts: &'p [Part],
    text: impl Fn(&'p Part) -> Option<&'p backstop_core::Text>,
) -> Option<String> {
    let mut texts = parts.iter().filter_map(text);
    let first = texts.next()?.to_string();
    Some(texts.fold(first, |all, next| all + next))
}

/// Whether a citation has OpenAI's form.
pub(super) fn is_annotation(citation: &Json) -> bool {
    reasoning::opaque_type(citation)
        .is_some_and(|kind| matches!(kind.as_str(), "url_citation" | "file_citation" | "file"))
}

pub(super) fn image_of(part: &Part) -> Option<String> {
    match &part.kind {
        PartKind::Image { source, .. } => image_url(source).map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// A generated picture, in the form that OpenRouter gave it.
pub(super) fn write_image(object: &mut Object<'_>, url: &str) {
    object.string("type", "image_url");
    object.object("image_url", |inner| inner.string("url", url));
}
