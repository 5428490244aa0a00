//! Messages out.
//!
//! A message of OpenAI's own dialect comes out as it was. Of a foreign one, tool results become messages of their own,
//! pictures and documents in them follow in a user message, and foreign reasoning stays behind.

use std::borrow::Cow;

use backstop_core::{
    Content, Extra, Json, Message, Part, PartKind, Request, Role, ToolCall, ToolKind, ToolResult,
};

use super::{
    decode_message::arguments_name, decode_request::kind_name, encode_part::write_parts,
    encode_request::role_name, reasoning, tool_id::ToolIds,
};
use crate::{
    Facts, Loss,
    gemini::is_ours,
    json::{Array, Object, held_place},
};

/// What could not be written, so far.
pub(super) struct Losses {
    pub(super) list: Vec<Loss>,
    /// Whether the request was written in OpenAI's dialect, so that its extra fields may go out.
    pub(super) own: bool,
    /// The ids that OpenAI would find too long.
    pub(super) ids: ToolIds,
    /// Whether the server takes Anthropic's cache marks.
    pub(super) marks: bool,
}

impl Losses {
    /// Whether `extra` may go out; where it may not, each of its fields is a loss.
    pub(super) fn own_extra(&mut self, extra: &Extra, at: &str) -> bool {
        if !self.own {
            for (name, _) in extra.iter().filter(|(name, value)| !value.is_null() && !is_ours(name)) {
                self.hint(format!("{at}.{name}"), "OpenAI Chat has no such field");
            }
        }
        self.own
    }
}

pub(super) fn messages(list: &mut Array<'_>, request: &Request, facts: &Facts, losses: &mut Losses) {
    for (index, message) in request.messages.iter().enumerate() {
        let at = format!("messages[{index}]");
        let is_last = index + 1 == request.messages.len();
        if is_last && message.role == Role::Assistant && !facts.prefill {
            losses.constraint(at, "the model does not go on from a last turn of its own");
            continue;
        }
        // What tools gave comes first: it answers the turn before.
        let results = message.content.parts.iter().filter_map(|part| match &part.kind {
            PartKind::ToolResult(result) => Some((part, result)),
            _ => None,
        });
        let (mut moved, mut only_results) = (Vec::new(), true);
        for (part, result) in results {
            tool_message(list, message, part, result, &at, losses, &mut moved);
        }
        let rest: Vec<_> = message
            .content
            .parts
            .iter()
            .filter(|part| !matches!(part.kind, PartKind::ToolResult(_)))
            .collect();
        only_results &= rest.is_empty() && !message.content.parts.is_empty();
        if !moved.is_empty() {
            let mut parts = moved;
            if message.role == Role::User {
                parts.extend(rest);
                spoken(list, message, Role::User, &parts, facts, &at, losses);
                continue;
            }
            spoken(list, message, Role::User, &parts, facts, &at, losses);
        }
        if !only_results {
            spoken(list, message, message.role, &rest, facts, &at, losses);
        }
    }
}

fn tool_message<'r>(
    list: &mut Array<'_>,
    message: &Message,
    part: &'r Part,
    result: &'r ToolResult,
    at: &str,
    losses: &mut Losses,
    moved: &mut Vec<&'r Part>,
) {
    let own = losses.own_extra(&part.extra, at);
    let (texts, others): (Vec<_>, Vec<_>) = result
        .content
        .parts
        .iter()
        .partition(|part| losses.own || matches!(part.kind, PartKind::Text { .. }));
    if !others.is_empty() {
        losses.hint(
            format!("{at}.content"),
            "tool results of OpenAI Chat hold text only: the rest follows in a user message",
        );
        moved.extend(others);
    }
    if part.cache.is_some() && !own {
        losses.hint(format!("{at}.content.cache_control"), "OpenAI Chat caches by itself");
    }
    let mark = match result.is_error {
        Some(true) => {
            losses.hint(format!("{at}.content.is_error"), "OpenAI Chat has no such field: the text says so");
            "Error: "
        }
        _ => "",
    };
    let id = if own { Cow::Borrowed(result.id.as_str()) } else { losses.ids.write(&result.id) };
    list.object(|object| {
        let role = message.extra.get("role").filter(|_| own);
        match role {
            Some(role) => object.json("role", role),
            None => object.string("role", "tool"),
        }
        if role.is_none() || !result.id.is_empty() {
            object.string("tool_call_id", &id);
        }
        object.maybe_string("name", result.name.as_deref());
        if own {
            contents(object, &result.content, &texts, at, losses);
            object.extra_but(&message.extra, &["role"]);
        } else {
            let texts: Vec<_> = texts.iter().filter_map(|part| text_of(part)).collect();
            object.string("content", &format!("{mark}{}", texts.join("\n")));
        }
    });
}

