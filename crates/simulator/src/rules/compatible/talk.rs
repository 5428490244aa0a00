//! Looking over the messages of a request.

use serde_json::Value;

use crate::rules::{
    rule::Asked,
    view::{given, is, list, text, texts},
};

/// The messages, each with its place.
pub(super) fn messages<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (usize, &'r Value)> {
    list(asked.body, "messages").iter().enumerate()
}

/// The first message whose role is none of `known`.
pub(super) fn unknown_role<'r>(asked: &Asked<'r>, known: &[&str]) -> Option<(usize, &'r str)> {
    messages(asked).map(|(at, message)| (at, text(message, "role"))).find(|(_, role)| !known.contains(role))
}

/// The first message of a tool that answers no call before it.
pub(super) fn answer_to_nothing(asked: &Asked<'_>) -> Option<usize> {
    let mut called: Vec<&str> = Vec::new();
    for (at, message) in messages(asked) {
        match text(message, "role") {
            "tool" if !called.contains(&text(message, "tool_call_id")) => return Some(at),
            "tool" => {}
            _ => called = calls(message).map(|call| text(call, "id")).collect(),
        }
    }
    None
}

/// The first message with a call that no message after it answers, and that call's id.
pub(super) fn unanswered<'r>(asked: &Asked<'r>) -> Option<(usize, &'r str)> {
    let all = list(asked.body, "messages");
    messages(asked).find_map(|(at, message)| {
        let answers: Vec<&str> = all[at + 1..]
            .iter()
            .take_while(|message| is(message, "role", "tool"))
            .map(|message| text(message, "tool_call_id"))
            .collect();
        let missing = calls(message).map(|call| text(call, "id")).find(|id| !answers.contains(id))?;
        Some((at, missing))
    })
}

/// The calls of a message.
pub(super) fn calls(message: &Value) -> impl Iterator<Item = &Value> {
    list(message, "tool_calls").iter()
}

/// Whether a tool must be called.
pub(super) fn is_forced(asked: &Asked<'_>) -> bool {
    given(asked.body, "tool_choice").is_some_and(|choice| choice != "auto" && choice != "none")
}

/// Whether the format is of this kind.
pub(super) fn has_format(asked: &Asked<'_>, kind: &str) -> bool {
    given(asked.body, "response_format").is_some_and(|format| is(format, "type", kind))
}

/// Whether any message says `json`, in any case.
pub(super) fn says_json(asked: &Asked<'_>) -> bool {
    messages(asked)
        .flat_map(|(_, message)| texts(&message["content"]))
        .any(|text| text.to_lowercase().contains("json"))
}

/// The number `name`, where it is given and `fits` does not hold for it.
pub(super) fn misfit(asked: &Asked<'_>, name: &str, fits: impl Fn(f64) -> bool) -> Option<f64> {
    given(asked.body, name)?.as_f64().filter(|number| !fits(*number))
}
