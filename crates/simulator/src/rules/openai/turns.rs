//! Messages beside each other: tool calls and their answers.

use serde_json::Value;

use super::{Complaint, Rule};
use crate::rules::{
    rule::Asked,
    view::{is, list, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "tool-message-without-call",
        refuses: "a tool message that no assistant message with tool calls stands before",
        source: "the answer quoted in github.com/miurla/morphic/issues/136",
        check: no_call,
    },
    Rule {
        name: "tool-message-answers-another-call",
        refuses: "a tool message with an id that the assistant message before it did not give",
        source: "OpenAI guide, Function calling: each tool message names the id of the call that it answers",
        check: other_call,
    },
    Rule {
        name: "tool-call-unanswered",
        refuses: "an assistant message with tool calls that no tool messages answer before the next turn",
        source: "the answer quoted in github.com/agno-agi/agno/issues/3105",
        check: unanswered,
    },
];

fn no_call(asked: &Asked<'_>) -> Option<Complaint> {
    let messages = list(asked.body, "messages");
    let at = tool_messages(messages).find(|at| calls_before(messages, *at).is_empty())?;
    Complaint::of(
        format!("messages.[{at}].role"),
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    )
}

fn other_call(asked: &Asked<'_>) -> Option<Complaint> {
    let messages = list(asked.body, "messages");
    tool_messages(messages).find_map(|at| {
        let id = text(messages.get(at)?, "tool_call_id");
        let is_known = calls_before(messages, at).iter().any(|call| is(call, "id", id));
        (!is_known)
            .then(|| {
                Complaint::of(
                    format!("messages.[{at}].tool_call_id"),
                    format!(
                        "Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous message."
                    ),
                )
            })
            .flatten()
    })
}

fn unanswered(asked: &Asked<'_>) -> Option<Complaint> {
    let messages = list(asked.body, "messages");
    messages.iter().enumerate().find_map(|(at, message)| {
        let rest = messages.get(at + 1..).unwrap_or_default();
        let answers = rest.iter().take_while(|message| is(message, "role", "tool"));
        let answered: Vec<&str> = answers.map(|answer| text(answer, "tool_call_id")).collect();
        let ids = list(message, "tool_calls").iter().map(|call| text(call, "id"));
        let open: Vec<&str> = ids.filter(|id| !answered.contains(id)).collect();
        if open.is_empty() {
            return None;
        }
        let next = (at + 1 + answered.len()).min(messages.len() - 1);
        Complaint::of(
            format!("messages.[{next}].role"),
            format!(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
                open.join(", ")
            ),
        )
    })
}

fn tool_messages(messages: &[Value]) -> impl Iterator<Item = usize> {
    messages.iter().enumerate().filter(|(_, message)| is(message, "role", "tool")).map(|(at, _)| at)
}

/// The calls of the message before the run of tool messages that `at` is in.
fn calls_before(messages: &[Value], at: usize) -> &[Value] {
    let before = messages.get(..at).unwrap_or_default();
    let asking = before.iter().rev().find(|message| !is(message, "role", "tool"));
    asking.map_or(&[], |message| list(message, "tool_calls"))
}
