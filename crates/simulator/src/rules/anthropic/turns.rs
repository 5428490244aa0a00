//! Messages beside each other: who speaks first, who says nothing, and tool uses with their results.

use super::{
    Complaint, MEASURED, Rule, family,
    turn::{self, Block, Turn},
};
use crate::rules::{
    rule::Asked,
    view::{list, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "first-message-not-users",
        refuses: "a talk that the assistant begins, before the fifth generation",
        source: "Anthropic API reference, Messages examples: the first message must always use the user role",
        check: first,
    },
    Rule {
        name: "turn-empty",
        refuses: "a turn of the user's that says nothing",
        source: MEASURED,
        check: empty,
    },
    Rule {
        name: "assistant-turn-empty",
        refuses: "a turn of the assistant's that says nothing, unless it is the last",
        source: "Anthropic API reference, Create a Message, messages: content must not be empty, but for a final assistant message",
        check: empty_answer,
    },
    Rule {
        name: "text-block-empty",
        refuses: "an empty text block",
        source: "the answer quoted in github.com/anthropics/claude-code/issues/59812",
        check: empty_text,
    },
    Rule {
        name: "text-block-blank",
        refuses: "a text block of white space alone",
        source: "Anthropic guide, Messages: text blocks must contain something else than white space, as the answer to an empty one says of its kind",
        check: blank_text,
    },
    Rule {
        name: "tool-use-id-duplicate",
        refuses: "two tool uses with one id",
        source: "the answer quoted in github.com/anthropics/claude-code/issues/20901",
        check: duplicate_use,
    },
    Rule {
        name: "tool-result-without-use",
        refuses: "a tool result that answers no tool use of the turn before",
        source: "the answer quoted in github.com/anthropics/claude-code/issues/25959",
        check: unexpected,
    },
    Rule {
        name: "tool-result-duplicate",
        refuses: "two results for one tool use",
        source: "Anthropic guide, Tool use: each tool_use block has one tool_result block",
        check: duplicate_result,
    },
    Rule {
        name: "tool-use-unanswered",
        refuses: "a tool use that the next turn does not answer, or not before anything else",
        source: "the answer quoted in github.com/anthropics/claude-code/issues/8210; Anthropic guide, Tool use: tool_result blocks come first in the content",
        check: unanswered,
    },
];

fn first(asked: &Asked<'_>) -> Option<Complaint> {
    if family::of(asked).is_some_and(|family| family.system_messages) {
        return None;
    }
    turn::of(asked).first().filter(|turn| turn.role == "assistant")?;
    Complaint::new("messages: first message must use the \"user\" role")
}

fn empty(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turn::of(asked);
    let turn = turns.iter().find(|turn| turn.role == "user" && turn.blocks.is_empty())?;
    Complaint::new(format!("messages.{}: user messages must have non-empty content", turn.at))
}

fn empty_answer(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turn::of(asked);
    let (_, earlier) = turns.split_last()?;
    let turn = earlier.iter().find(|turn| turn.blocks.is_empty())?;
    Complaint::new(format!(
        "messages.{}: all messages must have non-empty content except for the optional final assistant message",
        turn.at
    ))
}

fn empty_text(asked: &Asked<'_>) -> Option<Complaint> {
    if list(asked.body, "system").iter().any(|block| text(block, "text").is_empty()) {
        return Complaint::new("system: text content blocks must be non-empty");
    }
    says(asked, str::is_empty)?;
    Complaint::new("messages: text content blocks must be non-empty")
}

fn blank_text(asked: &Asked<'_>) -> Option<Complaint> {
    says(asked, |text| text.trim().is_empty())?;
    Complaint::new("messages: text content blocks must contain non-whitespace text")
}

fn duplicate_use(asked: &Asked<'_>) -> Option<Complaint> {
    let mut seen: Vec<&str> = Vec::new();
    let turns = turn::of(asked);
    let mut uses = turns.iter().flat_map(uses);
    let block = uses.find(|block| {
        let id = text(block.value, "id");
        let is_known = seen.contains(&id);
        seen.push(id);
        is_known
    })?;
    Complaint::new(format!("{}: `tool_use` ids must be unique", block.path()))
}

fn unexpected(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turn::of(asked);
    turns.iter().enumerate().find_map(|(at, turn)| {
        let before = at.checked_sub(1).and_then(|before| turns.get(before));
        let asks = |id: &str| before.is_some_and(|turn| uses(turn).any(|block| text(block.value, "id") == id));
        let block = results(turn).find(|block| !asks(text(block.value, "tool_use_id")))?;
        Complaint::new(format!(
            "{}: unexpected `tool_use_id` found in `tool_result` blocks: {}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
            block.path(),
            text(block.value, "tool_use_id")
        ))
    })
}

fn duplicate_result(asked: &Asked<'_>) -> Option<Complaint> {
    turn::of(asked).iter().find_map(|turn| {
        let mut seen: Vec<&str> = Vec::new();
        let block = results(turn).find(|block| {
            let id = text(block.value, "tool_use_id");
            let is_known = seen.contains(&id);
            seen.push(id);
            is_known
        })?;
        Complaint::new(format!(
            "{}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {}",
            block.path(),
            text(block.value, "tool_use_id")
        ))
    })
}

fn unanswered(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turn::of(asked);
    turns.iter().enumerate().find_map(|(at, turn)| {
        let next = turns.get(at + 1);
        let answers = next.into_iter().flat_map(|turn| turn.blocks.iter());
        let answers: Vec<&str> = answers
            .take_while(|block| block.is("tool_result"))
            .map(|block| text(block.value, "tool_use_id"))
            .collect();
        let ids = uses(turn).map(|block| text(block.value, "id"));
        let open: Vec<&str> = ids.filter(|id| !answers.contains(id)).collect();
        if open.is_empty() {
            return None;
        }
        let last = uses(turn).last().map_or(turn.at, |block| block.message);
        Complaint::new(format!(
            "messages.{last}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
            open.join(", ")
        ))
    })
}

/// The first text that `is_so`, in any turn.
fn says(asked: &Asked<'_>, is_so: impl Fn(&str) -> bool) -> Option<()> {
    let turns = turn::of(asked);
    let mut blocks = turns.iter().flat_map(|turn| turn.blocks.iter());
    blocks.find(|block| block.text().is_some_and(&is_so)).map(drop)
}

fn uses<'t, 'r>(turn: &'t Turn<'r>) -> impl Iterator<Item = &'t Block<'r>> {
    turn.blocks.iter().filter(|block| block.is("tool_use"))
}

fn results<'t, 'r>(turn: &'t Turn<'r>) -> impl Iterator<Item = &'t Block<'r>> {
    turn.blocks.iter().filter(|block| block.is("tool_result"))
}
