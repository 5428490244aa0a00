//! How a model of this dialect is told to reason.

use backstop_core::{Json, Reasoning, ReasoningMode, Request, ToolChoice};

use super::{turns::Talk, write_part::Blocks};
use crate::{Facts, ReasoningStyle, json::Path};

/// The smallest `budget_tokens` that the API takes.
const MIN_BUDGET: u64 = 1024;

/// How the model is told to reason, and what is no longer said.
pub(super) fn plan(
    blocks: &mut Blocks,
    request: &Request,
    facts: &Facts,
    talk: &Talk,
    max_tokens: Option<u64>,
) -> Option<Reasoning> {
    let asked = request.reasoning.as_ref()?;
    if blocks.own {
        own(blocks, asked, facts.reasoning, max_tokens)
    } else {
        foreign(blocks, request, asked, facts, talk, max_tokens)
    }
}

/// Whether the model will reason.
pub(super) fn reasons(reasoning: Option<&Reasoning>) -> bool {
    reasoning.is_some_and(|plan| matches!(plan.mode, Some(ReasoningMode::Enabled | ReasoningMode::Adaptive)))
}

/// A caller of this dialect is taken at its word, where the model knows that word.
fn own(
    blocks: &mut Blocks,
    asked: &Reasoning,
    style: ReasoningStyle,
    max_tokens: Option<u64>,
) -> Option<Reasoning> {
    match (style, asked.mode) {
        (ReasoningStyle::None, mode) => {
            if asked.effort.is_some() || mode != Some(ReasoningMode::Disabled) {
                blocks.hint(REASONING, "the model does not reason");
            }
            None
        }
        (ReasoningStyle::Adaptive, Some(ReasoningMode::Enabled)) => {
            blocks.hint(REASONING, "the model takes an effort and no budget");
            let budget = asked.budget.as_ref().and_then(Json::as_u64);
            let effort = asked.effort.clone().or_else(|| budget.map(|budget| effort_of(budget).into()));
            Some(Reasoning { effort, budget: None, mode: Some(ReasoningMode::Adaptive), ..asked.clone() })
        }
        (ReasoningStyle::Budget, Some(ReasoningMode::Adaptive)) => {
            blocks.hint(REASONING, "the model takes a budget and no effort");
            let budget = budget(asked.effort.as_deref(), max_tokens)?;
            Some(Reasoning {
                budget: Some(budget.into()),
                mode: Some(ReasoningMode::Enabled),
                ..Reasoning::default()
            })
        }
        _ => Some(asked.clone()),
    }
}

fn foreign(
    blocks: &mut Blocks,
    request: &Request,
    asked: &Reasoning,
    facts: &Facts,
    talk: &Talk,
    max_tokens: Option<u64>,
) -> Option<Reasoning> {
    blocks.report_extra(&asked.extra, REASONING);
    let off = asked.effort.as_deref() == Some("none") || asked.mode == Some(ReasoningMode::Disabled);
    if off || (asked.effort.is_none() && asked.budget.is_none() && asked.mode.is_none()) {
        return None;
    }
    if facts.reasoning == ReasoningStyle::None {
        blocks.hint(REASONING, "the model does not reason");
        return None;
    }
    if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Tool { .. })) {
        blocks.hint(REASONING, "the model does not reason where it is forced to call a tool");
        return None;
    }
    // Anthropic's lowest is `low`.
    let effort = asked.effort.clone().map(|effort| if effort == "minimal" { "low".into() } else { effort });
    match facts.reasoning {
        ReasoningStyle::Effort => Some(Reasoning { effort, ..Reasoning::default() }),
        ReasoningStyle::Adaptive => {
            let budget = asked.budget.as_ref().and_then(Json::as_u64);
            let effort = effort.or_else(|| budget.map(|budget| effort_of(budget).into()));
            Some(Reasoning { effort, mode: Some(ReasoningMode::Adaptive), ..Reasoning::default() })
        }
        _ if talk.unreasoned_tool_round => {
            blocks
                .hint(REASONING, "the model does not begin to reason in the middle of a round of tool calls");
            None
        }
        _ => {
            let budget = match asked.budget.as_ref().and_then(Json::as_u64) {
                Some(budget) => bounded(budget, max_tokens),
                None => budget(effort.as_deref(), max_tokens),
            };
            let Some(budget) = budget else {
                blocks.hint(REASONING, "the output limit leaves no room to reason");
                return None;
            };
            Some(Reasoning {
                budget: Some(budget.into()),
                mode: Some(ReasoningMode::Enabled),
                ..Reasoning::default()
            })
        }
    }
}

fn budget(effort: Option<&str>, max_tokens: Option<u64>) -> Option<u64> {
    let wanted = match effort {
        Some("none" | "minimal" | "low") => MIN_BUDGET,
        Some("medium") | None => 4096,
        Some(_) => 16_384,
    };
    bounded(wanted, max_tokens)
}

/// A budget that leaves at least a quarter of the output to the answer.
fn bounded(wanted: u64, max_tokens: Option<u64>) -> Option<u64> {
    let most = max_tokens.map_or(u64::MAX, |max| max - max / 4);
    let budget = wanted.max(MIN_BUDGET).min(most);
    (budget >= MIN_BUDGET && max_tokens.is_none_or(|max| budget < max)).then_some(budget)
}

const fn effort_of(budget: u64) -> &'static str {
    match budget {
        ..4096 => "low",
        4096..16_384 => "medium",
        _ => "high",
    }
}

const REASONING: Path<'static> = Path::Field(&Path::Root, "reasoning");
