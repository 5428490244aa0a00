//! The turns of a request, out: as they were written, or brought into this dialect's order.

use std::collections::HashMap;

use backstop_core::{Dialect, Extra, Json, Message, Part, PartKind, Role, Source, Text, ToolResult};

use super::{
    names::{is_ours, noted, write_extra},
    write_part::{self, is_real, is_wrapped, list_of},
};
use crate::{
    Loss,
    json::{Object, Path, object_json},
    seal,
};

/// What could not be written, so far.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) own: bool,
    pub(super) losses: Vec<Loss>,
    /// Whether the model refuses calls that bear no seal.
    pub(super) wants_seals: bool,
}

/// The talk, written.
#[derive(Debug, Default)]
pub(super) struct Talk {
    pub(super) system: Option<Json>,
    pub(super) contents: Vec<Json>,
    pub(super) ends_with_model: bool,
}

struct Turn {
    model: bool,
    results: Vec<(usize, Json)>,
    parts: Vec<Json>,
}

impl Blocks {
    pub(super) fn hint(&mut self, path: Path<'_>, reason: &'static str) {
        self.losses.push(Loss::hint(path.to_string(), Text::from_static(reason)));
    }

    pub(super) fn constraint(&mut self, path: Path<'_>, reason: &'static str) {
        self.losses.push(Loss::constraint(path.to_string(), Text::from_static(reason)));
    }

    /// Tells the fields that only another dialect knows.
    pub(super) fn report_extra(&mut self, extra: &Extra, path: Path<'_>) {
        if self.own {
            return;
        }
        for (name, _) in extra.iter().filter(|(name, value)| !value.is_null() && !is_ours(name)) {
            self.hint(path.field(name), "Gemini has no such field");
        }
    }
}

/// The talk of a caller of this dialect.
pub(super) fn as_written(messages: &[Message]) -> Talk {
    let mut talk = Talk::default();
    let mut top: Vec<&Message> = Vec::new();
    for message in messages {
        if message.role.instructs() {
            top.push(message);
            continue;
        }
        let parts = own_parts(&message.content.parts);
        let role = if message.role == Role::Assistant { "model" } else { "user" };
        talk.ends_with_model = role == "model";
        talk.contents.push(content(message, role, &parts));
    }
    talk.system = match top.as_slice() {
        [] => None,
        [message] => Some(content(message, "", &own_parts(&message.content.parts))),
        several => {
            let parts: Vec<Part> =
                several.iter().flat_map(|message| message.content.parts.iter().cloned()).collect();
            Some(object_json(|object| object.json("parts", &list_of(&own_parts(&parts)))))
        }
    };
    talk
}

fn content(message: &Message, role: &str, parts: &[Json]) -> Json {
    object_json(|object| {
        match noted(&message.extra, "role") {
            Some(word) if word.is_null() => {}
            Some(word) => object.json("role", word),
            None if role.is_empty() => {}
            None => object.string("role", role),
        }
        object.json("parts", &list_of(parts));
        write_extra(object, &message.extra);
    })
}

/// Parts as they were written: a seal that stands before a part is on it again.
fn own_parts(parts: &[Part]) -> Vec<Json> {
    let (mut written, mut waiting) = (Vec::with_capacity(parts.len()), None);
    for part in parts {
        match &part.kind {
            PartKind::Reasoning { text, signature: Some(seal) } if text.is_empty() => {
                waiting = Some(seal.as_str())
            }
            PartKind::ToolResult(result) => written.push(own_result(part, result, waiting.take())),
            _ => written.extend(write_part::part(part, waiting.take(), true)),
        }
    }
    if let Some(seal) = waiting {
        written.extend(write_part::part(&Part::text(""), Some(seal), true));
    }
    written
}

fn own_result(part: &Part, result: &ToolResult, seal: Option<&str>) -> Json {
    object_json(|object| {
        object.object("functionResponse", |inner| {
            let id = noted(&part.extra, "id").is_none().then_some(result.id.as_str());
            inner.maybe_string("id", id.filter(|id| is_real(id)));
            inner.maybe_string("name", result.name.as_deref());
            match noted(&part.extra, "response") {
                Some(response) => inner.json("response", response),
                None => inner.object("response", |response| write_response(response, result)),
            }
            if let Some(rest) = noted(&part.extra, "functionResponse") {
                inner.fields_of(rest);
            }
        });
        if let Some(thought) = noted(&part.extra, "thought") {
            object.json("thought", thought);
        }
        object.maybe_string("thoughtSignature", seal.map(seal::to_gemini_wire).as_deref());
        write_extra(object, &part.extra);
    })
}

