//! The accents of servers that speak OpenAI Chat Completions, as data.
//!
//! Each row says what its server's own documentation or recorded traffic says: Mistral's API reference and its 422 for
//! unknown fields, DeepSeek's "Thinking mode" guide, Alibaba Cloud Model Studio's page on the OpenAI-compatible interface.
//! What servers answer (reasoning fields, usage, finish reasons, errors) is told apart by what is there, for all of them.

use backstop_core::Flavour;

use crate::Severity::{self, Constraint, Hint};

/// What a server wants otherwise than OpenAI.
#[derive(Debug)]
pub(crate) struct Accent {
    /// Fields under another name.
    pub(crate) renames: &'static [(&'static str, &'static str)],
    /// The fields that it knows, where it refuses all others; `None` where it passes over what it does not know.
    pub(crate) knows: Option<&'static [&'static str]>,
    /// Fields that it refuses or does nothing with, and how much that matters.
    pub(crate) drops: &'static [(&'static str, Severity, &'static str)],
    /// The highest temperature that it takes.
    pub(crate) hottest: Option<f64>,
    /// How it is told to reason.
    pub(crate) reasoning: Reasoning,
    /// Whether it answers by a JSON Schema.
    pub(crate) json_schema: bool,
    /// Whether it knows the role `developer`.
    pub(crate) developer: bool,
    /// Whether it takes Anthropic's cache marks.
    pub(crate) cache_control: bool,
}

/// How a server is told to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reasoning {
    /// By `reasoning_effort`, as it is.
    Effort,
    /// By `reasoning_effort` in these words; a word that is not among them becomes the last.
    Words(&'static [(&'static str, &'static str)]),
    /// By `reasoning_effort` in these words, and off by `thinking`; a forced tool must not meet it.
    Thinking(&'static [(&'static str, &'static str)]),
    /// By `enable_thinking` and `thinking_budget`; neither a forced tool nor JSON mode must meet it.
    Budget,
}

/// The accent of a flavour; `None` where it is OpenAI's own.
pub(crate) const fn of(flavour: Flavour) -> Option<&'static Accent> {
    match flavour {
        Flavour::Deepseek => Some(&DEEPSEEK),
        Flavour::Qwen => Some(&QWEN),
        Flavour::Mistral => Some(&MISTRAL),
        Flavour::Openrouter => Some(&OPENROUTER),
        _ => None,
    }
}

/// How many tokens an effort stands for, where a server counts them.
pub(crate) fn budget(effort: &str) -> u64 {
    match effort {
        "minimal" | "low" => 1024,
        "medium" => 8192,
        _ => 24_576,
    }
}

static DEEPSEEK: Accent = Accent {
    renames: &[("max_completion_tokens", "max_tokens")],
    knows: None,
    drops: &[
        ("logit_bias", Hint, "DeepSeek has no such parameter"),
        ("seed", Hint, "DeepSeek has no such parameter"),
    ],
    hottest: None,
    reasoning: Reasoning::Thinking(&[
        ("minimal", "low"),
        ("low", "low"),
        ("medium", "high"),
        ("high", "high"),
        ("xhigh", "high"),
        ("max", "max"),
    ]),
    json_schema: false,
    developer: false,
    cache_control: false,
};

static QWEN: Accent = Accent {
    renames: &[("max_completion_tokens", "max_tokens")],
    knows: None,
    drops: &[("logit_bias", Hint, "Qwen has no such parameter"), ("service_tier", Hint, "Qwen has no tiers")],
    // Below 2, which it refuses (Model Studio, Error codes).
    hottest: Some(1.99),
    reasoning: Reasoning::Budget,
    json_schema: true,
    developer: false,
    cache_control: true,
};

static MISTRAL: Accent = Accent {
    renames: &[("max_completion_tokens", "max_tokens"), ("seed", "random_seed")],
    knows: Some(&[
        "model",
        "messages",
        "temperature",
        "top_p",
        "max_tokens",
        "stream",
        "stop",
        "random_seed",
        "metadata",
        "response_format",
        "tools",
        "tool_choice",
        "presence_penalty",
        "frequency_penalty",
        "n",
        "prediction",
        "parallel_tool_calls",
        "prompt_mode",
        "reasoning_effort",
        "guardrails",
        "prompt_cache_key",
        "safe_prompt",
    ]),
    drops: &[
        ("logprobs", Constraint, "Mistral gives no log probabilities"),
        ("top_logprobs", Constraint, "Mistral gives no log probabilities"),
        ("modalities", Constraint, "Mistral answers in text"),
        ("audio", Constraint, "Mistral answers in text"),
        ("web_search_options", Constraint, "Mistral does not search the web here"),
        ("functions", Constraint, "Mistral knows `tools` only"),
        ("function_call", Constraint, "Mistral knows `tool_choice` only"),
    ],
    hottest: Some(1.5),
    reasoning: Reasoning::Words(&[("none", "none"), ("minimal", "none"), ("high", "high")]),
    json_schema: true,
    developer: false,
    cache_control: false,
};

static OPENROUTER: Accent = Accent {
    renames: &[],
    knows: None,
    drops: &[],
    hottest: None,
    reasoning: Reasoning::Effort,
    json_schema: true,
    developer: true,
    cache_control: true,
};
