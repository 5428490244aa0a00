//! The other fields, each by itself, and those that are not in the API.

use serde_json::Value;

use super::{Complaint, MEASURED, Rule, blocks};
use crate::rules::{
    rule::Asked,
    view::{given, list, names, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "system-shape",
        refuses: "a system prompt that is neither a string nor an array of blocks",
        source: MEASURED,
        check: system,
    },
    Rule {
        name: "thinking-shape",
        refuses: "a way of thinking that is no object or whose type is not in the API",
        source: MEASURED,
        check: thinking,
    },
    Rule {
        name: "max-tokens-range",
        refuses: "max_tokens that is no integer or below 0",
        source: MEASURED,
        check: max_tokens,
    },
    Rule {
        name: "metadata-shape",
        refuses: "metadata with anything but the string user_id",
        source: MEASURED,
        check: metadata,
    },
    Rule {
        name: "stop-sequences-shape",
        refuses: "stop sequences that are no array of strings",
        source: MEASURED,
        check: stop,
    },
    Rule {
        name: "stop-sequence-blank",
        refuses: "a stop sequence of white space alone",
        source: "the answer quoted in github.com/stanford-crfm/helm, src/helm/benchmark/run_expander.py",
        check: blank_stop,
    },
    Rule {
        name: "sampling-range",
        refuses: "temperature or top_p that is no number of 0..1, or top_k that is no integer",
        source: MEASURED,
        check: sampling,
    },
    Rule {
        name: "service-tier-unknown",
        refuses: "another service tier than auto and standard_only",
        source: MEASURED,
        check: tier,
    },
    Rule {
        name: "stream-type",
        refuses: "a stream flag that is no boolean",
        source: MEASURED,
        check: stream,
    },
    Rule {
        name: "unknown-field",
        refuses: "a field that is not in the API, or only in a beta that was not asked for",
        source: MEASURED,
        check: unknown,
    },
    Rule {
        name: "cache-marks-too-many",
        refuses: "more than four cache_control marks",
        source: "the answer quoted in github.com/tghamm/Anthropic.SDK/issues/50; Anthropic guide, Prompt caching: up to 4 breakpoints",
        check: marks,
    },
    Rule {
        name: "cache-mark-on-empty-text",
        refuses: "a cache_control mark on an empty text block",
        source: "Anthropic guide, Prompt caching: empty text blocks cannot be cached",
        check: empty_mark,
    },
];

fn system(asked: &Asked<'_>) -> Option<Complaint> {
    let system = asked.body.get("system")?;
    match system {
        Value::String(_) => None,
        Value::Array(blocks) => {
            let at = blocks.iter().position(|block| text(block, "type") != "text")?;
            Complaint::new(format!("system.{at}: Input does not match the expected shape."))
        }
        _ => Complaint::should_be("system", "a valid array"),
    }
}

fn thinking(asked: &Asked<'_>) -> Option<Complaint> {
    let thinking = asked.body.get("thinking")?;
    if !thinking.is_object() {
        return Complaint::should_be("thinking", "an object");
    }
    let kind = text(thinking, "type");
    if !["enabled", "disabled", "adaptive"].contains(&kind) {
        return Complaint::new(format!(
            "thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'"
        ));
    }
    if kind == "enabled" && given(thinking, "budget_tokens").is_none() {
        return Complaint::missing("thinking.enabled.budget_tokens");
    }
    let extra = names(thinking).find(|name| match *name {
        "type" => false,
        "budget_tokens" => kind != "enabled",
        "display" => kind == "disabled",
        _ => true,
    })?;
    Complaint::extra(&format!("thinking.{kind}.{extra}"))
}

fn max_tokens(asked: &Asked<'_>) -> Option<Complaint> {
    match asked.body.get("max_tokens")? {
        Value::Number(tokens) if tokens.is_u64() => None,
        Value::Number(tokens) if tokens.is_i64() => {
            Complaint::new("max_tokens: must be greater than or equal to 0")
        }
        _ => Complaint::should_be("max_tokens", "a valid integer"),
    }
}

