//! The turns of a request that another dialect wrote, as this one wants them: instructions at the top, one turn a
//! speaker, the results of tools first in the user's turn that follows the calls.

use backstop_core::{Json, Message, Part, PartKind, Role, Text};

use super::write_part::{Blocks, Place, list_of};
use crate::json::{Path, object_json};

/// The talk, written.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The top-level `system`.
    pub(super) system: Option<Json>,
    pub(super) turns: Vec<Json>,
    /// Whether the assistant speaks first; not looked at where the caller wrote this dialect.
    pub(super) begins_with_assistant: bool,
    pub(super) ends_with_assistant: bool,
    /// Whether the model is in the middle of a round of tool calls that no reasoning of this provider began.
    pub(super) unreasoned_tool_round: bool,
}

struct Turn {
    place: Place,
    results: Vec<Json>,
    blocks: Vec<Json>,
    /// The text, where the turn is one that was written as a bare string.
    bare: Option<Text>,
    calls: bool,
    reasons: bool,
}

/// Brings `messages` into this dialect's order. `system_in_talk`: the model takes instructions between the turns.
pub(super) fn translate(blocks: &mut Blocks, messages: &[Message], system_in_talk: bool) -> Talk {
    let (mut system, mut turns) = (Vec::<Turn>::new(), Vec::<Turn>::new());
    let (list, mut begun) = (Path::Root.field("messages"), false);
    for (index, message) in messages.iter().enumerate() {
        let path = list.item(index);
        if message.name.is_some() {
            blocks.hint(path.field("name"), "Anthropic Messages has no names of speakers");
        }
        blocks.report_extra(&message.extra, path);
        if message.role.instructs() && begun && system_in_talk {
            add(blocks, &mut turns, message, Place::System, path);
        } else if message.role.instructs() {
            if begun {
                blocks.hint(
                    path,
                    "instructions stand at the top of the request: their place in the talk is lost",
                );
            }
            add(blocks, &mut system, message, Place::System, path);
        } else {
            begun = true;
            let place = if message.role == Role::Assistant { Place::Assistant } else { Place::User };
            let trimmed = (place == Place::Assistant && index + 1 == messages.len())
                .then(|| without_trailing_space(blocks, message, path))
                .flatten();
            // Instructions in the talk stand right before the assistant's turn, or at its end.
            let instructions = turns.pop_if(|turn| turn.place == Place::System && place != Place::Assistant);
            if instructions.is_some() {
                blocks
                    .hint(path, "instructions in the talk follow the user's turn: they were moved behind it");
            }
            add(blocks, &mut turns, trimmed.as_ref().unwrap_or(message), place, path);
            turns.extend(instructions);
        }
    }
    if turns.is_empty() && !system.is_empty() {
        blocks.hint(list, "Anthropic Messages wants a user's turn: the instructions are written as one");
        turns = std::mem::take(&mut system);
        turns.iter_mut().for_each(|turn| turn.place = Place::User);
    }
    let last = turns.last();
    let last_assistant = turns.iter().rev().find(|turn| turn.place == Place::Assistant);
    Talk {
        system: system.into_iter().next().map(Turn::content),
        begins_with_assistant: turns.first().is_some_and(|turn| turn.place == Place::Assistant),
        ends_with_assistant: last.is_some_and(|turn| turn.place == Place::Assistant),
        unreasoned_tool_round: last.is_some_and(|turn| !turn.results.is_empty())
            && last_assistant.is_some_and(|turn| turn.calls && !turn.reasons),
        turns: turns.into_iter().map(Turn::write).collect(),
    }
}

/// The last word of the assistant's as Anthropic takes it: without white space at its end. `None`: it has none.
fn without_trailing_space(blocks: &mut Blocks, message: &Message, path: Path<'_>) -> Option<Message> {
    let mut message = message.clone();
    let PartKind::Text { text, .. } = &mut message.content.parts.last_mut()?.kind else { return None };
    let kept = text.trim_end();
    if kept.len() == text.len() {
        return None;
    }
    *text = Text::from(kept.to_owned());
    blocks
        .hint(path, "Anthropic Messages refuses a last turn of the assistant's with white space at its end");
    Some(message)
}

/// Adds a message to the turn of its speaker, or begins one.
fn add(blocks: &mut Blocks, turns: &mut Vec<Turn>, message: &Message, place: Place, path: Path<'_>) {
    let path = path.field("content");
    let parts = message.content.parts.as_slice();
    let written = parts.iter().enumerate().filter_map(|(index, part)| {
        let path = if message.content.bare { path } else { path.item(index) };
        Some((part, blocks.block(part, place, path)?))
    });
    let written: Vec<(&Part, Json)> = written.collect();
    if written.is_empty() {
        return;
    }
    if turns.last().is_none_or(|turn| turn.place != place) {
        let bare = match parts {
            [Part { kind: PartKind::Text { text, .. }, cache: None, .. }] if message.content.bare => {
                Some(text.clone())
            }
            _ => None,
        };
        let (results, blocks) = (Vec::new(), Vec::new());
        turns.push(Turn { place, results, blocks, bare, calls: false, reasons: false });
    } else if let Some(turn) = turns.last_mut() {
        turn.bare = None;
    }
    let Some(turn) = turns.last_mut() else { return };
    for (part, block) in written {
        match part.kind {
            PartKind::ToolResult(_) => turn.results.push(block),
            _ => {
                turn.calls |= matches!(part.kind, PartKind::ToolCall(_));
                turn.reasons |=
                    matches!(part.kind, PartKind::Reasoning { .. } | PartKind::RedactedReasoning { .. });
                turn.blocks.push(block);
            }
        }
    }
}

impl Turn {
    fn content(self) -> Json {
        match self.bare {
            Some(text) => Json::string(&text),
            None => {
                let mut all = self.results;
                all.extend(self.blocks);
                list_of(&all)
            }
        }
    }

    fn write(self) -> Json {
        let role = match self.place {
            Place::Assistant => "assistant",
            Place::System => "system",
            Place::User | Place::ToolResult => "user",
        };
        let content = self.content();
        object_json(|object| {
            object.string("role", role);
            object.json("content", &content);
        })
    }
}
