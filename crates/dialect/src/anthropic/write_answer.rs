//! Whole answers, out.

use backstop_core::{Choice, Completion, Dialect, Extra, Finish, Json, Part, PartKind, Text, Usage};

use super::{
    tool_id::escape,
    words::{fields_of, is_native, stop_reason, write_usage},
    write_part::{input, list_of, says_nothing},
};
use crate::{
    Encoded, Loss, Voice,
    gemini::is_ours,
    json::{self, Object, object_json},
};

/// Writes a whole answer.
///
/// One that this dialect wrote comes out equal. Of another's, the first choice is written: a refusal as text, unsigned
/// reasoning with an empty signature, ids of tool calls in the legal charset, arguments byte for byte where they are an
/// object.
pub(crate) fn encode_answer(answer: &Completion, voice: &Voice) -> Encoded {
    let none = Choice::default();
    let choice = answer.choices.first().unwrap_or(&none);
    let own = is_own(answer.usage.as_ref(), choice.finish.as_ref());
    let mut losses = Vec::new();
    for other in answer.choices.iter().skip(1) {
        let field = format!("choices[{}]", other.index);
        losses.push(Loss::constraint(field, "Anthropic Messages gives one answer"));
    }
    let (mut refuses, mut calls, mut content) = (false, false, Vec::new());
    for (number, part) in (0_u32..).zip(&choice.parts) {
        refuses |= matches!(part.kind, PartKind::Refusal { .. });
        calls |= matches!(part.kind, PartKind::ToolCall(_));
        content.extend(block(part, number, own, &choice.extra, &mut losses));
    }
    if !own {
        report_foreign(&answer.extra, "", &mut losses);
        report_foreign(&choice.extra, "choices[0].", &mut losses);
    }
    let body =
        json::object(256 + content.iter().map(|block| block.as_str().len()).sum::<usize>(), |object| {
            object.string("id", &message_id(&answer.start.id, voice));
            object.string("type", "message");
            object.string("role", "assistant");
            object.string("model", &answer.start.model);
            object.json("content", &list_of(&content));
            match &choice.finish {
                Some(finish) => {
                    let (reason, original) = stop_reason(finish, refuses, calls);
                    object.string("stop_reason", reason);
                    match &finish.stop_sequence {
                        Some(sequence) => object.string("stop_sequence", sequence),
                        None => object.null("stop_sequence"),
                    }
                    object.maybe_string("native_finish_reason", original);
                }
                None => {
                    object.null("stop_reason");
                    object.null("stop_sequence");
                }
            }
            if own {
                write_own_extra(object, &answer.extra, &choice.extra);
            }
            write_usage(object, answer.usage.as_ref());
        });
    Encoded { body, losses }
}

/// Tells the fields that only another dialect knows, those of its `message` among them. What says nothing is passed over.
fn report_foreign(extra: &Extra, place: &str, losses: &mut Vec<Loss>) {
    for (name, value) in extra.iter().filter(|(name, value)| !says_nothing(value) && !is_ours(name)) {
        match fields_of(value) {
            Some(fields) if *name == "message" => report_foreign(&fields, &format!("{place}{name}."), losses),
            _ => losses.push(Loss::hint(format!("{place}{name}"), "Anthropic Messages has no such field")),
        }
    }
}

/// The provider's id of the answer, or one made of the request's.
pub(super) fn message_id(id: &Text, voice: &Voice) -> Text {
    if id.is_empty() { format!("msg_{:032x}", voice.id.as_u128()).into() } else { id.clone() }
}

/// Whether this dialect wrote the answer: its usage says so, or else the word for its end.
pub(super) fn is_own(usage: Option<&Usage>, finish: Option<&Finish>) -> bool {
    match usage.and_then(|usage| usage.native.as_ref()) {
        Some((dialect, _)) => *dialect == Dialect::AnthropicMessages,
        None => finish.is_some_and(is_native),
    }
}

/// The fields of the answer and of the choice that only this dialect knows; not those of blocks.
pub(super) fn write_own_extra(object: &mut Object<'_>, of_answer: &Extra, of_choice: &Extra) {
    object.extra(of_answer);
    let of_choice = of_choice.iter().filter(|(name, _)| !name.starts_with("content["));
    of_choice.for_each(|(name, value)| object.json(name, value));
}

/// The fields of the block `number` that the reader kept under the name of its place.
pub(super) fn write_block_extra(object: &mut Object<'_>, number: u32, of_choice: &Extra) {
    if of_choice.is_empty() {
        return;
    }
    let place = format!("content[{number}].");
    for (name, value) in of_choice.iter() {
        if let Some(name) = name.strip_prefix(&place) {
            object.json(name, value);
        }
    }
}

/// Whether a citation is one of this dialect's.
pub(super) fn is_citation(citation: &Json) -> bool {
    fields_of(citation)
        .and_then(|fields| fields.get("type")?.to_text())
        .is_some_and(|kind| kind.ends_with("_location"))
}

/// The id of a tool call in the legal charset; as it is where its escaped form would be too long.
pub(super) fn call_id(id: &Text) -> String {
    escape(id).map_or_else(|| id.to_string(), std::borrow::Cow::into_owned)
}

fn block(part: &Part, number: u32, own: bool, of_choice: &Extra, losses: &mut Vec<Loss>) -> Option<Json> {
    let field = |name: &str| format!("content[{number}]{name}");
    let typed = |kind: &str, fill: &dyn Fn(&mut Object<'_>)| {
        Some(object_json(|object| {
            object.string("type", kind);
            fill(object);
            write_block_extra(object, number, of_choice);
            if own {
                object.extra(&part.extra);
            }
        }))
    };
    match &part.kind {
        PartKind::Text { text, citations } => {
            if text.is_empty() && citations.is_empty() && !own {
                return None;
            }
            let known: Vec<_> = citations.iter().filter(|citation| own || is_citation(citation)).collect();
            if known.len() < citations.len() {
                losses
                    .push(Loss::hint(field(".citations"), "another dialect's citations have no place here"));
            }
            typed("text", &|object| {
                object.string("text", text);
                if !known.is_empty() {
                    object.array("citations", |array| known.iter().for_each(|citation| array.json(citation)));
                }
            })
        }
        PartKind::Refusal { text } if text.is_empty() => None,
        PartKind::Refusal { text } => typed("text", &|object| object.string("text", text)),
        PartKind::Reasoning { text, signature } => {
            if text.is_empty() && signature.is_none() {
                return None;
            }
            typed("thinking", &|object| {
                object.string("thinking", text);
                object.string("signature", signature.as_deref().unwrap_or_default());
            })
        }
        PartKind::RedactedReasoning { data } => {
            typed("redacted_thinking", &|object| object.string("data", data))
        }
        PartKind::ToolCall(call) => {
            let (input, changed) = input(call);
            losses.extend(changed.map(|reason| Loss::hint(field(".input"), reason)));
            typed("tool_use", &|object| {
                object.string("id", &call_id(&call.id));
                object.string("name", &call.name);
                object.raw("input", &input);
            })
        }
        PartKind::Opaque { dialect: Dialect::AnthropicMessages, json } => Some(json.clone()),
        PartKind::Opaque { .. }
        | PartKind::Image { .. }
        | PartKind::Audio { .. }
        | PartKind::Document { .. }
        | PartKind::ToolResult(_) => {
            losses.push(Loss::constraint(
                field(""),
                "an answer of Anthropic Messages cannot hold this content",
            ));
            None
        }
    }
}