fn metadata(asked: &Asked<'_>) -> Option<Complaint> {
    let metadata = asked.body.get("metadata")?;
    if !metadata.is_object() {
        return Complaint::new("metadata: Input does not match the expected shape.");
    }
    if given(metadata, "user_id").is_some_and(|user| !user.is_string()) {
        return Complaint::should_be("metadata.user_id", "a valid string");
    }
    let extra = names(metadata).find(|name| *name != "user_id")?;
    Complaint::extra(&format!("metadata.{extra}"))
}

fn stop(asked: &Asked<'_>) -> Option<Complaint> {
    let Value::Array(stops) = asked.body.get("stop_sequences")? else {
        return Complaint::should_be("stop_sequences", "a valid array");
    };
    let at = stops.iter().position(|stop| !stop.is_string())?;
    Complaint::should_be(&format!("stop_sequences.{at}"), "a valid string")
}

fn blank_stop(asked: &Asked<'_>) -> Option<Complaint> {
    let is_blank = |stop: &Value| stop.as_str().is_some_and(|stop| stop.trim().is_empty());
    list(asked.body, "stop_sequences").iter().find(|stop| is_blank(stop))?;
    Complaint::new("stop_sequences: each stop sequence must contain non-whitespace")
}

fn sampling(asked: &Asked<'_>) -> Option<Complaint> {
    let share = ["temperature", "top_p"].into_iter().find_map(|field| {
        let value = asked.body.get(field)?;
        let Some(number) = value.as_f64() else {
            return Complaint::should_be(field, "a valid number");
        };
        let fits = (0.0..=1.0).contains(&number);
        (!fits).then(|| Complaint::new(format!("{field}: range: 0..1"))).flatten()
    });
    share.or_else(|| {
        let count = asked.body.get("top_k")?;
        let is_integer = count.is_i64() || count.is_u64();
        (!is_integer).then(|| Complaint::should_be("top_k", "a valid integer")).flatten()
    })
}

fn tier(asked: &Asked<'_>) -> Option<Complaint> {
    let tier = asked.body.get("service_tier")?;
    if tier == "auto" || tier == "standard_only" {
        return None;
    }
    Complaint::should_be("service_tier", "'auto' or 'standard_only'")
}

fn stream(asked: &Asked<'_>) -> Option<Complaint> {
    let is_other = !asked.body.get("stream")?.is_boolean();
    is_other.then(|| Complaint::should_be("stream", "a valid boolean")).flatten()
}

fn unknown(asked: &Asked<'_>) -> Option<Complaint> {
    let has_beta = asked.headers.contains_key("anthropic-beta");
    let is_known = |name: &str| KNOWN.contains(&name) || (has_beta && BETA.contains(&name));
    let name = names(asked.body).find(|name| !is_known(name))?;
    Complaint::extra(name)
}

fn marks(asked: &Asked<'_>) -> Option<Complaint> {
    let of_tools = list(asked.body, "tools").iter();
    let of_system = list(asked.body, "system").iter();
    let of_messages = blocks::all(asked).map(|(_, block)| block);
    let marked = of_tools.chain(of_system).chain(of_messages);
    let count = marked.filter(|block| given(block, "cache_control").is_some()).count();
    (count > MAX_MARKS)
        .then(|| {
            Complaint::new(format!(
                "A maximum of {MAX_MARKS} blocks with cache_control may be provided. Found {count}."
            ))
        })
        .flatten()
}

fn empty_mark(asked: &Asked<'_>) -> Option<Complaint> {
    let system = list(asked.body, "system").iter().enumerate();
    let system = system.map(|(at, block)| (format!("system.{at}"), block));
    let is_empty = |block: &Value| {
        given(block, "cache_control").is_some() && block.get("text").is_some_and(|text| text == "")
    };
    let (path, _) = system.chain(blocks::all(asked)).find(|(_, block)| is_empty(block))?;
    Complaint::new(format!("{path}.text: cache_control cannot be set for empty text blocks"))
}

/// The fields of a request.
const KNOWN: &[&str] = &[
    "cache_control",
    "container",
    "inference_geo",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];
/// Fields that come with a beta.
const BETA: &[&str] = &["context_management", "fallbacks", "mcp_servers", "output_format", "speed"];
const MAX_MARKS: usize = 4;
