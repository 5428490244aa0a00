//! Whole answers, out.

use backstop_core::{Choice, Completion, Dialect, Finish, Json, Part, PartKind, Usage};

use super::{
    names::{is_ours, noted, write_extra},
    read_answer::BLOCKED,
    words::{finish_word, is_native, write_usage},
    write_part::{self, is_wrapped, list_of},
};
use crate::{
    Encoded, Loss,
    json::{self, Object, object_json},
    seal,
};

/// Writes a whole answer. One that this dialect wrote comes out equal; of another's, reasoning is a thought, a refusal is
/// text, and a call bears the word that there is no seal.
pub(crate) fn encode_answer(answer: &Completion) -> Encoded {
    let end = answer.choices.first().and_then(|choice| choice.finish.as_ref());
    let own = is_own(answer.usage.as_ref(), end);
    let mut losses = Vec::new();
    let is_blocked = |choice: &Choice| own && noted(&choice.extra, BLOCKED).is_some();
    let candidates: Vec<Json> = answer
        .choices
        .iter()
        .filter(|choice| !is_blocked(choice))
        .map(|choice| candidate(choice, own, &mut losses))
        .collect();
    let body = json::object(512, |top| {
        if !candidates.is_empty() {
            top.json("candidates", &list_of(&candidates));
        }
        if let Some(used) = &answer.usage {
            write_usage(top, used);
        }
        write_start(top, &answer.start);
        if own {
            write_extra(top, &answer.extra);
        } else {
            report(&answer.extra, "", &mut losses);
        }
    });
    Encoded { body, losses }
}

/// Whether this dialect wrote the answer: its usage says so, or else the word for its end.
pub(super) fn is_own(usage: Option<&Usage>, finish: Option<&Finish>) -> bool {
    match usage.and_then(|usage| usage.native.as_ref()) {
        Some((dialect, _)) => *dialect == Dialect::GeminiGenerate,
        None => finish.is_some_and(is_native),
    }
}

/// How the answer begins. Both fields may be missing.
pub(super) fn write_start(top: &mut Object<'_>, start: &backstop_core::Start) {
    if !start.model.is_empty() {
        top.string("modelVersion", &start.model);
    }
    if !start.id.is_empty() {
        top.string("responseId", &start.id);
    }
}

fn candidate(choice: &Choice, own: bool, losses: &mut Vec<Loss>) -> Json {
    let parts = parts(choice, own, losses);
    let refuses = choice.parts.iter().any(|part| matches!(part.kind, PartKind::Refusal { .. }));
    let note = |name: &str| noted(&choice.extra, name).filter(|_| own);
    object_json(|object| {
        match note("content") {
            Some(content) if content.is_null() && parts.is_empty() => {}
            Some(content) if parts.is_empty() => object.json("content", content),
            _ => object.object("content", |content| {
                content.json("parts", &list_of(&parts));
                match note("role") {
                    Some(role) if role.is_null() => {}
                    Some(role) => content.json("role", role),
                    None => content.string("role", "model"),
                }
            }),
        }
        let calls = choice.parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
        write_finish(object, choice.finish.as_ref(), (refuses, calls), own);
        if note("index").is_none() {
            object.number("index", choice.index.into());
        }
        if own {
            write_extra(object, &choice.extra);
        } else {
            report(&choice.extra, &format!("candidates[{}].", choice.index), losses);
        }
    })
}

/// The finish reason; where the provider has a word that has no twin, that word as the message.
/// `said`: whether the answer refuses in words, and whether it calls a function.
pub(super) fn write_finish(object: &mut Object<'_>, finish: Option<&Finish>, said: (bool, bool), own: bool) {
    let Some(finish) = finish else { return object.string("finishReason", "OTHER") };
    if own {
        return object.string("finishReason", &finish.native);
    }
    let (word, original) = finish_word(finish, said);
    object.string("finishReason", word);
    match (&finish.stop_sequence, original) {
        (Some(sequence), _) => object.string("finishMessage", &format!("stop sequence: {sequence}")),
        (None, original) => object.maybe_string("finishMessage", original),
    }
}

fn parts(choice: &Choice, own: bool, losses: &mut Vec<Loss>) -> Vec<Json> {
    let (mut written, mut waiting, mut called) = (Vec::new(), None, false);
    for (index, part) in choice.parts.iter().enumerate() {
        let field = |name: &str| format!("candidates[{}].content.parts[{index}]{name}", choice.index);
        match &part.kind {
            PartKind::Reasoning { text, signature: Some(seal) }
                if text.is_empty() && seal::gemini(seal).is_some() =>
            {
                waiting = Some(seal.as_str());
                continue;
            }
            PartKind::Reasoning { text, signature: None } if text.is_empty() && !own => continue,
            PartKind::Text { text, citations } if !own => {
                if !citations.is_empty() {
                    losses.push(Loss::hint(
                        field(".citations"),
                        "another dialect's citations have no place here",
                    ));
                }
                if text.is_empty() {
                    continue;
                }
            }
            PartKind::ToolCall(call) if is_wrapped(call) => {
                losses.push(Loss::hint(
                    field(".args"),
                    "arguments that are no JSON object are written as a string",
                ));
            }
            _ => {}
        }
        let is_call = matches!(part.kind, PartKind::ToolCall(_));
        let json = if is_call && !own && !called && waiting.is_none() {
            unsealed_call(part)
        } else {
            write_part::part(part, waiting.take(), own)
        };
        called |= is_call;
        match json {
            Some(json) => written.push(json),
            None => losses.push(Loss::constraint(field(""), "an answer of Gemini cannot hold this content")),
        }
    }
    if let Some(seal) = waiting {
        written.extend(write_part::part(&Part::text(""), Some(seal), own));
    }
    written
}

/// A call that no Gemini model made: it bears the word for that, so that it can come back to one.
pub(super) fn unsealed_call(part: &Part) -> Option<Json> {
    let call = write_part::part(part, None, false)?;
    Some(object_json(|object| {
        object.fields_of(&call);
        object.string("thoughtSignature", seal::NONE);
    }))
}

/// Tells the fields that only another dialect knows.
fn report(extra: &backstop_core::Extra, place: &str, losses: &mut Vec<Loss>) {
    let said = extra
        .iter()
        .filter(|(name, value)| !matches!(value.as_str(), "null" | "\"\"" | "[]" | "{}") && !is_ours(name));
    for (name, value) in said {
        // OpenAI's `message` holds what its answer's message had besides its content.
        if name.as_str() == "message" {
            let wire = bytes::Bytes::copy_from_slice(value.as_str().as_bytes());
            let inner = json::Fields::root(&wire).map(json::Fields::rest).unwrap_or_default();
            report(&inner, &format!("{place}message."), losses);
        } else {
            losses.push(Loss::hint(format!("{place}{name}"), "Gemini has no such field"));
        }
    }
}
