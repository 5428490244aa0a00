//! A whole answer, put together from its deltas.

use crate::{Delta, Extra, Finish, Json, Part, PartKind, Start, Text, ToolCall, ToolKind, Usage};

/// A whole answer: what the deltas of all its events add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a new field must be a compile error in every codec")]
pub struct Completion {
    /// How it began.
    pub start: Start,
    /// The alternatives, by their number.
    pub choices: Vec<Choice>,
    /// What it used up, if the provider said so.
    pub usage: Option<Usage>,
    /// Fields of the whole answer that only its dialect knows.
    pub extra: Extra,
}

/// One alternative of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a new field must be a compile error in every codec")]
pub struct Choice {
    /// Its number.
    pub index: u32,
    /// Its pieces in order.
    pub parts: Vec<Part>,
    /// Why it ended; `None` while it has not.
    pub finish: Option<Finish>,
    /// Fields of the choice that only its dialect knows.
    pub extra: Extra,
}

/// Puts a [`Completion`] together, delta by delta.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    start: Start,
    choices: Vec<Growing>,
    usage: Option<Usage>,
    extra: Extra,
}

#[derive(Clone, Debug, Default)]
struct Growing {
    index: u32,
    blocks: Vec<(u32, Block)>,
    finish: Option<Finish>,
    extra: Extra,
}

#[derive(Clone, Debug)]
enum Block {
    Text { text: String, citations: Vec<Json> },
    Reasoning { text: String, signature: Option<Text> },
    Refusal(String),
    ToolCall { id: Text, name: Text, kind: ToolKind, arguments: String },
    Whole(Part),
}

impl Fold {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one delta.
    pub fn push(&mut self, delta: &Delta) {
        match delta {
            Delta::Start(start) => self.start = start.clone(),
            Delta::Text { choice, block, text } => {
                if let Block::Text { text: so_far, .. } = self.block(*choice, *block, Block::empty_text) {
                    so_far.push_str(text);
                }
            }
            Delta::Citation { choice, block, citation } => {
                if let Block::Text { citations, .. } = self.block(*choice, *block, Block::empty_text) {
                    citations.push(citation.clone());
                }
            }
            Delta::Reasoning { choice, block, text } => {
                if let Block::Reasoning { text: so_far, .. } =
                    self.block(*choice, *block, Block::empty_reasoning)
                {
                    so_far.push_str(text);
                }
            }
            Delta::Signature { choice, block, signature } => {
                if let Block::Reasoning { signature: so_far, .. } =
                    self.block(*choice, *block, Block::empty_reasoning)
                {
                    *so_far = Some(signature.clone());
                }
            }
            Delta::Refusal { choice, block, text } => {
                if let Block::Refusal(so_far) = self.block(*choice, *block, || Block::Refusal(String::new()))
                {
                    so_far.push_str(text);
                }
            }
            Delta::ToolCallStart { choice, block, id, name, kind } => {
                self.block(*choice, *block, || Block::ToolCall {
                    id: id.clone(),
                    name: name.clone(),
                    kind: *kind,
                    arguments: String::new(),
                });
            }
            Delta::ToolCallArguments { choice, block, fragment } => {
                let growing = self.choice(*choice);
                let found = growing.blocks.iter_mut().find(|(number, _)| number == block);
                if let Some((_, Block::ToolCall { arguments, .. })) = found {
                    arguments.push_str(fragment);
                }
            }
            Delta::Part { choice, block, part } => {
                self.block(*choice, *block, || Block::Whole(part.clone()));
            }
            Delta::Extra { choice: Some(choice), extra } => self.choice(*choice).extra.merge(extra.clone()),
            Delta::Extra { choice: None, extra } => self.extra.merge(extra.clone()),
            Delta::Usage(usage) => self.usage = Some(usage.clone()),
            Delta::Finish { choice, finish } => self.choice(*choice).finish = Some(finish.clone()),
            Delta::End | Delta::Ping => {}
        }
    }

    /// The answer so far.
    #[must_use]
    pub fn finish(self) -> Completion {
        let mut choices: Vec<_> = self.choices.into_iter().map(Growing::finish).collect();
        choices.sort_by_key(|choice| choice.index);
        Completion { start: self.start, choices, usage: self.usage, extra: self.extra }
    }

    fn choice(&mut self, index: u32) -> &mut Growing {
        let at = self.choices.iter().position(|growing| growing.index == index).unwrap_or_else(|| {
            self.choices.push(Growing { index, ..Growing::default() });
            self.choices.len() - 1
        });
        &mut self.choices[at]
    }

    fn block(&mut self, choice: u32, number: u32, new: impl FnOnce() -> Block) -> &mut Block {
        let blocks = &mut self.choice(choice).blocks;
        let at = blocks.iter().position(|(known, _)| *known == number).unwrap_or_else(|| {
            blocks.push((number, new()));
            blocks.len() - 1
        });
        &mut blocks[at].1
    }
}

