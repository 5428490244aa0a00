//! How the model is told to think.

use serde_json::Value;

use super::{
    Complaint, Rule,
    family::{self, Thinking},
    view::{config, either},
};
use crate::rules::rule::Asked;

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "thinking-told-twice",
        refuses: "a budget and a level at once",
        source: "Gemini API guide, Gemini 3: using thinkingLevel and thinkingBudget in one request returns a 400",
        check: twice,
    },
    Rule {
        name: "thinking-level-unsupported",
        refuses: "a level before Gemini 3",
        source: "Google Cloud, Thinking, quoted in github.com/juspay/neurolink/pull/1707: with a model earlier than Gemini 3 the model returns an error",
        check: level,
    },
    Rule {
        name: "thinking-budget-range",
        refuses: "a budget outside of what the model takes, or 0 where it always thinks",
        source: "Google Cloud, Thinking, table of budgets: 2.5 Pro 128 to 32,768, cannot be turned off; 2.5 Flash 1 to 24,576; 2.5 Flash-Lite 512 to 24,576",
        check: budget,
    },
    Rule {
        name: "thinking-unsupported",
        refuses: "thoughts of a model that has none",
        source: "Gemini API guide, Thinking, Supported models: the 2.5 and 3 series",
        check: unsupported,
    },
];

fn twice(asked: &Asked<'_>) -> Option<Complaint> {
    let (budget, level) = told(asked);
    (!budget.is_null() && !level.is_null())
        .then(|| Complaint::new("You can only set only one of thinking budget and thinking level."))?
}

fn level(asked: &Asked<'_>) -> Option<Complaint> {
    let family = family::of(asked)?;
    (family.thinking != Thinking::Level && !told(asked).1.is_null())
        .then(|| Complaint::new("Thinking level is not supported for this model."))?
}

fn budget(asked: &Asked<'_>) -> Option<Complaint> {
    let Thinking::Budget(least, most, can_be_off) = family::of(asked)?.thinking else { return None };
    let got = told(asked).0.as_i64()?;
    match got {
        -1 => None,
        0 if can_be_off => None,
        0 => Complaint::new("Budget 0 is invalid. This model only works in thinking mode."),
        got if (least..=most).contains(&got) => None,
        got => Complaint::new(format!(
            "The thinking budget {got} is invalid. Please choose a value between {least} and {most}."
        )),
    }
}

fn unsupported(asked: &Asked<'_>) -> Option<Complaint> {
    family::of(asked).filter(|family| family.thinking == Thinking::No)?;
    let thinking = thinking(asked);
    let shown = *either(thinking, "includeThoughts", "include_thoughts") == true;
    let budget = told(asked).0.as_i64().is_some_and(|budget| budget != 0);
    (shown || budget)
        .then(|| Complaint::new(format!("Thinking is not enabled for models/{}", family::model(asked))))?
}

/// The budget and the level.
fn told<'r>(asked: &Asked<'r>) -> (&'r Value, &'r Value) {
    let thinking = thinking(asked);
    (
        either(thinking, "thinkingBudget", "thinking_budget"),
        either(thinking, "thinkingLevel", "thinking_level"),
    )
}

fn thinking<'r>(asked: &Asked<'r>) -> &'r Value {
    either(config(asked.body), "thinkingConfig", "thinking_config")
}
