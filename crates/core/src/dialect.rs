//! The wire dialects, as names. The codecs live in `backstop-dialect`.

use std::{fmt, str::FromStr};

/// A provider's wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// OpenAI Chat Completions: `POST /v1/chat/completions`.
    OpenaiChat,
    /// Anthropic Messages: `POST /v1/messages`.
    AnthropicMessages,
    /// Gemini: `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`.
    GeminiGenerate,
}

impl Dialect {
    /// All dialects that Backstop speaks.
    pub const ALL: [Self; 3] = [Self::OpenaiChat, Self::AnthropicMessages, Self::GeminiGenerate];

    /// The name used in YAML, metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai-chat",
            Self::AnthropicMessages => "anthropic-messages",
            Self::GeminiGenerate => "gemini-generate",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == name)
            .ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}

/// A name that is no dialect's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDialect(String);

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown dialect `{}`, expected one of", self.0)?;
        for (at, dialect) in Dialect::ALL.into_iter().enumerate() {
            write!(f, "{} `{dialect}`", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownDialect {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_an_unknown_one_says_what_is_known() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.as_str().parse(), Ok(dialect));
        }
        let error = "gopher".parse::<Dialect>().expect_err("no such dialect").to_string();
        assert_eq!(
            error,
            "unknown dialect `gopher`, expected one of `openai-chat`, `anthropic-messages`, `gemini-generate`"
        );
    }
}