fn text_of(part: &Part) -> Option<&str> {
    match &part.kind {
        PartKind::Text { text, .. } => Some(text),
        _ => None,
    }
}

/// A message that somebody says.
fn spoken(
    list: &mut Array<'_>,
    message: &Message,
    role: Role,
    parts: &[&Part],
    facts: &Facts,
    at: &str,
    losses: &mut Losses,
) {
    let own = losses.own_extra(&message.extra, at);
    if role == Role::Assistant {
        return assistant(list, message, parts, at, losses);
    }
    list.object(|object| {
        object.string("role", role_name(role, facts));
        object.maybe_string("name", message.name.as_deref());
        if own {
            contents(object, &message.content, parts, at, losses);
            object.extra(&message.extra);
        } else {
            foreign_contents(object, parts, at, losses);
        }
    });
}

fn assistant(list: &mut Array<'_>, message: &Message, parts: &[&Part], at: &str, losses: &mut Losses) {
    let own = losses.own;
    let in_list = own && !message.content.bare;
    let is_call = |part: &Part| matches!(part.kind, PartKind::ToolCall(_));
    let thinks = |part: &Part| {
        matches!(part.kind, PartKind::Reasoning { .. } | PartKind::RedactedReasoning { .. })
            || reasoning::is_detail(part)
    };
    let said: Vec<_> = parts
        .iter()
        .copied()
        .filter(|part| {
            !is_call(part) && !thinks(part) && (in_list || !matches!(part.kind, PartKind::Refusal { .. }))
        })
        .collect();
    let calls: Vec<_> = parts.iter().copied().filter(|part| is_call(part)).collect();
    list.object(|object| {
        object.string("role", "assistant");
        object.maybe_string("name", message.name.as_deref());
        if own {
            own_reasoning(object, message, parts);
            contents(object, &message.content, &said, at, losses);
        } else {
            if parts.iter().any(|part| thinks(part)) {
                losses.hint(format!("{at}.content"), "reasoning goes back to its own provider only");
            }
            foreign_assistant(object, &said, !calls.is_empty(), at, losses);
        }
        if !in_list {
            for part in parts {
                if let PartKind::Refusal { text } = &part.kind {
                    object.string("refusal", text);
                }
            }
        }
        if !calls.is_empty() {
            object
                .array("tool_calls", |list| calls.iter().for_each(|call| tool_call(list, call, at, losses)));
        }
        if own {
            let held = reasoning::text_name(&message.extra)
                .filter(|_| reasoning::text_of(parts.iter().copied()).is_some());
            object.extra_but(&message.extra, held.as_slice());
        }
    });
}

fn own_reasoning(object: &mut Object<'_>, message: &Message, parts: &[&Part]) {
    if let Some(name) = reasoning::text_name(&message.extra)
        && let Some(text) = reasoning::text_of(parts.iter().copied())
    {
        object.string(name, &text);
    }
    details(object, parts.iter().copied(), true);
}

/// Writes `reasoning_details`, if there is anything to be written there. `own`: they came in this dialect, and so name the
/// calls that they seal, or do not.
pub(super) fn details<'p>(object: &mut Object<'_>, parts: impl Iterator<Item = &'p Part>, own: bool) {
    let parts: Vec<_> = parts.collect();
    let details: Vec<usize> = (0..parts.len()).filter(|at| reasoning::is_detail(parts[*at])).collect();
    if !details.is_empty() {
        object.array("reasoning_details", |list| {
            for (position, at) in details.into_iter().enumerate() {
                let call = reasoning::sealed_call(&parts, at).filter(|_| !own);
                reasoning::write_detail(list, parts[at], position, call);
            }
        });
    }
}

