//! What DeepSeek refuses.

use super::{
    complaint::Complaint,
    talk::{
        answer_to_nothing, calls, has_format, is_forced, messages, misfit, says_json, unanswered,
        unknown_role,
    },
};
use crate::rules::{
    rule::{Asked, Rule},
    view::{given, is, list, text},
};

pub(in crate::rules) const TABLES: &[&[Rule<Complaint>]] = &[RULES];

const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "model-missing",
        refuses: "a request without a model",
        source: REFERENCE,
        check: |asked| missing(asked, "model"),
    },
    Rule {
        name: "messages-missing",
        refuses: "a request without messages",
        source: REFERENCE,
        check: |asked| missing(asked, "messages"),
    },
    Rule {
        name: "messages-empty",
        refuses: "no message at all",
        source: REFERENCE,
        check: |asked| {
            list(asked.body, "messages").is_empty().then(|| said("Empty input messages")).flatten()
        },
    },
    Rule {
        name: "role-unknown",
        refuses: "roles but system, user, assistant and tool; `developer` is none",
        source: REFERENCE,
        check: role,
    },
    Rule {
        name: "content-part-unknown",
        refuses: "parts but text: images, files, sounds",
        source: "recorded answers of api.deepseek.com of 2026 to an image and to a file: unknown variant, expected `text`",
        check: part,
    },
    Rule {
        name: "tool-message-out-of-place",
        refuses: "a tool's message that answers no call right before it",
        source: TOOLS,
        check: |asked| {
            answer_to_nothing(asked)?;
            said("Messages with role 'tool' must be a response to a preceding message with 'tool_calls'")
        },
    },
    Rule {
        name: "tool-calls-unanswered",
        refuses: "tool calls that no message answers",
        source: TOOLS,
        check: |asked| {
            unanswered(asked)?;
            said(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. (insufficient tool messages following tool_calls message)",
            )
        },
    },
    Rule {
        name: "max-tokens-below-one",
        refuses: "an answer of no token",
        source: REFERENCE,
        check: |asked| {
            misfit(asked, "max_tokens", |number| number >= 1.0)?;
            said("Invalid max_tokens value, the valid range of max_tokens is [1, 393216]")
        },
    },
    Rule {
        name: "temperature-range",
        refuses: "a temperature below 0 or above 2",
        source: REFERENCE,
        check: |asked| {
            misfit(asked, "temperature", |number| (0.0..=2.0).contains(&number))?;
            said("Invalid temperature value, the valid range of temperature is [0, 2]")
        },
    },
    Rule {
        name: "top-p-range",
        refuses: "a top_p of 0 or less, or above 1",
        source: REFERENCE,
        check: |asked| {
            misfit(asked, "top_p", |number| number > 0.0 && number <= 1.0)?;
            said("Invalid top_p value, the valid range of top_p is (0, 1.0]")
        },
    },
    Rule {
        name: "top-logprobs-range",
        refuses: "more than 20 alternatives a token, or any without logprobs",
        source: REFERENCE,
        check: alternatives,
    },
    Rule {
        name: "too-many-stops",
        refuses: "more than 16 stop sequences",
        source: REFERENCE,
        check: |asked| {
            let stops = list(asked.body, "stop").len();
            (stops > 16).then(|| said("Invalid stop value, at most 16 sequences are supported")).flatten()
        },
    },
    Rule {
        name: "too-many-tools",
        refuses: "more than 128 tools",
        source: REFERENCE,
        check: |asked| {
            let tools = list(asked.body, "tools").len();
            (tools > 128).then(|| said("Invalid tools value, at most 128 tools are supported")).flatten()
        },
    },
    Rule {
        name: "json-schema",
        refuses: "a response format but text and json_object",
        source: "DeepSeek API reference, Create Chat Completion: response_format.type is one of text, json_object",
        check: |asked| {
            has_format(asked, "json_schema")
                .then(|| said("This response_format type is unavailable now"))
                .flatten()
        },
    },
    Rule {
        name: "json-without-the-word",
        refuses: "JSON mode where no message says `json`",
        source: "DeepSeek API docs, JSON Output: include the word json in the system or user prompt",
        check: |asked| {
            (has_format(asked, "json_object") && !says_json(asked))
                .then(|| {
                    said(
                        "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
                    )
                })
                .flatten()
        },
    },
    Rule {
        name: "thinking-with-forced-tool",
        refuses: "tool_choice `required` or a named tool while the model thinks",
        source: "answers of api.deepseek.com to a forced tool_choice, V4 models, 2026: Thinking mode does not support this tool_choice",
        check: |asked| {
            (thinks(asked) && is_forced(asked))
                .then(|| said("Thinking mode does not support this tool_choice"))
                .flatten()
        },
    },
    Rule {
        name: "reasoning-not-passed-back",
        refuses: "tool calls of the current round without the reasoning that led to them, while the model thinks",
        source: "DeepSeek API docs, Thinking Mode, Tool Calls: reasoning_content must be passed back within a round",
        check: reasoning,
    },
];