fn write_response(response: &mut Object<'_>, result: &ToolResult) {
    let name = if result.is_error == Some(true) { "error" } else { "result" };
    response.string(name, &result.content.joined_text());
}

/// Brings `messages` into this dialect's order: instructions to the top, one turn a speaker, results in the order of their
/// calls.
pub(super) fn translate(blocks: &mut Blocks, messages: &[Message]) -> Talk {
    let (mut system, mut turns) = (Vec::<Json>::new(), Vec::<Turn>::new());
    let mut calls: HashMap<&str, (usize, &str)> = HashMap::new();
    let (list, mut begun) = (Path::Root.field("messages"), false);
    for (index, message) in messages.iter().enumerate() {
        let path = list.item(index);
        if message.name.is_some() {
            blocks.hint(path.field("name"), "Gemini has no names of speakers");
        }
        blocks.report_extra(&message.extra, path);
        for part in &message.content.parts {
            if let PartKind::ToolCall(call) = &part.kind {
                let number = calls.len();
                calls.entry(&call.id).or_insert((number, &call.name));
            }
        }
        let at = path.field("content");
        if message.role.instructs() {
            if begun {
                blocks.hint(
                    path,
                    "instructions stand at the top of the request: their place in the talk is lost",
                );
            }
            for (index, part) in message.content.parts.iter().enumerate() {
                match &part.kind {
                    PartKind::Text { text, .. } if !text.is_empty() => {
                        report(blocks, part, at.item(index));
                        system.extend(write_part::part(part, None, false));
                    }
                    PartKind::Text { .. } => {}
                    _ => blocks.constraint(at.item(index), "Gemini takes instructions in text only"),
                }
            }
        } else {
            begun = true;
            add(blocks, &mut turns, message, &calls, at);
        }
    }
    if turns.is_empty() && !system.is_empty() {
        blocks.hint(list, "Gemini wants a user's turn: the instructions are written as one");
        turns.push(Turn { model: false, results: Vec::new(), parts: std::mem::take(&mut system) });
    }
    Talk {
        system: (!system.is_empty()).then(|| object_json(|object| object.json("parts", &list_of(&system)))),
        ends_with_model: turns.last().is_some_and(|turn| turn.model),
        contents: turns.into_iter().map(Turn::write).collect(),
    }
}

/// Adds a message to the turn of its speaker, or begins one.
fn add(
    blocks: &mut Blocks,
    turns: &mut Vec<Turn>,
    message: &Message,
    calls: &HashMap<&str, (usize, &str)>,
    path: Path<'_>,
) {
    let model = message.role == Role::Assistant;
    let (mut results, mut parts) = (Vec::new(), Vec::new());
    let (mut waiting, mut called) = (None, false);
    for (index, part) in message.content.parts.iter().enumerate() {
        let at = if message.content.bare { path } else { path.item(index) };
        match &part.kind {
            PartKind::Reasoning { signature, .. } => match signature
                .as_deref()
                .filter(|seal| seal::gemini(seal).is_some())
            {
                // The text of a thought does not go back; its seal stands on what follows.
                Some(seal) => waiting = Some(seal),
                None => blocks.hint(at, "reasoning without this provider's signature cannot go back to it"),
            },
            PartKind::RedactedReasoning { .. } => {
                blocks.hint(at, "another provider's sealed reasoning cannot be read here");
            }
            PartKind::ToolResult(result) => {
                let (number, name) = calls.get(result.id.as_str()).copied().unwrap_or((usize::MAX, ""));
                results.push((number, foreign_result(blocks, part, result, name, at)));
                parts.extend(media_of(blocks, result, at));
            }
            PartKind::Text { text, .. } | PartKind::Refusal { text }
                if text.is_empty() && waiting.is_none() => {}
            PartKind::ToolCall(call) => {
                report(blocks, part, at);
                if is_wrapped(call) {
                    blocks.hint(
                        at.field("arguments"),
                        "arguments that are no JSON object are written as a string",
                    );
                }
                let written = match (waiting.take(), called) {
                    (None, false) if blocks.wants_seals => with_no_seal(part),
                    (seal, _) => write_part::part(part, seal, false),
                };
                called = true;
                parts.extend(written);
            }
            _ => {
                report(blocks, part, at);
                match write_part::part(part, waiting, false).filter(|_| is_writable(part)) {
                    Some(written) => {
                        waiting = None;
                        parts.push(written);
                    }
                    None => match text_of(part) {
                        Some(text) => parts.extend(write_part::part(&Part::text(text.clone()), None, false)),
                        None => refuse(blocks, part, at),
                    },
                }
            }
        }
    }
    if let Some(seal) = waiting {
        parts.extend(write_part::part(&Part::text(""), Some(seal), false));
    }
    if results.is_empty() && parts.is_empty() {
        return;
    }
    if turns.last().is_none_or(|turn| turn.model != model) {
        turns.push(Turn { model, results: Vec::new(), parts: Vec::new() });
    }
    if let Some(turn) = turns.last_mut() {
        turn.results.extend(results);
        turn.parts.extend(parts);
    }
}

