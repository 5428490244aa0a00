//! The talk as the model sees it: neighbouring messages of one role are one turn.

use serde_json::Value;

use crate::rules::{
    rule::Asked,
    view::{is, list, text},
};

/// Messages of one role in a row.
#[derive(Debug)]
pub(super) struct Turn<'r> {
    pub(super) role: &'r str,
    /// The place of the first of its messages.
    pub(super) at: usize,
    pub(super) blocks: Vec<Block<'r>>,
}

/// A block of a turn; a message's content that is a string is one block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'r> {
    /// The place of its message.
    pub(super) message: usize,
    /// Its place in the message.
    pub(super) place: usize,
    pub(super) value: &'r Value,
}

impl<'r> Block<'r> {
    /// Whether it is of the type `kind`.
    pub(super) fn is(&self, kind: &str) -> bool {
        is(self.value, "type", kind) || (kind == "text" && self.value.is_string())
    }

    /// What it says, if it is text.
    pub(super) fn text(&self) -> Option<&'r str> {
        self.value.as_str().or_else(|| is(self.value, "type", "text").then(|| text(self.value, "text")))
    }

    /// The path to it.
    pub(super) fn path(&self) -> String {
        format!("messages.{}.content.{}", self.message, self.place)
    }
}

/// The turns of the user and the assistant, in order.
pub(super) fn of<'r>(asked: &Asked<'r>) -> Vec<Turn<'r>> {
    let mut turns: Vec<Turn<'r>> = Vec::new();
    let messages = list(asked.body, "messages").iter().enumerate();
    for (at, message) in messages.filter(|(_, message)| !is(message, "role", "system")) {
        let role = text(message, "role");
        if turns.last().is_none_or(|turn| turn.role != role) {
            turns.push(Turn { role, at, blocks: Vec::new() });
        }
        let Some(turn) = turns.last_mut() else { continue };
        match message.get("content") {
            Some(Value::String(said)) if said.is_empty() => {}
            Some(content @ Value::String(_)) => {
                turn.blocks.push(Block { message: at, place: 0, value: content });
            }
            Some(Value::Array(blocks)) => {
                let blocks = blocks.iter().enumerate();
                turn.blocks.extend(blocks.map(|(place, value)| Block { message: at, place, value }));
            }
            _ => {}
        }
    }
    turns
}
