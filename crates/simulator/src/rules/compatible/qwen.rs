//! What Qwen refuses at DashScope, in its compatible mode.

use super::{
    complaint::Complaint,
    talk::{answer_to_nothing, has_format, is_forced, messages, misfit, says_json, unanswered, unknown_role},
};
use crate::rules::{
    rule::{Asked, Rule},
    view::{given, list, text},
};

pub(in crate::rules) const TABLES: &[&[Rule<Complaint>]] = &[RULES];

const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "model-missing",
        refuses: "a request without a model",
        source: REFERENCE,
        check: |asked| unless(given(asked.body, "model").is_some(), "you must provide a model parameter"),
    },
    Rule {
        name: "messages-missing",
        refuses: "a request without messages",
        source: REFERENCE,
        check: |asked| unless(!list(asked.body, "messages").is_empty(), "[] is too short - 'messages'"),
    },
    Rule {
        name: "role-unknown",
        refuses: "roles but system, user, assistant, tool and function; `developer` is none",
        source: REFERENCE,
        check: role,
    },
    Rule {
        name: "tool-message-out-of-place",
        refuses: "a tool's message that answers no call right before it",
        source: ERRORS,
        check: |asked| {
            answer_to_nothing(asked)?;
            said(
                "<400> InternalError.Algo.InvalidParameter: messages with role \"tool\" must be a response to a preceeding message with \"tool_calls\".",
            )
        },
    },
    Rule {
        name: "tool-calls-unanswered",
        refuses: "tool calls that no message answers",
        source: ERRORS,
        check: |asked| {
            let (at, _) = unanswered(asked)?;
            said(&format!(
                "<400> InternalError.Algo.InvalidParameter: An assistant message with \"tool_calls\" must be followed by tool messages responding to each \"tool_call_id\". The following tool_call_ids did not have response messages: message[{at}].role"
            ))
        },
    },
    Rule {
        name: "stream-only",
        refuses: "answers in one piece from models that only stream",
        source: ERRORS,
        check: |asked| {
            let model = text(asked.body, "model");
            let only_streams =
                ["qwq-", "qvq-"].iter().any(|start| model.starts_with(start)) || model.contains("-omni");
            unless(
                !only_streams || streams(asked),
                "This model only support stream mode, please enable the stream parameter to access the model. ",
            )
        },
    },
    Rule {
        name: "thinking-without-stream",
        refuses: "answers in one piece from the open-weight Qwen3 models, which think unless they are told not to",
        source: ERRORS,
        check: |asked| {
            let is_off = asked.body["enable_thinking"] == false;
            unless(
                !thinks_by_default(text(asked.body, "model")) || streams(asked) || is_off,
                "parameter.enable_thinking must be set to false for non-streaming calls",
            )
        },
    },
    Rule {
        name: "thinking-budget-range",
        refuses: "a thinking budget below 1",
        source: ERRORS,
        check: |asked| {
            misfit(asked, "thinking_budget", |number| number >= 1.0)?;
            said("The thinking_budget parameter must be a positive integer and not greater than 38912")
        },
    },
    Rule {
        name: "thinking-with-forced-tool",
        refuses: "tool_choice `required` or a named tool while the model thinks",
        source: ERRORS,
        check: |asked| {
            unless(
                !(thinks(asked) && is_forced(asked)),
                "<400> InternalError.Algo.InvalidParameter: The tool_choice parameter does not support being set to required or object in thinking mode",
            )
        },
    },
    Rule {
        name: "thinking-with-json",
        refuses: "JSON mode while the model thinks",
        source: "Alibaba Cloud Model Studio, Structured output: models in thinking mode do not support it; Error codes",
        check: |asked| {
            unless(
                !(thinks(asked) && has_format(asked, "json_object")),
                "<400> InternalError.Algo.InvalidParameter: Json mode response is not supported when enable_thinking is true",
            )
        },
    },
    Rule {
        name: "json-without-the-word",
        refuses: "JSON mode where no message says `json`",
        source: "Alibaba Cloud Model Studio, Structured output: the prompt must contain the word json, in any case",
        check: |asked| {
            unless(
                !has_format(asked, "json_object") || says_json(asked),
                "<400> InternalError.Algo.InvalidParameter: 'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            )
        },
    },
    Rule {
        name: "temperature-range",
        refuses: "a temperature below 0, or 2 and above",
        source: ERRORS,
        check: |asked| {
            misfit(asked, "temperature", |number| (0.0..2.0).contains(&number))?;
            said("<400> InternalError.Algo.InvalidParameter: Temperature should be in [0.0, 2.0)")
        },
    },
    Rule {
        name: "top-p-range",
        refuses: "a top_p of 0 or less, or above 1",
        source: ERRORS,
        check: |asked| {
            misfit(asked, "top_p", |number| number > 0.0 && number <= 1.0)?;
            said("<400> InternalError.Algo.InvalidParameter: Range of top_p should be (0.0, 1.0]")
        },
    },
    Rule {
        name: "max-tokens-below-one",
        refuses: "an answer of no token",
        source: ERRORS,
        check: |asked| {
            misfit(asked, "max_tokens", |number| number >= 1.0)?;
            said("<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 32768]")
        },
    },
    Rule {
        name: "penalty-range",
        refuses: "a presence penalty beyond 2 either way",
        source: ERRORS,
        check: |asked| {
            misfit(asked, "presence_penalty", |number| (-2.0..=2.0).contains(&number))?;
            said("<400> InternalError.Algo.InvalidParameter: Presence_penalty should be in [-2.0, 2.0]")
        },
    },
    Rule {
        name: "answers-range",
        refuses: "more than four answers, or several where there are tools",
        source: "Alibaba Cloud Model Studio, OpenAI compatible - Chat: n is 1 to 4, and 1 where tools are given",
        check: |asked| {
            let most = if list(asked.body, "tools").is_empty() { 4.0 } else { 1.0 };
            misfit(asked, "n", |number| (1.0..=most).contains(&number))?;
            said(&format!("<400> InternalError.Algo.InvalidParameter: Range of n should be [1, {most}]"))
        },
    },
    Rule {
        name: "top-logprobs-range",
        refuses: "more than five alternatives a token",
        source: "Alibaba Cloud Model Studio, OpenAI compatible - Chat: top_logprobs is 0 to 5",
        check: |asked| {
            misfit(asked, "top_logprobs", |number| (0.0..=5.0).contains(&number))?;
            said("<400> InternalError.Algo.InvalidParameter: Range of top_logprobs should be [0, 5]")
        },
    },
    Rule {
        name: "too-many-cache-marks",
        refuses: "more than four cache marks",
        source: "Alibaba Cloud Model Studio, Context cache: at most four cache_control marks a request",
        check: |asked| {
            let parts = messages(asked).flat_map(|(_, message)| list(message, "content"));
            let marks = parts.filter(|part| given(part, "cache_control").is_some()).count();
            unless(
                marks <= 4,
                "<400> InternalError.Algo.InvalidParameter: A maximum of 4 blocks with cache_control may be provided.",
            )
        },
    },
];

