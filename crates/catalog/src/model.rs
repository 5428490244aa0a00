use serde::Deserialize;

use crate::Price;

/// A model: what it can do and what it costs. `None` is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Model {
    /// Its id, in the provider's words and without a date.
    pub id: String,
    /// The context window, in tokens: prompt and answer together.
    #[serde(default)]
    pub window: Option<u64>,
    /// The longest prompt, in tokens, where that is less than the window.
    #[serde(default)]
    pub max_input: Option<u64>,
    /// The longest answer, in tokens.
    #[serde(default)]
    pub max_output: Option<u64>,
    /// How it is told to reason.
    #[serde(default)]
    pub reasoning: Reasoning,
    /// Whether it reasons before it speaks without being asked to.
    #[serde(default)]
    pub reasons_first: bool,
    /// Whether it goes on from a last turn of its own.
    #[serde(default)]
    pub prefill: Option<bool>,
    /// Whether it takes `temperature`, `top_p` and `top_k`.
    #[serde(default)]
    pub sampling_params: Option<bool>,
    /// Whether it takes instructions in the middle of the talk (Anthropic's newest models take a `system` turn).
    #[serde(default)]
    pub system_in_talk: Option<bool>,
    /// Whether it answers by a JSON Schema.
    #[serde(default)]
    pub structured_output: Option<bool>,
    /// Whether it calls tools.
    #[serde(default)]
    pub tools: Option<bool>,
    /// Whether it sees images.
    #[serde(default)]
    pub images: Option<bool>,
    /// Whether it reads documents.
    #[serde(default)]
    pub documents: Option<bool>,
    /// Whether it hears audio.
    #[serde(default)]
    pub audio: Option<bool>,
    /// What it costs.
    #[serde(default)]
    pub price: Price,
    /// The day on which the provider takes it away, as `2027-01-14`.
    #[serde(default)]
    pub retires: Option<String>,
    /// Where these facts are from.
    #[serde(default)]
    pub source: String,
}

/// How a model is told to reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reasoning {
    /// Unknown.
    #[default]
    Unknown,
    /// It does not reason.
    None,
    /// By an effort.
    Effort,
    /// By a number of tokens.
    Budget,
    /// As it sees fit, guided by an effort.
    Adaptive,
}
