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
    /// Further names of the same model at the provider.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether it can reason.
    #[serde(default)]
    pub reasons: Option<bool>,
    /// Whether the provider keeps prompts in a cache for it.
    #[serde(default)]
    pub caches: Option<bool>,
    /// What it takes (`text`, `image`, `audio`, …), where that is known.
    #[serde(default)]
    pub takes: Vec<String>,
    /// What it gives, where that is known.
    #[serde(default)]
    pub gives: Vec<String>,
    /// What it costs.
    #[serde(default)]
    pub price: Price,
    /// The day on which the provider takes it away, as `2027-01-14`.
    #[serde(default)]
    pub retires: Option<String>,
    /// The day on which it came out.
    #[serde(default)]
    pub released: Option<String>,
    /// Whether the provider advises against it.
    #[serde(default)]
    pub deprecated: bool,
    /// Where these facts are from.
    #[serde(default)]
    pub source: String,
}

impl Model {
    /// What it is known to be able to do, in words: `tools`, `images`, `documents`, `audio`, `json_schema`, `reasoning`,
    /// `prompt_cache`, `prefill`.
    pub fn capabilities(&self) -> impl Iterator<Item = &'static str> {
        let reasons =
            self.reasons == Some(true) || !matches!(self.reasoning, Reasoning::Unknown | Reasoning::None);
        let can = [
            (self.tools == Some(true), "tools"),
            (self.images == Some(true), "images"),
            (self.documents == Some(true), "documents"),
            (self.audio == Some(true), "audio"),
            (self.structured_output == Some(true), "json_schema"),
            (reasons, "reasoning"),
            (self.caches == Some(true) || self.price.cache_read.is_some(), "prompt_cache"),
            (self.prefill == Some(true), "prefill"),
        ];
        can.into_iter().filter_map(|(can, word)| can.then_some(word))
    }
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
