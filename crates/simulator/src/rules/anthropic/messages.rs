//! Messages, each by itself: their shape and their roles.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, family};
use crate::rules::{
    rule::Asked,
    view::{is, list, names, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "message-shape",
        refuses: "a message that is no object, or without a role or content",
        source: MEASURED,
        check: shape,
    },
    Rule {
        name: "role-unknown",
        refuses: "another role than user and assistant, and system where it may be",
        source: MEASURED,
        check: role,
    },
    Rule {
        name: "system-message-unsupported",
        refuses: "the role system inside of the messages, but for the newest models",
        source: "recorded at api.anthropic.com: github.com/braintrustdata/lingua, payloads/snapshots/anthropicMidConversationSystemMessage",
        check: system,
    },
    Rule {
        name: "system-message-first",
        refuses: "a system message at the head of the talk",
        source: MEASURED,
        check: system_first,
    },
    Rule {
        name: "system-message-misplaced",
        refuses: "a system message that the user's stands behind",
        source: MEASURED,
        check: system_place,
    },
    Rule {
        name: "message-field-unknown",
        refuses: "a field of a message that is not in the API",
        source: MEASURED,
        check: extra,
    },
];

fn shape(asked: &Asked<'_>) -> Option<Complaint> {
    each(asked).find_map(|(at, message)| {
        let path = format!("messages.{at}");
        if !message.is_object() {
            return Complaint::should_be(&path, "an object");
        }
        if message.get("role").is_none() {
            return Complaint::missing(&format!("{path}.role"));
        }
        let content = format!("{path}.content");
        match message.get("content") {
            None => Complaint::missing(&content),
            Some(Value::String(_)) => None,
            Some(Value::Array(blocks)) => {
                let at = blocks.iter().position(|block| !block.is_object())?;
                Complaint::should_be(&format!("{content}.{at}"), "an object")
            }
            Some(_) => Complaint::should_be(&content, "a valid array"),
        }
    })
}

fn role(asked: &Asked<'_>) -> Option<Complaint> {
    let mut roles = each(asked).map(|(_, message)| text(message, "role"));
    let role = roles.find(|role| !["user", "assistant", "system"].contains(role))?;
    Complaint::new(format!(
        "messages: Unexpected role \"{role}\". Allowed roles are \"user\" or \"assistant\""
    ))
}

fn system(asked: &Asked<'_>) -> Option<Complaint> {
    if family::of(asked).is_some_and(|family| family.system_messages) {
        return None;
    }
    each(asked).find(|(_, message)| is(message, "role", "system"))?;
    Complaint::new("role 'system' is not supported on this model")
}

fn system_first(asked: &Asked<'_>) -> Option<Complaint> {
    list(asked.body, "messages").first().filter(|message| is(message, "role", "system"))?;
    Complaint::new(format!(
        "messages.0: use the top-level 'system' parameter for the initial system prompt; {DIRECTIVE}"
    ))
}

fn system_place(asked: &Asked<'_>) -> Option<Complaint> {
    let messages = list(asked.body, "messages");
    let mut pairs = messages.windows(2).enumerate();
    let (at, _) = pairs.find(|(_, pair)| match pair {
        [earlier, later] => is(earlier, "role", "system") && is(later, "role", "user"),
        _ => false,
    })?;
    Complaint::new(format!(
        "messages.{at}: role 'system' must precede an 'assistant' message or end the array; {DIRECTIVE}"
    ))
}

fn extra(asked: &Asked<'_>) -> Option<Complaint> {
    each(asked).find_map(|(at, message)| {
        let name = names(message).find(|name| !["role", "content"].contains(name))?;
        Complaint::extra(&format!("messages.{at}.{name}"))
    })
}

fn each<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (usize, &'r Value)> {
    list(asked.body, "messages").iter().enumerate()
}

const DIRECTIVE: &str =
    "the directive-only form (content: [] with output_config) is accepted at any position";
