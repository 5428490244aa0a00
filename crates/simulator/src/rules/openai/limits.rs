//! Fields by themselves: types, ranges, and what they need beside them.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, SPEC, family};
use crate::rules::{
    rule::Asked,
    view::{given, list},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule { name: "field-type", refuses: "a field of the wrong JSON type", source: MEASURED, check: types },
    Rule {
        name: "max-tokens-below-one",
        refuses: "max_completion_tokens or max_tokens below 1",
        source: MEASURED,
        check: no_tokens,
    },
    Rule {
        name: "n-out-of-range",
        refuses: "n below 1, above 128, or above 8 where the model reasons",
        source: MEASURED,
        check: n,
    },
    Rule {
        name: "temperature-out-of-range",
        refuses: "a temperature outside of 0..2",
        source: SPEC,
        check: temperature,
    },
    Rule { name: "top-p-out-of-range", refuses: "a top_p outside of 0..1", source: SPEC, check: top_p },
    Rule {
        name: "penalty-out-of-range",
        refuses: "a presence or frequency penalty outside of -2..2",
        source: MEASURED,
        check: penalties,
    },
    Rule {
        name: "top-logprobs-without-logprobs",
        refuses: "top_logprobs without logprobs",
        source: MEASURED,
        check: lonely_logprobs,
    },
    Rule {
        name: "top-logprobs-out-of-range",
        refuses: "top_logprobs below 0, above 20, or above 5 where the model can reason",
        source: MEASURED,
        check: top_logprobs,
    },
    Rule { name: "stop-too-many", refuses: "more than four stop sequences", source: SPEC, check: stop },
    Rule {
        name: "stream-options-without-stream",
        refuses: "stream_options in a request that is not streamed",
        source: "OpenAI API reference, Create chat completion: stream_options is to be set only with stream: true",
        check: lonely_stream_options,
    },
    Rule {
        name: "metadata-too-large",
        refuses: "metadata with more than 16 pairs, keys above 64 or values above 512 characters, or values that are no strings",
        source: MEASURED,
        check: metadata,
    },
    Rule {
        name: "service-tier-unknown",
        refuses: "a service tier that is not in the API",
        source: MEASURED,
        check: service_tier,
    },
    Rule {
        name: "max-tokens-twice",
        refuses: "max_tokens and max_completion_tokens together",
        source: "the answer quoted in github.com/langchain-ai/langgraph/issues/5943",
        check: twice,
    },
];

fn types(asked: &Asked<'_>) -> Option<Complaint> {
    TYPES.iter().find_map(|(field, expected, fits)| {
        let value = given(asked.body, field).filter(|value| !fits(value))?;
        Complaint::wrong_type(*field, expected, value)
    })
}

fn no_tokens(asked: &Asked<'_>) -> Option<Complaint> {
    ["max_completion_tokens", "max_tokens"].into_iter().find_map(|field| {
        let got = asked.body.get(field)?.as_i64().filter(|tokens| *tokens < 1)?;
        below("integer", field, "1", got)
    })
}

fn n(asked: &Asked<'_>) -> Option<Complaint> {
    let n = asked.body.get("n")?.as_i64()?;
    let most = if family::of(asked).can_reason() { 8 } else { 128 };
    match n {
        ..1 => below("integer", "n", "1", n),
        _ if n > most => above("integer", "n", &most.to_string(), n),
        _ => None,
    }
}

fn temperature(asked: &Asked<'_>) -> Option<Complaint> {
    decimal(asked, "temperature", "0", "2")
}

fn top_p(asked: &Asked<'_>) -> Option<Complaint> {
    decimal(asked, "top_p", "0", "1")
}

fn penalties(asked: &Asked<'_>) -> Option<Complaint> {
    ["presence_penalty", "frequency_penalty"].into_iter().find_map(|field| decimal(asked, field, "-2", "2"))
}

fn lonely_logprobs(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "top_logprobs")?;
    if asked.body.get("logprobs") == Some(&Value::Bool(true)) {
        return None;
    }
    Complaint::of("top_logprobs", "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.")
}

fn top_logprobs(asked: &Asked<'_>) -> Option<Complaint> {
    let count = asked.body.get("top_logprobs")?.as_i64()?;
    match count {
        ..0 => below("integer", "top_logprobs", "0", count),
        6.. if family::of(asked).can_reason() => Complaint::of(
            "top_logprobs",
            "Invalid value for 'top_logprobs': must be less than or equal to 5.",
        ),
        21.. => above("integer", "top_logprobs", "20", count),
        _ => None,
    }
}

fn stop(asked: &Asked<'_>) -> Option<Complaint> {
    let count = list(asked.body, "stop").len();
    (count > MAX_STOP).then(|| Complaint::long_array("stop", MAX_STOP, count)).flatten()
}

