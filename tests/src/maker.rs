//! Whose API a target is.

use std::fmt;

use backstop_core::Dialect;

/// Whose API a target is: one dialect each, and for OpenAI's dialect an accent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Maker {
    /// OpenAI.
    Openai,
    /// Anthropic.
    Anthropic,
    /// Google.
    Gemini,
    /// DeepSeek.
    Deepseek,
    /// Alibaba's DashScope.
    Qwen,
    /// Mistral.
    Mistral,
}

impl Maker {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Openai, Self::Anthropic, Self::Gemini, Self::Deepseek, Self::Qwen, Self::Mistral];

    /// Its name, as a column.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "OpenAI",
            Self::Anthropic => "Anthropic",
            Self::Gemini => "Gemini",
            Self::Deepseek => "DeepSeek",
            Self::Qwen => "Qwen",
            Self::Mistral => "Mistral",
        }
    }

    /// What it speaks.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Anthropic => Dialect::AnthropicMessages,
            Self::Gemini => Dialect::GeminiGenerate,
            Self::Openai | Self::Deepseek | Self::Qwen | Self::Mistral => Dialect::OpenaiChat,
        }
    }

    /// What a provider's configuration says of it, as YAML.
    #[must_use]
    pub const fn yaml(self) -> &'static str {
        match self {
            Self::Openai => "dialect: openai-chat, flavour: openai",
            Self::Anthropic => "dialect: anthropic-messages",
            Self::Gemini => "dialect: gemini-generate",
            Self::Deepseek => "dialect: openai-chat, flavour: deepseek",
            Self::Qwen => "dialect: openai-chat, flavour: qwen",
            Self::Mistral => "dialect: openai-chat, flavour: mistral",
        }
    }

    /// What must not stand in a request to it though OpenAI takes it: it is refused, or has another name there.
    ///
    /// From Mistral's API reference, which refuses what it does not name; DeepSeek's and DashScope's name `max_tokens`
    /// alone.
    #[must_use]
    pub const fn refuses(self) -> &'static [&'static str] {
        match self {
            Self::Deepseek | Self::Qwen => &["max_completion_tokens"],
            Self::Mistral => &[
                "max_completion_tokens",
                "stream_options",
                "seed",
                "user",
                "store",
                "service_tier",
                "logit_bias",
                "logprobs",
            ],
            Self::Openai | Self::Anthropic | Self::Gemini => &[],
        }
    }
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
