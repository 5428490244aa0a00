//! Instructions among the caller's own bytes.

use backstop_core::{Json, Text};
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::json::{Fields, Path, items, object_json};

/// Where new instructions go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// Before the caller's own.
    Before,
    /// Behind the caller's own.
    Behind,
    /// In their place.
    Instead,
}

pub(super) fn openai_messages(messages: &str, text: &Text, place: System) -> Option<Json> {
    let raw: &RawValue = serde_json::from_str(messages).ok()?;
    let mut messages: Vec<&str> = items(raw)?.into_iter().map(RawValue::get).collect();
    if place == System::Instead {
        messages.retain(|message| !instructs(message));
    }
    let at = match place {
        System::Before | System::Instead => 0,
        System::Behind => messages.iter().take_while(|message| instructs(message)).count(),
    };
    let message = object_json(|object| {
        object.string("role", "system");
        object.string("content", text);
    });
    messages.insert(at, message.as_str());
    Some(Json::trusted(Text::from(format!("[{}]", messages.join(",")))))
}

/// The messages without those that give instructions; `None` where none does.
pub(super) fn without_instructions(messages: &str) -> Option<Json> {
    let raw: &RawValue = serde_json::from_str(messages).ok()?;
    let all = items(raw)?;
    let rest: Vec<&str> =
        all.iter().map(|message| message.get()).filter(|message| !instructs(message)).collect();
    (rest.len() < all.len()).then(|| Json::trusted(Text::from(format!("[{}]", rest.join(",")))))
}

fn instructs(message: &str) -> bool {
    let Ok(raw) = serde_json::from_str::<&RawValue>(message) else { return false };
    let wire = Bytes::new();
    let fields = Fields::open(&wire, raw, Path::Root);
    fields.is_ok_and(|fields| matches!(fields.get_text("role").as_deref(), Some("system" | "developer")))
}

/// Gemini's one instruction, of several parts.
pub(super) fn gemini_system(system: Option<&str>, text: &Text, place: System) -> Json {
    let new = object_json(|object| object.string("text", text));
    let wire = Bytes::new();
    let known: Vec<&str> = system
        .filter(|_| place != System::Instead)
        .and_then(|system| {
            let raw: &RawValue = serde_json::from_str(system).ok()?;
            let parts = items(Fields::open(&wire, raw, Path::Root).ok()?.get("parts")?)?;
            Some(parts.into_iter().map(RawValue::get).collect())
        })
        .unwrap_or_default();
    let all: Vec<&str> = match place {
        System::Before | System::Instead => std::iter::once(new.as_str()).chain(known).collect(),
        System::Behind => known.into_iter().chain([new.as_str()]).collect(),
    };
    object_json(|object| object.raw("parts", &format!("[{}]", all.join(","))))
}

pub(super) fn anthropic_system(system: Option<&str>, text: &Text, place: System) -> Json {
    let block = |text: &Json| {
        object_json(|object| {
            object.string("type", "text");
            object.json("text", text);
        })
    };
    let (Some(system), false) = (system, place == System::Instead) else { return Json::string(text) };
    let new = block(&Json::string(text));
    let known: Vec<Json> = match serde_json::from_str::<&RawValue>(system).ok().and_then(items) {
        Some(blocks) => blocks.into_iter().map(|raw| Json::trusted(Text::from(raw.get()))).collect(),
        None => vec![block(&Json::trusted(Text::from(system)))],
    };
    let known = known.iter().map(Json::as_str);
    let all: Vec<&str> = match place {
        System::Before | System::Instead => std::iter::once(new.as_str()).chain(known).collect(),
        System::Behind => known.chain([new.as_str()]).collect(),
    };
    Json::trusted(Text::from(format!("[{}]", all.join(","))))
}