fn lonely_stream_options(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "stream_options")?;
    if asked.body.get("stream") == Some(&Value::Bool(true)) {
        return None;
    }
    Complaint::of(
        "stream_options",
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    )
}

fn metadata(asked: &Asked<'_>) -> Option<Complaint> {
    let pairs = asked.body.get("metadata")?.as_object()?;
    if pairs.len() > MAX_PAIRS {
        let got = pairs.len();
        let message = format!(
            "Invalid 'metadata': too many properties. Expected an object with at most {MAX_PAIRS} properties, but got an object with {got} properties instead."
        );
        return Complaint::new("metadata", "object_above_max_properties", message);
    }
    pairs.iter().find_map(|(key, value)| {
        let param = format!("metadata.{key}");
        let length = key.chars().count();
        if length > MAX_KEY {
            let shown = key.get(..3).unwrap_or_default();
            let message = format!(
                "Invalid property name in 'metadata': '{shown}...{}' is too long. Expected a string with maximum length {MAX_KEY}, but got a string with length {length} instead.",
                key.get(key.len() - 3..).unwrap_or_default()
            );
            return Complaint::new(param, "property_name_above_max_length", message);
        }
        let Some(text) = value.as_str() else {
            return Complaint::wrong_type(param, "a string", value);
        };
        let length = text.chars().count();
        (length > MAX_VALUE).then(|| Complaint::long_string(param, MAX_VALUE, length)).flatten()
    })
}

fn service_tier(asked: &Asked<'_>) -> Option<Complaint> {
    let tier = asked.body.get("service_tier")?.as_str()?;
    if ["auto", "default", "fast", "flex", "priority", "scale"].contains(&tier) {
        return None;
    }
    Complaint::wrong_value("service_tier", tier, "'auto', 'default', 'fast', 'flex', and 'priority'")
}

fn twice(asked: &Asked<'_>) -> Option<Complaint> {
    given(asked.body, "max_tokens")?;
    given(asked.body, "max_completion_tokens")?;
    Complaint::new(
        "max_tokens",
        "invalid_parameter_combination",
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    )
}

fn decimal(asked: &Asked<'_>, field: &str, least: &str, most: &str) -> Option<Complaint> {
    let value = asked.body.get(field)?.as_f64()?;
    let bound = |text: &str| text.parse::<f64>().ok();
    if value < bound(least)? {
        return below("decimal", field, least, value);
    }
    if value > bound(most)? { above("decimal", field, most, value) } else { None }
}

fn below(kind: &str, field: &str, least: &str, got: impl std::fmt::Display) -> Option<Complaint> {
    let code = if kind == "decimal" { "decimal_below_min_value" } else { "integer_below_min_value" };
    let message = format!(
        "Invalid '{field}': {kind} below minimum value. Expected a value >= {least}, but got {got} instead."
    );
    Complaint::new(field, code, message)
}

fn above(kind: &str, field: &str, most: &str, got: impl std::fmt::Display) -> Option<Complaint> {
    let code = if kind == "decimal" { "decimal_above_max_value" } else { "integer_above_max_value" };
    let message = format!(
        "Invalid '{field}': {kind} above maximum value. Expected a value <= {most}, but got {got} instead."
    );
    Complaint::new(field, code, message)
}

type Fits = fn(&Value) -> bool;

/// Fields whose type is simple, what is expected in the API's words, and the order in which it looks.
const TYPES: &[(&str, &str, Fits)] = &[
    ("parallel_tool_calls", "a boolean", Value::is_boolean),
    ("max_completion_tokens", "an integer", is_integer),
    ("n", "an integer", is_integer),
    ("temperature", "a decimal", Value::is_number),
    ("top_p", "a decimal", Value::is_number),
    ("presence_penalty", "a decimal", Value::is_number),
    ("frequency_penalty", "a decimal", Value::is_number),
    ("logprobs", "a boolean", Value::is_boolean),
    ("top_logprobs", "an integer", is_integer),
    ("user", "a string", Value::is_string),
    ("seed", "an integer", is_integer),
    ("safety_identifier", "a string", Value::is_string),
    ("prompt_cache_key", "a string", Value::is_string),
    ("response_format", "an object", Value::is_object),
    ("max_tokens", "an integer", is_integer),
    ("stream", "a boolean", Value::is_boolean),
    ("store", "a boolean", Value::is_boolean),
    ("metadata", "a metadata object", Value::is_object),
];

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

const MAX_STOP: usize = 4;
const MAX_PAIRS: usize = 16;
const MAX_KEY: usize = 64;
const MAX_VALUE: usize = 512;