impl Completion {
    /// What `deltas` add up to.
    #[must_use]
    pub fn from_deltas<'a>(deltas: impl IntoIterator<Item = &'a Delta>) -> Self {
        let mut fold = Fold::new();
        for delta in deltas {
            fold.push(delta);
        }
        fold.finish()
    }

    /// The whole answer as deltas, in order: what a stream of the same answer would bring.
    #[must_use]
    pub fn to_deltas(&self) -> Vec<Delta> {
        let mut deltas = vec![Delta::Start(self.start.clone())];
        if !self.extra.is_empty() {
            deltas.push(Delta::Extra { choice: None, extra: self.extra.clone() });
        }
        for choice in &self.choices {
            choice.push_deltas(&mut deltas);
        }
        deltas.extend(self.usage.clone().map(Delta::Usage));
        deltas.push(Delta::End);
        deltas
    }
}

impl Choice {
    fn push_deltas(&self, deltas: &mut Vec<Delta>) {
        let choice = self.index;
        if !self.extra.is_empty() {
            deltas.push(Delta::Extra { choice: Some(choice), extra: self.extra.clone() });
        }
        for (block, part) in (0_u32..).zip(&self.parts) {
            // Fields that a delta cannot carry keep the piece whole.
            if part.cache.is_some() || !part.extra.is_empty() {
                deltas.push(Delta::Part { choice, block, part: part.clone() });
                continue;
            }
            match &part.kind {
                PartKind::Text { text, citations } => {
                    deltas.push(Delta::Text { choice, block, text: text.clone() });
                    let citations = citations.iter().cloned();
                    deltas.extend(citations.map(|citation| Delta::Citation { choice, block, citation }));
                }
                PartKind::Reasoning { text, signature } => {
                    deltas.push(Delta::Reasoning { choice, block, text: text.clone() });
                    let signature = signature.clone();
                    deltas.extend(signature.map(|signature| Delta::Signature { choice, block, signature }));
                }
                PartKind::Refusal { text } => {
                    deltas.push(Delta::Refusal { choice, block, text: text.clone() })
                }
                PartKind::ToolCall(ToolCall { id, name, arguments, kind }) => {
                    let (id, name, kind) = (id.clone(), name.clone(), *kind);
                    deltas.push(Delta::ToolCallStart { choice, block, id, name, kind });
                    deltas.push(Delta::ToolCallArguments { choice, block, fragment: arguments.clone() });
                }
                PartKind::Image { .. }
                | PartKind::Audio { .. }
                | PartKind::Document { .. }
                | PartKind::ToolResult(_)
                | PartKind::RedactedReasoning { .. }
                | PartKind::Opaque { .. } => deltas.push(Delta::Part { choice, block, part: part.clone() }),
            }
        }
        let finish = self.finish.clone();
        deltas.extend(finish.map(|finish| Delta::Finish { choice, finish }));
    }
}

impl Growing {
    fn finish(self) -> Choice {
        let parts = self.blocks.into_iter().map(|(_, block)| block.finish()).collect();
        Choice { index: self.index, parts, finish: self.finish, extra: self.extra }
    }
}

impl Block {
    fn empty_text() -> Self {
        Self::Text { text: String::new(), citations: Vec::new() }
    }

    fn empty_reasoning() -> Self {
        Self::Reasoning { text: String::new(), signature: None }
    }

    fn finish(self) -> Part {
        Part::new(match self {
            Self::Text { text, citations } => PartKind::Text { text: text.into(), citations },
            Self::Reasoning { text, signature } => PartKind::Reasoning { text: text.into(), signature },
            Self::Refusal(text) => PartKind::Refusal { text: text.into() },
            Self::ToolCall { id, name, kind, arguments } => {
                PartKind::ToolCall(ToolCall { id, name, arguments: arguments.into(), kind })
            }
            Self::Whole(part) => return part,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FinishReason;

    #[test]
    fn deltas_add_up_and_come_apart_again() {
        let text = |text: &str, block| Delta::Text { choice: 0, block, text: text.into() };
        let deltas = [
            Delta::Start(Start { id: "a1".into(), model: "m".into(), created: Some(7) }),
            Delta::Reasoning { choice: 0, block: 0, text: "hm".into() },
            Delta::Signature { choice: 0, block: 0, signature: "seal".into() },
            text("Hel", 1),
            Delta::Ping,
            text("lo", 1),
            Delta::ToolCallStart {
                choice: 0,
                block: 2,
                id: "c".into(),
                name: "f".into(),
                kind: ToolKind::Function,
            },
            Delta::ToolCallArguments { choice: 0, block: 2, fragment: "{\"a\"".into() },
            Delta::ToolCallArguments { choice: 0, block: 2, fragment: ":1}".into() },
            Delta::Finish { choice: 0, finish: Finish::new(FinishReason::ToolCalls, "tool_calls") },
            Delta::Usage(Usage { input: 3, output: 4, ..Usage::default() }),
            Delta::End,
        ];
        let completion = Completion::from_deltas(&deltas);
        assert_eq!(completion.choices.len(), 1);
        assert_eq!(completion.choices[0].parts[1], Part::text("Hello"));
        let PartKind::ToolCall(call) = &completion.choices[0].parts[2].kind else { panic!("a tool call") };
        assert_eq!(call.arguments, "{\"a\":1}");
        assert_eq!(Completion::from_deltas(&completion.to_deltas()), completion);
    }
}