/// A call that no Gemini model made, for a model that refuses calls without a seal.
fn with_no_seal(part: &Part) -> Option<Json> {
    let call = write_part::part(part, None, false)?;
    Some(object_json(|object| {
        object.fields_of(&call);
        object.string("thoughtSignature", seal::NONE);
    }))
}

fn is_writable(part: &Part) -> bool {
    match &part.kind {
        PartKind::Document { source: Source::Base64 { media_type, .. }, .. } => !media_type.is_empty(),
        PartKind::Opaque { dialect, .. } => *dialect == Dialect::GeminiGenerate,
        _ => true,
    }
}

/// The text of a document that is plain text: it goes on as text.
fn text_of(part: &Part) -> Option<&Text> {
    match &part.kind {
        PartKind::Document { source: Source::Text { text, .. }, .. } => Some(text),
        _ => None,
    }
}

fn refuse(blocks: &mut Blocks, part: &Part, path: Path<'_>) {
    match &part.kind {
        PartKind::Opaque { json, .. } if json.as_str().contains("\"reasoning.") => {
            blocks.hint(path, "another provider's sealed reasoning cannot be read here");
        }
        PartKind::Image { .. } | PartKind::Audio { .. } | PartKind::Document { .. } => {
            blocks.constraint(path, "Gemini takes media inline, or by a URL whose ending tells its type");
        }
        _ => blocks.constraint(path, "only the dialect that it was written in knows this content"),
    }
}

fn report(blocks: &mut Blocks, part: &Part, path: Path<'_>) {
    blocks.report_extra(&part.extra, path);
    if part.cache.is_some() {
        blocks.hint(path.field("cache_control"), "Gemini caches by itself");
    }
    match &part.kind {
        PartKind::Text { citations, .. } if !citations.is_empty() => {
            blocks.hint(path.field("citations"), "another provider's citations mean nothing here");
        }
        PartKind::Refusal { .. } => blocks.hint(path, "Gemini has no refusal part: it is written as text"),
        PartKind::Image { detail: Some(detail), .. } if detail.as_str() != "auto" => {
            blocks.hint(path.field("detail"), "Gemini has no image detail");
        }
        PartKind::Document { title: Some(_), .. } => {
            blocks.hint(path.field("title"), "Gemini has no titles of documents")
        }
        _ => {}
    }
}

fn foreign_result(blocks: &mut Blocks, part: &Part, result: &ToolResult, name: &str, path: Path<'_>) -> Json {
    blocks.report_extra(&part.extra, path);
    if part.cache.is_some() {
        blocks.hint(path.field("cache_control"), "Gemini caches by itself");
    }
    let name = result.name.as_deref().filter(|_| name.is_empty()).unwrap_or(name);
    object_json(|object| {
        object.object("functionResponse", |inner| {
            inner.maybe_string("id", Some(result.id.as_str()).filter(|id| is_real(id)));
            inner.string("name", if name.is_empty() { "unknown" } else { name });
            inner.object("response", |response| write_response(response, result));
        });
    })
}

/// Media in a tool's result, which follow behind all results.
fn media_of(blocks: &mut Blocks, result: &ToolResult, path: Path<'_>) -> Vec<Json> {
    let mut media = Vec::new();
    for (index, part) in result.content.parts.iter().enumerate() {
        if matches!(part.kind, PartKind::Text { .. }) {
            continue;
        }
        let at = path.field("content");
        match write_part::part(part, None, false).filter(|_| is_writable(part)) {
            Some(written) => {
                blocks.hint(
                    at.item(index),
                    "results of Gemini's functions hold JSON only: the rest follows behind them",
                );
                media.push(written);
            }
            None => refuse(blocks, part, at.item(index)),
        }
    }
    media
}

impl Turn {
    fn write(mut self) -> Json {
        self.results.sort_by_key(|(number, _)| *number);
        object_json(|object| {
            object.string("role", if self.model { "model" } else { "user" });
            let results = self.results.iter().map(|(_, result)| result);
            object.json("parts", &list_of(results.chain(&self.parts)));
        })
    }
}
