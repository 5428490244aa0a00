//! What a model does not take, although the API knows it.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, family, family::Family, tools};
use crate::rules::{
    rule::Asked,
    view::{given, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "max-tokens-of-reasoning-model",
        refuses: "max_tokens where the model can reason",
        source: MEASURED,
        check: max_tokens,
    },
    Rule {
        name: "reasoning-effort-unsupported",
        refuses: "an effort that the model does not take, or any where it does not reason",
        source: MEASURED,
        check: effort,
    },
    Rule {
        name: "stop-of-reasoning-model",
        refuses: "stop, logit_bias and prediction where the model reasons",
        source: MEASURED,
        check: always,
    },
    Rule {
        name: "parallel-tool-calls-of-reasoning-model",
        refuses: "parallel_tool_calls where the model is of the o series",
        source: "Microsoft, Azure OpenAI reasoning models, API and feature support: not with the o series",
        check: parallel,
    },
    Rule {
        name: "max-tokens-above-the-models",
        refuses: "a longer answer than the model gives",
        source: "OpenAI pages of the models: max output tokens",
        check: too_long,
    },
    Rule {
        name: "temperature-of-reasoning-model",
        refuses: "another temperature than 1 while the model reasons",
        source: MEASURED,
        check: temperature,
    },
    Rule {
        name: "sampling-of-reasoning-model",
        refuses: "top_p, penalties and logprobs while the model reasons",
        source: MEASURED,
        check: sampling,
    },
    Rule {
        name: "tools-while-reasoning",
        refuses: "functions while gpt-5.6 or gpt-6 reasons, which they do unless the effort is none",
        source: "measured at api.openai.com with gpt-5.6-terra and gpt-5.6-sol, 2026-08-30 (docs/conformance-matrix.md, 5.5.5, of github.com/kangminlee-maker/local-OAuth-CLI-API-adapter)",
        check: functions,
    },
];

fn max_tokens(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "max_tokens").filter(|_| family::of(asked).can_reason())?;
    Complaint::new(
        "max_tokens",
        "unsupported_parameter",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    )
}

fn effort(asked: &Asked<'_>) -> Option<Complaint> {
    let effort = given(asked.body, "reasoning_effort")?;
    let family = family::of(asked);
    if let Family::Plain(_) = family {
        return Complaint::plain("Unrecognized request argument supplied: reasoning_effort");
    }
    let efforts = family.efforts();
    if efforts.is_empty() || efforts.iter().any(|known| effort == known) {
        return None;
    }
    let got = effort.as_str().map_or_else(|| effort.to_string(), |effort| format!("'{effort}'"));
    let supported: Vec<String> = efforts.iter().map(|effort| format!("'{effort}'")).collect();
    let (last, first) = supported.split_last()?;
    let message = format!(
        "Unsupported value: 'reasoning_effort' does not support {got} with this model. Supported values are: {}, and {last}.",
        first.join(", ")
    );
    Complaint::new("reasoning_effort", "unsupported_value", message)
}

fn always(asked: &Asked<'_>) -> Option<Complaint> {
    let family = family::of(asked);
    if !family.reasons(asked) && !matches!(family, Family::Eager(_)) {
        return None;
    }
    ["logit_bias", "stop", "prediction"].into_iter().find_map(|field| {
        given(asked.body, field)?;
        Complaint::unsupported(field)
    })
}

fn parallel(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "parallel_tool_calls")?;
    let model = text(asked.body, "model");
    let is_of_o_series = ["o1", "o3", "o4"].iter().any(|start| model.starts_with(start));
    is_of_o_series.then(|| Complaint::unsupported("parallel_tool_calls")).flatten()
}

fn too_long(asked: &Asked<'_>) -> Option<Complaint> {
    let Family::Plain(most) = family::of(asked) else { return None };
    let field = ["max_tokens", "max_completion_tokens"]
        .into_iter()
        .find(|field| given(asked.body, field).is_some())?;
    let got = asked.body.get(field)?.as_u64().filter(|tokens| *tokens > most)?;
    let message = format!(
        "max_tokens is too large: {got}. This model supports at most {most} completion tokens, whereas you provided {got}."
    );
    Complaint::new(field, "invalid_value", message)
}

fn temperature(asked: &Asked<'_>) -> Option<Complaint> {
    let value = given(asked.body, "temperature").filter(|value| !is_one(value))?;
    if !family::of(asked).reasons(asked) {
        return None;
    }
    let message = format!(
        "Unsupported value: 'temperature' does not support {value} with this model. Only the default (1) value is supported."
    );
    Complaint::new("temperature", "unsupported_value", message)
}

fn sampling(asked: &Asked<'_>) -> Option<Complaint> {
    if !family::of(asked).reasons(asked) {
        return None;
    }
    let is_default = |field: &str, value: &Value| match field {
        "top_p" => is_one(value),
        "logprobs" => value == false,
        _ => value.as_f64() == Some(0.0),
    };
    let mut fields = ["top_p", "presence_penalty", "frequency_penalty", "logprobs"].into_iter();
    let field =
        fields.find(|field| given(asked.body, field).is_some_and(|value| !is_default(field, value)))?;
    Complaint::unsupported(field)
}

fn functions(asked: &Asked<'_>) -> Option<Complaint> {
    let model = text(asked.body, "model");
    let is_newest = ["gpt-5.6", "gpt-6"].iter().any(|start| model.starts_with(start));
    if !is_newest || !family::of(asked).reasons(asked) || tools::functions(asked).next().is_none() {
        return None;
    }
    let message = format!(
        "Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'."
    );
    Complaint::of("reasoning_effort", message)
}

fn is_one(value: &Value) -> bool {
    value.as_f64() == Some(1.0)
}