pub(super) fn write_tool_call(
    object: &mut Object<'_>,
    call: &ToolCall,
    id: &str,
    arguments: &str,
    rest: Option<&Json>,
) {
    object.string("id", id);
    object.string("type", kind_name(call.kind));
    write_function(object, call, arguments, rest);
}

/// What a call calls, under the name of its kind.
fn write_function(object: &mut Object<'_>, call: &ToolCall, arguments: &str, rest: Option<&Json>) {
    object.object(kind_name(call.kind), |inner| {
        inner.string("name", &call.name);
        inner.string(arguments_name(call.kind), arguments);
        if let Some(rest) = rest {
            inner.fields_of(rest);
        }
    });
}

fn tool_call(list: &mut Array<'_>, part: &Part, at: &str, losses: &mut Losses) {
    let PartKind::ToolCall(call) = &part.kind else { return };
    let own = losses.own_extra(&part.extra, &format!("{at}.tool_calls"));
    // A foreign call without arguments is one with none.
    let empty = !own && call.kind == ToolKind::Function && call.arguments.is_empty();
    let arguments = if empty { "{}" } else { call.arguments.as_str() };
    let id = if own { Cow::Borrowed(call.id.as_str()) } else { losses.ids.write(&call.id) };
    list.object(|object| {
        let inner = kind_name(call.kind);
        let rest = part.extra.get(inner).filter(|_| own);
        if own && held_place(&part.extra, &["type"]).is_some() {
            // Written without a type: Mistral's own clients leave it out.
            object.string("id", &id);
            write_function(object, call, arguments, rest);
        } else {
            write_tool_call(object, call, &id, arguments, rest);
        }
        if own {
            object.extra_but(&part.extra, &[inner, "type"]);
        }
    });
    if part.cache.is_some() {
        losses.hint(format!("{at}.content.cache_control"), "OpenAI Chat caches by itself");
    }
}

/// Content of OpenAI's own dialect, in the form in which it was written.
fn contents(object: &mut Object<'_>, content: &Content, parts: &[&Part], at: &str, losses: &mut Losses) {
    match (content.bare, parts) {
        // Missing, or a null that stands among the extra fields.
        (true, []) => {}
        (true, [part]) if let Some(text) = text_of(part) => object.string("content", text),
        _ => write_parts(object, parts, at, losses),
    }
}

fn foreign_contents(object: &mut Object<'_>, parts: &[&Part], at: &str, losses: &mut Losses) {
    match parts {
        [] => object.string("content", ""),
        [part] if let Some(text) = text_of(part).filter(|_| part.cache.is_none() || !losses.marks) => {
            object.string("content", text);
            report_part(part, at, losses);
        }
        _ => write_parts(object, parts, at, losses),
    }
}

/// What a model said before, as one text: not every server of this dialect takes a list here.
fn foreign_assistant(object: &mut Object<'_>, parts: &[&Part], calls: bool, at: &str, losses: &mut Losses) {
    let mut text: Option<Cow<'_, str>> = None;
    for part in parts {
        report_part(part, at, losses);
        match text_of(part) {
            Some(piece) => text = Some(text.map_or(Cow::Borrowed(piece), |text| text + piece)),
            None => losses.constraint(
                format!("{at}.content"),
                "OpenAI Chat takes text and tool calls only from a model",
            ),
        }
    }
    match text {
        Some(text) => object.string("content", &text),
        None if calls => object.null("content"),
        None => object.string("content", ""),
    }
}

/// Losses of a foreign part of which only the text is written.
fn report_part(part: &Part, at: &str, losses: &mut Losses) {
    losses.own_extra(&part.extra, &format!("{at}.content"));
    if part.cache.is_some() {
        losses.hint(format!("{at}.content.cache_control"), "OpenAI Chat caches by itself");
    }
    if let PartKind::Text { citations, .. } = &part.kind
        && !citations.is_empty()
    {
        losses.hint(format!("{at}.content.citations"), "OpenAI Chat takes no citations back");
    }
}
