//! What Mistral refuses.

use serde_json::Value;

use super::{
    complaint::Complaint,
    talk::{calls, messages, misfit, unknown_role},
};
use crate::rules::{
    rule::{Asked, Rule},
    view::{given, is, is_word, list, names, text},
};

pub(in crate::rules) const TABLES: &[&[Rule<Complaint>]] = &[SHAPE, SENSE];

/// What pydantic refuses, with a 422.
const SHAPE: &[Rule<Complaint>] = &[
    Rule {
        name: "model-missing",
        refuses: "a request without a model",
        source: SPEC,
        check: |asked| missing(asked, "model"),
    },
    Rule {
        name: "messages-missing",
        refuses: "a request without messages",
        source: SPEC,
        check: |asked| missing(asked, "messages"),
    },
    Rule {
        name: "unknown-field",
        refuses: "fields that the specification does not name",
        source: "Mistral API specification, ChatCompletionRequest: additionalProperties is false; its 422 extra_forbidden",
        check: unknown,
    },
    Rule {
        name: "role-unknown",
        refuses: "roles but system, user, assistant and tool; `developer` is none",
        source: SPEC,
        check: role,
    },
    Rule {
        name: "content-part-unknown",
        refuses: "parts of types that the specification does not name",
        source: "Mistral API specification, ContentChunk: a tagged union of text, image_url, document_url, reference, file, thinking, input_audio",
        check: part,
    },
    Rule {
        name: "temperature-range",
        refuses: "a temperature below 0 or above 1.5",
        source: SPEC,
        check: |asked| range(asked, "temperature", 0.0, 1.5),
    },
    Rule {
        name: "top-p-range",
        refuses: "a top_p below 0 or above 1",
        source: SPEC,
        check: |asked| range(asked, "top_p", 0.0, 1.0),
    },
    Rule {
        name: "penalty-range",
        refuses: "penalties beyond 2 either way",
        source: SPEC,
        check: |asked| {
            range(asked, "presence_penalty", -2.0, 2.0)
                .or_else(|| range(asked, "frequency_penalty", -2.0, 2.0))
        },
    },
    Rule {
        name: "tool-choice-unknown",
        refuses: "a tool_choice but auto, none, any, required and a named function",
        source: SPEC,
        check: choice,
    },
    Rule {
        name: "effort-unknown",
        refuses: "a reasoning_effort but none and high",
        source: "Mistral API specification, ChatCompletionRequest: reasoning_effort is one of high, none",
        check: |asked| {
            let effort = given(asked.body, "reasoning_effort")
                .filter(|effort| *effort != "high" && *effort != "none")?;
            Complaint::shape("enum", &["reasoning_effort"], "Input should be 'high' or 'none'", effort)
        },
    },
];

/// What is said to make no sense, with a 400.
const SENSE: &[Rule<Complaint>] = &[
    Rule {
        name: "logprobs",
        refuses: "log probabilities",
        source: "recorded answer of api.mistral.ai, 400 with code 3051: Logprobs are not enabled for this model",
        check: |asked| {
            given(asked.body, "logprobs").filter(|told| **told == true)?;
            Complaint::said("3051", "invalid_request_invalid_args", "Logprobs are not enabled for this model")
        },
    },
    Rule {
        name: "messages-empty",
        refuses: "no message at all",
        source: COMMON,
        check: |asked| {
            if !list(asked.body, "messages").is_empty() {
                return None;
            }
            order("Conversation must have at least one message")
        },
    },
    Rule {
        name: "role-order",
        refuses: "a tool's message after the user's, the user's after a tool's, the system's after an answer",
        source: COMMON,
        check: after,
    },
    Rule {
        name: "last-role",
        refuses: "an assistant's message in the end, unless it is a prefix",
        source: COMMON,
        check: last,
    },
    Rule {
        name: "tool-answers-do-not-match",
        refuses: "more or fewer messages of tools than calls",
        source: COMMON,
        check: matching,
    },
    Rule {
        name: "tool-call-id",
        refuses: "ids of tool calls but nine letters and digits",
        source: COMMON,
        check: id,
    },
    Rule {
        name: "function-name",
        refuses: "names of functions but letters, digits, `_` and `-`, 64 at most",
        source: COMMON,
        check: function,
    },
    Rule {
        name: "assistant-says-nothing",
        refuses: "an assistant's message with neither content nor tool calls",
        source: COMMON,
        check: silent,
    },
];

fn missing(asked: &Asked<'_>, field: &str) -> Option<Complaint> {
    if given(asked.body, field).is_some() {
        return None;
    }
    Complaint::shape("missing", &[field], "Field required", asked.body)
}

fn unknown(asked: &Asked<'_>) -> Option<Complaint> {
    let field = names(asked.body).find(|name| !FIELDS.contains(name))?;
    Complaint::shape("extra_forbidden", &[field], "Extra inputs are not permitted", &asked.body[field])
}

fn role(asked: &Asked<'_>) -> Option<Complaint> {
    let (at, role) = unknown_role(asked, &["system", "user", "assistant", "tool"])?;
    let message = format!(
        "Input tag '{role}' found using 'role' does not match any of the expected tags: 'system', 'user', 'assistant', 'tool'"
    );
    Complaint::shape(
        "union_tag_invalid",
        &["messages", &at.to_string()],
        message,
        &asked.body["messages"][at],
    )
}

