//! Messages, each by itself: their shape and their roles.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule};
use crate::rules::{
    rule::Asked,
    view::{given, is, list, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "messages-not-an-array",
        refuses: "messages that are no array of objects",
        source: MEASURED,
        check: shape,
    },
    Rule { name: "messages-empty", refuses: "an empty array of messages", source: MEASURED, check: empty },
    Rule { name: "role-missing", refuses: "a message without a role", source: MEASURED, check: no_role },
    Rule { name: "role-unknown", refuses: "a role that is not in the API", source: MEASURED, check: role },
    Rule {
        name: "tool-calls-empty",
        refuses: "an assistant message with an empty array of tool calls",
        source: MEASURED,
        check: no_calls,
    },
    Rule {
        name: "tool-call-id-too-long",
        refuses: "the id of a tool call with more than 64 characters",
        source: "github.com/openclaw/openclaw/pull/875 quotes the answer with 64, and with 40 in earlier times",
        check: call_id,
    },
    Rule {
        name: "tool-call-id-missing",
        refuses: "a tool message that does not say which call it answers",
        source: "OpenAI API reference, Create chat completion, messages: tool_call_id is required",
        check: answers_nothing,
    },
];

fn shape(asked: &Asked<'_>) -> Option<Complaint> {
    let messages = given(asked.body, "messages")?;
    let Some(items) = messages.as_array() else {
        return Complaint::wrong_type("messages", "an array of objects", messages);
    };
    let (at, message) = items.iter().enumerate().find(|(_, message)| !message.is_object())?;
    Complaint::wrong_type(format!("messages[{at}]"), "an object", message)
}

fn empty(asked: &Asked<'_>) -> Option<Complaint> {
    let is_empty = asked.body.get("messages")?.as_array()?.is_empty();
    is_empty.then(|| Complaint::empty_array("messages")).flatten()
}

fn no_role(asked: &Asked<'_>) -> Option<Complaint> {
    let at = list(asked.body, "messages").iter().position(|message| given(message, "role").is_none())?;
    Complaint::missing(format!("messages[{at}].role"))
}

fn role(asked: &Asked<'_>) -> Option<Complaint> {
    let mut roles = list(asked.body, "messages").iter().map(|message| text(message, "role")).enumerate();
    let (at, role) = roles.find(|(_, role)| !ROLES.contains(role))?;
    Complaint::wrong_value(
        format!("messages[{at}].role"),
        role,
        "'system', 'assistant', 'user', 'function', 'tool', and 'developer'",
    )
}

fn no_calls(asked: &Asked<'_>) -> Option<Complaint> {
    let is_empty = |message: &Value| {
        let calls = message.get("tool_calls").and_then(Value::as_array);
        calls.is_some_and(Vec::is_empty)
    };
    let at = list(asked.body, "messages").iter().position(is_empty)?;
    Complaint::empty_array(format!("messages[{at}].tool_calls"))
}

fn call_id(asked: &Asked<'_>) -> Option<Complaint> {
    list(asked.body, "messages").iter().enumerate().find_map(|(at, message)| {
        let calls = list(message, "tool_calls").iter().enumerate();
        let mut lengths = calls.map(|(call_at, call)| (call_at, text(call, "id").chars().count()));
        let (call_at, length) = lengths.find(|(_, length)| *length > MAX_ID)?;
        Complaint::long_string(format!("messages[{at}].tool_calls[{call_at}].id"), MAX_ID, length)
    })
}

fn answers_nothing(asked: &Asked<'_>) -> Option<Complaint> {
    let at = list(asked.body, "messages")
        .iter()
        .position(|message| is(message, "role", "tool") && given(message, "tool_call_id").is_none())?;
    Complaint::of(
        format!("messages.[{at}].tool_call_id"),
        "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
    )
}

const ROLES: &[&str] = &["system", "assistant", "user", "function", "tool", "developer"];
const MAX_ID: usize = 64;
