//! Whole answers in.

use backstop_core::{Delta, Extra, Failure, Kind, Start};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    error,
    piece::{ChoiceState, Piece},
    usage,
};
use crate::json::{self, Error, Fields, Path, hold_place};

pub(crate) fn decode_answer(body: &Bytes) -> Result<Vec<Delta>, Failure> {
    let mut top = Fields::root(body).map_err(Error::malformed)?;
    if top.value("error").is_some() || (top.get("choices").is_none() && top.get("message").is_some()) {
        return Err(error::in_answer(body));
    }
    let choices = top.list("choices").map_err(Error::malformed)?.unwrap_or_default();
    if choices.is_empty() {
        return Err(Failure::new(Kind::Malformed, "the provider's answer has no choices"));
    }
    let start = Start {
        id: top.value("id").and_then(|raw| json::text(body, raw)).unwrap_or_default(),
        model: top.value("model").and_then(|raw| json::text(body, raw)).unwrap_or_default(),
        created: top.get("created").and_then(|raw| raw.get().parse().ok()),
    };
    if start.created.is_some() {
        top.take("created");
    }
    if top.get_text("object").as_deref() == Some(OBJECT) {
        top.take("object");
    }
    let used = top.get("usage").and_then(|raw| usage::read(body, raw));
    if used.is_some() {
        top.take("usage");
    }
    let answer = start.id.clone();
    let mut deltas = vec![Delta::Start(start)];
    let extra = top.rest();
    if !extra.is_empty() {
        deltas.push(Delta::Extra { choice: None, extra });
    }
    for (position, raw) in choices.into_iter().enumerate() {
        choice(body, raw, position, &answer, &mut deltas)?;
    }
    deltas.extend(used.map(Delta::Usage));
    deltas.push(Delta::End);
    Ok(deltas)
}

/// The `object` of a whole answer.
pub(super) const OBJECT: &str = "chat.completion";

fn choice(
    body: &Bytes,
    raw: &RawValue,
    position: usize,
    answer: &str,
    deltas: &mut Vec<Delta>,
) -> Result<(), Failure> {
    let root = Path::Root;
    let list = root.field("choices");
    let at = list.item(position);
    let mut fields = Fields::open(body, raw, at).map_err(Error::malformed)?;
    if fields.value("error").is_some() {
        return Err(error::in_choice(body, raw));
    }
    let index = fields.take("index").and_then(|raw| raw.get().parse().ok());
    let index = index.or_else(|| u32::try_from(position).ok()).unwrap_or(u32::MAX);
    let Some(message) = fields.value("message") else {
        return Err(at.field("message").expected("an object").malformed());
    };
    let Some(word) = fields.text("finish_reason").ok().flatten().filter(|word| !word.is_empty()) else {
        return Err(Failure::new(Kind::Malformed, "the provider's answer has no finish reason"));
    };
    let mut message = Fields::open(body, message, at.field("message")).map_err(Error::malformed)?;
    let mut kept = Extra::new();
    // A list (Mistral) says in one place what others say in two: kept as it is for callers of this dialect.
    if let Some(list) = message.get("content").filter(|raw| raw.get().starts_with('[')) {
        kept.insert("content", json::json(body, list));
    }
    let piece = piece(&mut message, &mut kept);
    if message.get_text("role").as_deref() == Some("assistant") {
        message.take("role");
    }
    kept.merge(message.rest());
    let mut extra = Extra::new();
    // Also where nothing is left: it says that no field was missing that is not missing in the answer.
    extra.insert("message", json::object_json(|object| object.extra(&kept)));
    extra.merge(fields.rest());
    deltas.push(Delta::Extra { choice: Some(index), extra });
    let mut state = ChoiceState::whole(index);
    state.read(body, &piece, answer, deltas);
    state.finish(word, deltas);
    Ok(())
}

/// Takes out what says something; what is there but says nothing (`""`, `null`, `[]`) stays among the kept fields.
fn piece<'a>(message: &mut Fields<'a, '_>, kept: &mut Extra) -> Piece<'a> {
    let mut take = |name: &'static str| {
        let raw = message.get(name)?;
        if matches!(raw.get(), "null" | "\"\"" | "[]" | "{}") { None } else { message.take(name) }
    };
    let piece = Piece {
        content: take("content"),
        refusal: take("refusal"),
        reasoning_content: take("reasoning_content"),
        reasoning: None,
        reasoning_details: take("reasoning_details"),
        tool_calls: take("tool_calls"),
        function_call: take("function_call"),
        annotations: take("annotations"),
        audio: take("audio"),
    };
    let reasoning = if piece.reasoning_content.is_none() { take("reasoning") } else { None };
    if piece.reasoning_content.is_some() {
        hold_place(kept, "reasoning_content");
    } else if reasoning.is_some() {
        hold_place(kept, "reasoning");
    }
    Piece { reasoning, ..piece }
}