fn part(asked: &Asked<'_>) -> Option<Complaint> {
    messages(asked).find_map(|(at, message)| {
        let parts = list(message, "content").iter();
        let odd = parts.clone().find(|part| !PARTS.contains(&text(part, "type")))?;
        let place = at.to_string();
        let message = format!(
            "Input tag '{}' found using 'type' does not match any of the expected tags",
            text(odd, "type")
        );
        Complaint::shape("union_tag_invalid", &["messages", &place, "content"], message, odd)
    })
}

fn range(asked: &Asked<'_>, name: &str, least: f64, most: f64) -> Option<Complaint> {
    let number = misfit(asked, name, |number| (least..=most).contains(&number))?;
    let (kind, words, bound) = if number < least {
        ("greater_than_equal", "greater than or equal to", least)
    } else {
        ("less_than_equal", "less than or equal to", most)
    };
    Complaint::shape(kind, &[name], format!("Input should be {words} {bound}"), &asked.body[name])
}

fn choice(asked: &Asked<'_>) -> Option<Complaint> {
    let choice = given(asked.body, "tool_choice")?;
    let known = match choice {
        Value::String(word) => ["auto", "none", "any", "required"].contains(&word.as_str()),
        _ => choice["function"]["name"].is_string(),
    };
    if known {
        return None;
    }
    Complaint::shape("enum", &["tool_choice"], "Input should be 'auto', 'none', 'any' or 'required'", choice)
}

fn order(message: impl Into<String>) -> Option<Complaint> {
    Complaint::said("3230", "invalid_request_message_order", message)
}

fn after(asked: &Asked<'_>) -> Option<Complaint> {
    let all = list(asked.body, "messages");
    all.windows(2).find_map(|pair| {
        let (before, role) = (text(&pair[0], "role"), text(&pair[1], "role"));
        let expected: &[&str] = match before {
            "system" => &["user", "assistant", "system"],
            "user" => &["assistant", "system", "user"],
            "assistant" => &["assistant", "user", "tool"],
            _ => &["assistant", "tool"],
        };
        if expected.contains(&role) {
            return None;
        }
        order(format!("Unexpected role '{role}' after role '{before}'"))
    })
}

fn last(asked: &Asked<'_>) -> Option<Complaint> {
    let last = list(asked.body, "messages").last()?;
    let role = text(last, "role");
    let is_prefix = role == "assistant" && last["prefix"] == true;
    if matches!(role, "user" | "tool") || is_prefix {
        return None;
    }
    order(format!(
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got {role}"
    ))
}

fn matching(asked: &Asked<'_>) -> Option<Complaint> {
    let all = list(asked.body, "messages");
    messages(asked).find_map(|(at, message)| {
        let called = calls(message).count();
        if called == 0 {
            return None;
        }
        let answers = all[at + 1..].iter().take_while(|message| is(message, "role", "tool"));
        let answered: Vec<&str> = answers.map(|message| text(message, "tool_call_id")).collect();
        let are_known = answered.iter().all(|id| calls(message).any(|call| text(call, "id") == *id));
        if answered.len() == called && are_known {
            return None;
        }
        order("Not the same number of function calls and responses")
    })
}

fn id(asked: &Asked<'_>) -> Option<Complaint> {
    let ids = messages(asked).flat_map(|(_, message)| {
        calls(message)
            .map(|call| text(call, "id"))
            .chain(given(message, "tool_call_id").and_then(Value::as_str))
    });
    let mut odd = ids.filter(|id| id.len() != 9 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let id = odd.next()?;
    Complaint::said(
        "3280",
        "invalid_function_call",
        format!("Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."),
    )
}

fn function(asked: &Asked<'_>) -> Option<Complaint> {
    let tools = list(asked.body, "tools").iter();
    let called = messages(asked).flat_map(|(_, message)| calls(message));
    let mut names = tools.chain(called).map(|tool| text(&tool["function"], "name"));
    let name = names.find(|name| !is_word(name) || name.len() > 64)?;
    Complaint::said(
        "3280",
        "invalid_function_call",
        format!(
            "Function name was {name} but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64."
        ),
    )
}

fn silent(asked: &Asked<'_>) -> Option<Complaint> {
    let mut said = messages(asked).filter(|(_, message)| is(message, "role", "assistant"));
    said.find(|(_, message)| {
        let says = given(message, "content")
            .is_some_and(|content| *content != "" && *content != serde_json::json!([]));
        !says && calls(message).next().is_none()
    })?;
    Complaint::said(
        "3240",
        "invalid_request_assistant_message",
        "Assistant message must have either content or tool_calls, but not none.",
    )
}

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "stream",
    "stop",
    "random_seed",
    "metadata",
    "response_format",
    "tools",
    "tool_choice",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "prediction",
    "parallel_tool_calls",
    "prompt_mode",
    "reasoning_effort",
    "guardrails",
    "prompt_cache_key",
    "safe_prompt",
    // Not in the specification; the recorded refusal of their use shows that they are read.
    "logprobs",
    "top_logprobs",
];
const PARTS: &[&str] = &["text", "image_url", "document_url", "reference", "file", "thinking", "input_audio"];
const SPEC: &str = "Mistral API specification, ChatCompletionRequest (docs.mistral.ai/api, 2026-08-21)";
const COMMON: &str = "mistral-common, the validator of requests that Mistral publishes (github.com/mistralai/mistral-common, protocol/instruct/validator.py)";
