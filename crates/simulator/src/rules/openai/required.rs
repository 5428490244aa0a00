//! What must be there, and what must not.

use super::{Complaint, MEASURED, Rule};
use crate::rules::{
    rule::Asked,
    view::{given, names},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule { name: "body-not-an-object", refuses: "a body that is no object", source: MEASURED, check: object },
    Rule { name: "model-missing", refuses: "no model, or an empty one", source: MEASURED, check: model },
    Rule { name: "messages-missing", refuses: "no messages", source: MEASURED, check: messages },
    Rule {
        name: "unknown-parameter",
        refuses: "a field that is not in the API",
        source: MEASURED,
        check: unknown,
    },
];

fn object(asked: &Asked<'_>) -> Option<Complaint> {
    if asked.body.is_object() {
        return None;
    }
    Complaint::plain("We could not parse the JSON body of your request.")
}

fn model(asked: &Asked<'_>) -> Option<Complaint> {
    let absent = given(asked.body, "model").is_none_or(|model| model == "");
    absent.then(|| Complaint::plain("you must provide a model parameter")).flatten()
}

fn messages(asked: &Asked<'_>) -> Option<Complaint> {
    if given(asked.body, "messages").is_some() {
        return None;
    }
    Complaint::missing("messages")
}

fn unknown(asked: &Asked<'_>) -> Option<Complaint> {
    let streaming = asked.body.get("stream_options").into_iter().flat_map(names);
    let of_stream = streaming.filter(|name| !STREAM_OPTIONS.contains(name));
    let top = names(asked.body).filter(|name| !KNOWN.contains(name)).map(String::from);
    let name = top.chain(of_stream.map(|name| format!("stream_options.{name}"))).next()?;
    let message = format!("Unknown parameter: '{name}'.");
    Complaint::new(name, "unknown_parameter", message)
}

/// The fields of a request. `audio`, `modalities` and `web_search_options` are known to some models only.
const KNOWN: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];
const STREAM_OPTIONS: &[&str] = &["include_obfuscation", "include_usage"];
