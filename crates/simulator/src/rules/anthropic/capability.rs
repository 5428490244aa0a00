//! What a model does not take, although the API knows it.

use serde_json::Value;

use super::{
    Complaint, Rule,
    family::{self, Sampling, Thinking},
    turn,
};
use crate::rules::{
    rule::Asked,
    view::{given, is, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "max-tokens-above-the-models",
        refuses: "a longer answer than the model gives",
        source: "Anthropic, Models overview: max output",
        check: too_long,
    },
    Rule {
        name: "thinking-budget-unsupported",
        refuses: "thinking by a budget where the model thinks as it sees fit",
        source: "Claude Code documentation, which quotes the answer: \"thinking.type.enabled\" is not supported",
        check: budget,
    },
    Rule {
        name: "thinking-adaptive-unsupported",
        refuses: "adaptive thinking where the model knows budgets only",
        source: "Anthropic guide, Adaptive thinking: from Opus 4.6 and Sonnet 4.6 on",
        check: adaptive,
    },
    Rule {
        name: "sampling-unsupported",
        refuses: "temperature, top_p and top_k where the model takes none of them",
        source: "Anthropic migration guide, Opus 4.7: sampling parameters are removed",
        check: sampling,
    },
    Rule {
        name: "temperature-with-top-p",
        refuses: "temperature and top_p together, from Opus 4.1 on",
        source: "Anthropic migration guide, Claude 4.5: use temperature or top_p, not both",
        check: both,
    },
    Rule {
        name: "prefill-unsupported",
        refuses: "a last turn of the assistant's where the model goes on from none",
        source: "Anthropic migration guide, Opus 4.6: prefilling assistant messages is not supported",
        check: prefill,
    },
    Rule {
        name: "prefill-trailing-whitespace",
        refuses: "a last turn of the assistant's that ends with white space",
        source: "Anthropic guide, Prefill Claude's response: the prefill cannot end with trailing whitespace",
        check: trailing,
    },
    Rule {
        name: "output-schema-open",
        refuses: "a schema for the answer with an object that takes additional properties",
        source: "Anthropic guide, Structured outputs, JSON Schema limitations: additionalProperties must be false",
        check: open_schema,
    },
];

fn too_long(asked: &Asked<'_>) -> Option<Complaint> {
    let most = family::of(asked)?.max_output;
    let got = asked.body.get("max_tokens")?.as_u64().filter(|tokens| *tokens > most)?;
    let model = text(asked.body, "model");
    Complaint::new(format!(
        "max_tokens: {got} > {most}, which is the maximum allowed number of output tokens for {model}"
    ))
}

fn budget(asked: &Asked<'_>) -> Option<Complaint> {
    let family = family::of(asked).filter(|_| is_told(asked, "enabled"))?;
    match family.thinking {
        Thinking::Adaptive => Complaint::new(
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.",
        ),
        Thinking::No => Complaint::new("thinking is not supported on this model"),
        Thinking::Budget | Thinking::Either => None,
    }
}

fn adaptive(asked: &Asked<'_>) -> Option<Complaint> {
    let family = family::of(asked).filter(|_| is_told(asked, "adaptive"))?;
    let knows = matches!(family.thinking, Thinking::Adaptive | Thinking::Either);
    (!knows).then(|| Complaint::new("adaptive thinking is not supported on this model")).flatten()
}

fn sampling(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| family.sampling == Sampling::Gone)?;
    let mut fields = ["temperature", "top_p", "top_k"].into_iter();
    let field = fields.find(|field| given(asked.body, field).is_some())?;
    Complaint::new(format!("`{field}` is deprecated for this model."))
}

fn both(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| family.sampling == Sampling::One)?;
    given(asked.body, "temperature")?;
    given(asked.body, "top_p")?;
    Complaint::new("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
}

fn prefill(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| !family.prefill)?;
    turn::of(asked).last().filter(|turn| turn.role == "assistant")?;
    Complaint::new(
        "This model does not support assistant message prefill. The conversation must end with a user message.",
    )
}

fn trailing(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turn::of(asked);
    let turn = turns.last().filter(|turn| turn.role == "assistant")?;
    turn.blocks.last()?.text().filter(|text| text.ends_with(char::is_whitespace))?;
    Complaint::new("messages: final assistant content cannot end with trailing whitespace")
}

fn open_schema(asked: &Asked<'_>) -> Option<Complaint> {
    let schema = asked.body.get("output_config")?.get("format")?.get("schema")?;
    is_open(schema)
        .then(|| {
            Complaint::new(
                "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
            )
        })
        .flatten()
}

/// Whether an object in `schema` takes additional properties. The document came through a parser of bounded depth.
fn is_open(schema: &Value) -> bool {
    let says_object =
        is(schema, "type", "object") && schema.get("additionalProperties") != Some(&Value::Bool(false));
    let groups = ["properties", "$defs", "definitions"].into_iter();
    let named =
        groups.filter_map(|group| schema.get(group)?.as_object()).flat_map(|members| members.values());
    let listed = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let mut below = named.chain(listed).chain(schema.get("items"));
    says_object || below.any(is_open)
}

fn is_told(asked: &Asked<'_>, kind: &str) -> bool {
    asked.body.get("thinking").is_some_and(|thinking| is(thinking, "type", kind))
}
