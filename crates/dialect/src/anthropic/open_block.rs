//! The one block of an outgoing stream that is open.

use backstop_core::{Delta, PartKind};

use super::stream_encoder::write_event;
use crate::json::Object;

/// A block that has begun and not ended.
#[derive(Debug)]
pub(super) struct OpenBlock {
    number: u32,
    index: u64,
    shape: Shape,
}

/// What a block holds.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    Thinking,
    /// A tool's arguments, and how far their JSON has come.
    Arguments(Progress),
    /// The free text of a custom tool, which is written as `{"input":"…"}`.
    FreeText {
        has_begun: bool,
    },
}

/// How far a JSON text has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    depth: usize,
    in_string: bool,
    escaped: bool,
    complete: bool,
}

impl OpenBlock {
    pub(super) const fn new(number: u32, index: u64, shape: Shape) -> Self {
        Self { number, index, shape }
    }

    /// The number that the deltas of the block carry.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// Whether the block cannot be closed yet: its arguments are not complete. Other kinds never come back to a block.
    pub(super) const fn waits(&self) -> bool {
        match &self.shape {
            Shape::Text | Shape::Thinking => false,
            Shape::Arguments(progress) => !progress.complete,
            Shape::FreeText { .. } => true,
        }
    }

    pub(super) const fn is_like(&self, shape: &Shape) -> bool {
        matches!((&self.shape, shape), (Shape::Text, Shape::Text) | (Shape::Thinking, Shape::Thinking))
    }

    /// Writes a `content_block_delta`.
    pub(super) fn piece(&self, out: &mut Vec<u8>, kind: &str, fill: impl FnOnce(&mut Object<'_>)) {
        write_event(out, "content_block_delta", |object| {
            object.string("type", "content_block_delta");
            object.number("index", self.index);
            object.object("delta", |object| {
                object.string("type", kind);
                fill(object);
            });
        });
    }

    /// Writes a fragment of arguments.
    pub(super) fn arguments(&mut self, out: &mut Vec<u8>, fragment: &str) {
        if fragment.is_empty() {
            return;
        }
        match &mut self.shape {
            Shape::Arguments(progress) => {
                progress.push(fragment);
                self.json(out, fragment);
            }
            Shape::FreeText { has_begun } => {
                let quoted = serde_json::Value::from(fragment).to_string();
                let inner = &quoted[1..quoted.len() - 1];
                let piece = if *has_begun { inner.to_owned() } else { format!("{{\"input\":\"{inner}") };
                *has_begun = true;
                self.json(out, &piece);
            }
            Shape::Text | Shape::Thinking => {}
        }
    }

    /// Writes the `content_block_stop`.
    pub(super) fn close(self, out: &mut Vec<u8>) {
        if matches!(self.shape, Shape::FreeText { has_begun: true }) {
            self.json(out, "\"}");
        }
        write_event(out, "content_block_stop", |object| {
            object.string("type", "content_block_stop");
            object.number("index", self.index);
        });
    }

    fn json(&self, out: &mut Vec<u8>, piece: &str) {
        self.piece(out, "input_json_delta", |object| object.string("partial_json", piece));
    }
}

impl Shape {
    pub(super) fn arguments() -> Self {
        Self::Arguments(Progress::default())
    }

    /// The shape of a block that went out as it came, by the deltas of its start.
    pub(super) fn of_start(deltas: &[Delta]) -> Self {
        let known = deltas.iter().find_map(|delta| match delta {
            Delta::Text { .. } => Some(Self::Text),
            Delta::Reasoning { .. } => Some(Self::Thinking),
            Delta::Part { part, .. } if matches!(part.kind, PartKind::RedactedReasoning { .. }) => {
                Some(Self::Thinking)
            }
            _ => None,
        });
        known.unwrap_or_else(Self::arguments)
    }
}

impl Progress {
    fn push(&mut self, fragment: &str) {
        for byte in fragment.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.complete |= self.depth == 0;
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_complete_at_the_last_brace() {
        let mut progress = Progress::default();
        for (fragment, complete) in [
            ("", false),
            ("{\"a\":", false),
            ("\"}\\\"", false),
            ("\",\"b\":[{}", false),
            ("]}", true),
            (" ", true),
        ] {
            progress.push(fragment);
            assert_eq!(progress.complete, complete, "{fragment}");
        }
    }
}
