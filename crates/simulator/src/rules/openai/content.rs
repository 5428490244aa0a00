//! What messages say: content and its parts.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, SPEC};
use crate::rules::{
    rule::Asked,
    view::{given, list, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "content-type",
        refuses: "content that is neither a string nor an array of objects",
        source: MEASURED,
        check: content_type,
    },
    Rule {
        name: "content-part-type-missing",
        refuses: "a part of a content without a type",
        source: "the answer quoted in github.com/neuron-core/neuron-ai/issues/292",
        check: part_without_type,
    },
    Rule {
        name: "content-part-type-unknown",
        refuses: "a part of a content whose type is not in the API, as another dialect's parts are",
        source: SPEC,
        check: part_type,
    },
    Rule {
        name: "image-outside-user-message",
        refuses: "an image in a message that is not the user's, as in a tool's answer",
        source: "the answer quoted in github.com/strands-agents/sdk-python/issues/320",
        check: misplaced_image,
    },
    Rule {
        name: "content-missing",
        refuses: "a message without content, unless it is the assistant's with something in its stead",
        source: MEASURED,
        check: no_content,
    },
];

fn content_type(asked: &Asked<'_>) -> Option<Complaint> {
    list(asked.body, "messages").iter().enumerate().find_map(|(at, message)| {
        let content = given(message, "content")?;
        let fits =
            content.is_string() || content.as_array().is_some_and(|parts| parts.iter().all(Value::is_object));
        (!fits)
            .then(|| {
                let param = format!("messages[{at}].content");
                Complaint::wrong_type(param, "one of a string or array of objects", content)
            })
            .flatten()
    })
}

fn part_without_type(asked: &Asked<'_>) -> Option<Complaint> {
    parts(asked)
        .find(|(_, part)| given(part, "type").is_none())
        .and_then(|(path, _)| Complaint::missing(format!("{path}.type")))
}

fn part_type(asked: &Asked<'_>) -> Option<Complaint> {
    let (path, part) = parts(asked).find(|(_, part)| !PARTS.contains(&text(part, "type")))?;
    Complaint::wrong_value(
        format!("{path}.type"),
        text(part, "type"),
        "'text', 'image_url', 'input_audio', 'refusal', 'audio', and 'file'",
    )
}

fn misplaced_image(asked: &Asked<'_>) -> Option<Complaint> {
    let has_image =
        |message: &Value| list(message, "content").iter().any(|part| text(part, "type") == "image_url");
    let mut messages = list(asked.body, "messages").iter().enumerate();
    let (at, message) =
        messages.find(|(_, message)| text(message, "role") != "user" && has_image(message))?;
    let param = format!("messages[{at}]");
    let message = format!(
        "Invalid '{param}'. Image URLs are only allowed for messages with role 'user', but this message with role '{}' contains an image URL.",
        text(message, "role")
    );
    Complaint::new(param, "invalid_value", message)
}

fn no_content(asked: &Asked<'_>) -> Option<Complaint> {
    let lacks = |message: &Value| {
        let stead = ["tool_calls", "function_call", "refusal", "audio"];
        let is_excused =
            text(message, "role") == "assistant" && stead.iter().any(|field| given(message, field).is_some());
        given(message, "content").is_none() && !is_excused
    };
    let at = list(asked.body, "messages").iter().position(lacks)?;
    Complaint::of(
        format!("messages.[{at}].content"),
        "Invalid value for 'content': expected a string, got null.",
    )
}

/// Every part of every message, and the path to it in OpenAI's spelling.
pub(super) fn parts<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r Value)> {
    let messages = list(asked.body, "messages").iter().enumerate();
    messages.flat_map(|(at, message)| {
        let parts = list(message, "content").iter().enumerate();
        parts.map(move |(part_at, part)| (format!("messages[{at}].content[{part_at}]"), part))
    })
}

const PARTS: &[&str] = &["text", "image_url", "input_audio", "refusal", "audio", "file"];