fn said(message: &str) -> Option<Complaint> {
    Complaint::error(Some("invalid_request_error"), message)
}

fn missing(asked: &Asked<'_>, field: &str) -> Option<Complaint> {
    if given(asked.body, field).is_some() {
        return None;
    }
    unread(&format!("missing field `{field}`"))
}

/// What serde could not read.
fn unread(what: &str) -> Option<Complaint> {
    said(&format!("Failed to deserialize the JSON body into the target type: {what} at line 1 column 2"))
}

fn role(asked: &Asked<'_>) -> Option<Complaint> {
    let (at, role) = unknown_role(asked, &["system", "user", "assistant", "tool", "latest_reminder"])?;
    unread(&format!(
        "messages[{at}].role: unknown variant `{role}`, expected one of `system`, `user`, `assistant`, `tool`, `latest_reminder`"
    ))
}

fn part(asked: &Asked<'_>) -> Option<Complaint> {
    messages(asked).find_map(|(at, message)| {
        let odd = list(message, "content").iter().find(|part| !is(part, "type", "text"))?;
        unread(&format!("messages[{at}]: unknown variant `{}`, expected `text`", text(odd, "type")))
    })
}

fn alternatives(asked: &Asked<'_>) -> Option<Complaint> {
    let most = given(asked.body, "top_logprobs")?.as_f64()?;
    if !(0.0..=20.0).contains(&most) {
        return said("Invalid top_logprobs value, the valid range of top_logprobs is [0, 20]");
    }
    (asked.body["logprobs"] != true)
        .then(|| said("Invalid top_logprobs value, logprobs must be set to true if top_logprobs is used"))
        .flatten()
}

/// Whether the model thinks: the newer ones unless they are told not to.
fn thinks(asked: &Asked<'_>) -> bool {
    let model = text(asked.body, "model");
    match asked.body["thinking"]["type"].as_str() {
        Some(word) => word != "disabled",
        None => {
            model.starts_with("deepseek-v4")
                || model == "deepseek-reasoner"
                || given(asked.body, "reasoning_effort").is_some()
        }
    }
}

/// The round is what came after the last message of the user.
fn reasoning(asked: &Asked<'_>) -> Option<Complaint> {
    if !thinks(asked) {
        return None;
    }
    let round = list(asked.body, "messages").iter().rev().take_while(|message| !is(message, "role", "user"));
    let mut called = round.filter(|message| calls(message).next().is_some());
    called.find(|message| given(message, "reasoning_content").is_none())?;
    said("The `reasoning_content` in the thinking mode must be passed back to the API.")
}

const REFERENCE: &str =
    "DeepSeek API reference, Create Chat Completion (api-docs.deepseek.com/api/create-chat-completion)";
const TOOLS: &str =
    "DeepSeek API docs, Tool Calls: each call of an assistant message is answered by a tool message";
