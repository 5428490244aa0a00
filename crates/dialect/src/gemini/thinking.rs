//! How a model of this dialect is told to reason.

use backstop_core::{Extra, Json, Reasoning, ReasoningMode, Request, Text};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{names::either, turns::Blocks};
use crate::{
    Facts, ReasoningStyle,
    json::{self, Error, Fields, Object, Path},
};

/// Reads `thinkingConfig`.
pub(super) fn read(wire: &Bytes, raw: &RawValue, path: Path<'_>) -> Result<Reasoning, Error> {
    let mut fields = Fields::open(wire, raw, path)?;
    let level = either(&mut fields, "thinkingLevel", "thinking_level").and_then(json::string);
    let budget = either(&mut fields, "thinkingBudget", "thinking_budget").map(|raw| json::json(wire, raw));
    let mode = match budget.as_ref().map(|budget| (budget.as_str(), budget.as_u64())) {
        Some(("0", _)) => Some(ReasoningMode::Disabled),
        Some(("-1", _)) => Some(ReasoningMode::Adaptive),
        Some((_, Some(_))) => Some(ReasoningMode::Enabled),
        _ => None,
    };
    let effort = level.map(|level| Text::from(level.to_ascii_lowercase()));
    Ok(Reasoning {
        effort,
        budget: budget.filter(|_| mode == Some(ReasoningMode::Enabled)),
        mode,
        extra: fields.rest(),
    })
}

/// Writes `thinkingConfig`, where there is anything to say.
pub(super) fn write(
    config: &mut Object<'_>,
    blocks: &mut Blocks,
    request: &Request,
    facts: &Facts,
    own: bool,
) {
    let Some(asked) = &request.reasoning else { return };
    let (level, budget) = if own { as_asked(asked) } else { translated(blocks, request, asked, facts) };
    let extra = if own { asked.extra.clone() } else { Extra::new() };
    if level.is_none() && budget.is_none() && extra.is_empty() {
        return;
    }
    let thinks = budget.as_deref() != Some("0");
    config.object("thinkingConfig", |object| {
        if !own && thinks {
            // Callers of other dialects hear the reasoning that they asked for.
            object.bool("includeThoughts", true);
        }
        object.maybe_string("thinkingLevel", level.as_deref());
        if let Some(budget) = &budget {
            object.raw("thinkingBudget", budget);
        }
        object.extra(&extra);
    });
}

fn as_asked(asked: &Reasoning) -> (Option<String>, Option<String>) {
    let budget = match (&asked.budget, asked.mode) {
        (Some(budget), _) => Some(budget.to_string()),
        (None, Some(ReasoningMode::Disabled)) => Some("0".to_owned()),
        (None, Some(ReasoningMode::Adaptive)) => Some("-1".to_owned()),
        (None, _) => None,
    };
    (asked.effort.as_ref().map(|effort| effort.to_ascii_uppercase()), budget)
}

/// Whether the model is of Gemini's third generation, which is told to reason by a level.
pub(super) fn is_third(facts: &Facts) -> bool {
    matches!(facts.reasoning, ReasoningStyle::Effort | ReasoningStyle::Adaptive | ReasoningStyle::Unknown)
}

fn translated(
    blocks: &mut Blocks,
    request: &Request,
    asked: &Reasoning,
    facts: &Facts,
) -> (Option<String>, Option<String>) {
    let path = Path::Root.field("reasoning");
    blocks.report_extra(&asked.extra, path);
    let off = asked.effort.as_deref() == Some("none") || asked.mode == Some(ReasoningMode::Disabled);
    if asked.effort.is_none() && asked.budget.is_none() && asked.mode.is_none() {
        return (None, None);
    }
    let budget = asked.budget.as_ref().and_then(Json::as_u64);
    match facts.reasoning {
        ReasoningStyle::None => {
            if !off {
                blocks.hint(path, "the model does not reason");
            }
            (None, None)
        }
        // Gemini 3 takes a level, and cannot be told not to reason.
        ReasoningStyle::Effort | ReasoningStyle::Adaptive => {
            let level = match asked.effort.as_deref() {
                _ if off => {
                    blocks.hint(path, "the model reasons at least a little");
                    Some("MINIMAL")
                }
                Some("minimal") => Some("MINIMAL"),
                Some("low") => Some("LOW"),
                Some("medium") => Some("MEDIUM"),
                Some(_) => Some("HIGH"),
                None => budget.map(|budget| match budget {
                    ..4096 => "LOW",
                    4096..16_384 => "MEDIUM",
                    _ => "HIGH",
                }),
            };
            (level.map(ToOwned::to_owned), None)
        }
        ReasoningStyle::Budget | ReasoningStyle::Unknown => {
            let always = request.model.contains(ALWAYS);
            let tokens = match (asked.effort.as_deref(), budget) {
                _ if off && always => {
                    blocks.hint(path, "the model reasons at least a little");
                    LEAST_OF_PRO.to_string()
                }
                _ if off => "0".to_owned(),
                (_, Some(budget)) => budget.clamp(LEAST, MOST).to_string(),
                (Some("minimal" | "low"), None) => "1024".to_owned(),
                (Some("medium"), None) => "8192".to_owned(),
                (Some(_), None) => "24576".to_owned(),
                // As the model sees fit.
                (None, None) => "-1".to_owned(),
            };
            (None, Some(tokens))
        }
    }
}

/// The model that cannot be told not to reason by a budget, and its least one (Gemini API, Thinking, table of budgets).
const ALWAYS: &str = "2.5-pro";
const LEAST_OF_PRO: u64 = 128;
/// Budgets that all models of the second generation take (the same table: 2.5 Flash-Lite from 512, Flash up to 24,576).
const LEAST: u64 = 512;
const MOST: u64 = 24_576;
