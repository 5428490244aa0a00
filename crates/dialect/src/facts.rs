//! What an encoder must know of the model that it writes for.

use backstop_core::Flavour;

/// What an encoder must know of the model that it writes for. From the catalogue, overridable per target.
///
/// The default is a model of which nothing is known: nothing is refused on its behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain record, filled from the catalogue")]
pub struct Facts {
    /// The most tokens that the model can generate: what Anthropic's required `max_tokens` is set to where the caller
    /// gave none. `None`: unknown, [`Facts::FALLBACK_MAX_TOKENS`] is written then.
    pub max_output: Option<u64>,
    /// How the model is told to reason.
    pub reasoning: ReasoningStyle,
    /// Whether it takes `temperature`, `top_p` and `top_k`. OpenAI's models that do not take no `stop` either (OpenAI API
    /// reference, Create chat completion: `stop`).
    pub sampling: bool,
    /// Whether it goes on from a last turn of its own.
    pub prefill: bool,
    /// Whether it answers by a JSON Schema.
    pub structured_output: bool,
    /// Whether it calls tools.
    pub tools: bool,
    /// Whether the endpoint knows OpenAI's newer names: the `developer` role and `max_completion_tokens`.
    pub newer_openai_names: bool,
    /// Whether it takes instructions in the middle of the talk (Anthropic's newest models take a `system` turn).
    pub system_in_talk: bool,
    /// Whose OpenAI Chat Completions it speaks, where it speaks that dialect.
    pub flavour: Flavour,
}

/// How a model is told to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReasoningStyle {
    /// Nothing is known: what the caller asks is translated in the dialect's most common way.
    Unknown,
    /// It does not reason.
    None,
    /// By an effort (OpenAI's `reasoning_effort`).
    Effort,
    /// By a number of tokens (Anthropic's `thinking.budget_tokens`).
    Budget,
    /// As it sees fit, guided by an effort (Anthropic's adaptive thinking with `output_config.effort`).
    Adaptive,
}

impl Facts {
    /// What is written as a required output limit where neither the caller nor the catalogue gives one: a limit that
    /// every current Anthropic model accepts.
    pub const FALLBACK_MAX_TOKENS: u64 = 4096;
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            max_output: None,
            reasoning: ReasoningStyle::Unknown,
            sampling: true,
            prefill: true,
            structured_output: true,
            tools: true,
            newer_openai_names: true,
            system_in_talk: false,
            flavour: Flavour::Compatible,
        }
    }
}