fn said(message: &str) -> Option<Complaint> {
    Complaint::error(Some("invalid_parameter_error"), message)
}

fn unless(holds: bool, message: &str) -> Option<Complaint> {
    if holds { None } else { said(message) }
}

fn streams(asked: &Asked<'_>) -> bool {
    asked.body["stream"] == true
}

/// Open-weight models of the third generation are named by their size: `qwen3-32b`, `qwen3-235b-a22b`.
fn thinks_by_default(model: &str) -> bool {
    let size = model.strip_prefix("qwen3-").and_then(|rest| rest.split('-').next()).unwrap_or_default();
    let is_variant = ["-instruct", "-coder", "-thinking"].iter().any(|word| model.contains(word));
    !is_variant && size.ends_with('b') && size.starts_with(|first: char| first.is_ascii_digit())
}

fn thinks(asked: &Asked<'_>) -> bool {
    match given(asked.body, "enable_thinking") {
        Some(told) => told == true,
        None => thinks_by_default(text(asked.body, "model")),
    }
}

fn role(asked: &Asked<'_>) -> Option<Complaint> {
    let (at, role) = unknown_role(asked, &["system", "user", "assistant", "tool", "function"])?;
    said(&format!(
        "'{role}' is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.{at}.role'"
    ))
}

const REFERENCE: &str =
    "Alibaba Cloud Model Studio, OpenAI compatible - Chat (alibabacloud.com/help/en/model-studio)";
const ERRORS: &str =
    "Alibaba Cloud Model Studio, Error codes (alibabacloud.com/help/en/model-studio/error-code)";
