//! Thinking: when it may be on, and where its blocks stand. Whether their signatures are the provider's own is
//! asked where signatures are made.

use super::{
    Complaint, Rule,
    turn::{self, Block},
};
use crate::rules::{
    rule::Asked,
    view::{given, is, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "thinking-budget-too-small",
        refuses: "a budget below 1,024 tokens",
        source: "Anthropic guide, Extended thinking: the minimum budget is 1,024 tokens",
        check: small_budget,
    },
    Rule {
        name: "thinking-budget-not-below-max-tokens",
        refuses: "a budget that leaves nothing of max_tokens",
        source: "Anthropic guide, Extended thinking: budget_tokens must be less than max_tokens",
        check: large_budget,
    },
    Rule {
        name: "thinking-with-forced-tool",
        refuses: "thinking with tool_choice any or tool",
        source: "Anthropic guide, Extended thinking with tool use: only auto and none",
        check: forced,
    },
    Rule {
        name: "thinking-with-temperature",
        refuses: "thinking with another temperature than 1",
        source: "Anthropic guide, Extended thinking, Feature compatibility",
        check: temperature,
    },
    Rule {
        name: "thinking-with-sampling",
        refuses: "thinking with top_k, or with a top_p below 0.95",
        source: "Anthropic guide, Extended thinking, Feature compatibility: top_p between 0.95 and 1, no top_k",
        check: sampling,
    },
    Rule {
        name: "thinking-block-not-first",
        refuses: "with thinking on, a turn with tool uses that goes on without having begun with its thinking",
        source: "the answer quoted in github.com/anomalyco/opencode/issues/3077",
        check: not_first,
    },
    Rule {
        name: "thinking-block-last",
        refuses: "a turn of the assistant's that ends with thinking",
        source: "the answer quoted in github.com/tailcallhq/forgecode/issues/2107",
        check: last,
    },
];

fn small_budget(asked: &Asked<'_>) -> Option<Complaint> {
    budget(asked).filter(|tokens| *tokens < MIN_BUDGET)?;
    Complaint::should_be("thinking.enabled.budget_tokens", &format!("greater than or equal to {MIN_BUDGET}"))
}

fn large_budget(asked: &Asked<'_>) -> Option<Complaint> {
    let most = asked.body.get("max_tokens")?.as_i64()?;
    budget(asked).filter(|tokens| *tokens >= most)?;
    Complaint::new(format!(
        "`max_tokens` must be greater than `thinking.budget_tokens`. {DOCS}#max-tokens-and-context-window-size"
    ))
}

fn forced(asked: &Asked<'_>) -> Option<Complaint> {
    let choice = asked.body.get("tool_choice")?;
    let is_forced = is(choice, "type", "any") || is(choice, "type", "tool");
    (is_forced && thinks(asked))
        .then(|| Complaint::new("Thinking may not be enabled when tool_choice forces tool use."))
        .flatten()
}

fn temperature(asked: &Asked<'_>) -> Option<Complaint> {
    let is_one = asked.body.get("temperature")?.as_f64() == Some(1.0);
    (!is_one && thinks(asked))
        .then(|| {
            Complaint::new(format!("`temperature` may only be set to 1 when thinking is enabled. {DOCS}"))
        })
        .flatten()
}

fn sampling(asked: &Asked<'_>) -> Option<Complaint> {
    if !thinks(asked) {
        return None;
    }
    if given(asked.body, "top_k").is_some() {
        return Complaint::new(format!("`top_k` must be unset when thinking is enabled. {DOCS}"));
    }
    asked.body.get("top_p")?.as_f64().filter(|share| *share < MIN_TOP_P)?;
    Complaint::new(format!(
        "`top_p` must be greater than or equal to {MIN_TOP_P} or unset when thinking is enabled. {DOCS}"
    ))
}

fn not_first(asked: &Asked<'_>) -> Option<Complaint> {
    budget(asked)?;
    let turns = turn::of(asked);
    let [.., answer, results] = turns.as_slice() else { return None };
    if !results.blocks.iter().any(|block| block.is("tool_result")) {
        return None;
    }
    let block = answer.blocks.first().filter(|block| !is_thinking(block))?;
    Complaint::new(format!(
        "{}.type: Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable `thinking`. {DOCS}",
        block.path(),
        if block.value.is_string() { "text" } else { text(block.value, "type") }
    ))
}

fn last(asked: &Asked<'_>) -> Option<Complaint> {
    let turns = turn::of(asked);
    let mut ends = turns.iter().filter(|turn| turn.role == "assistant").filter_map(|turn| turn.blocks.last());
    let block = ends.find(|block| is_thinking(block))?;
    Complaint::new(format!(
        "messages.{}: The final block in an assistant message cannot be `{}`.",
        block.message,
        text(block.value, "type")
    ))
}

fn is_thinking(block: &Block<'_>) -> bool {
    block.is("thinking") || block.is("redacted_thinking")
}

/// Whether the model may think over this.
fn thinks(asked: &Asked<'_>) -> bool {
    let thinking = asked.body.get("thinking");
    thinking.is_some_and(|thinking| is(thinking, "type", "enabled") || is(thinking, "type", "adaptive"))
}

/// The tokens to think with, where thinking is told so.
fn budget(asked: &Asked<'_>) -> Option<i64> {
    let thinking = asked.body.get("thinking").filter(|thinking| is(thinking, "type", "enabled"))?;
    thinking.get("budget_tokens")?.as_i64()
}

const MIN_BUDGET: i64 = 1_024;
const MIN_TOP_P: f64 = 0.95;
const DOCS: &str =
    "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking";
