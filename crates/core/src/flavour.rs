//! The servers that speak OpenAI Chat Completions with an accent, as names. What each accent is lives in
//! `backstop-dialect`.

use std::{fmt, str::FromStr};

/// Whose OpenAI Chat Completions a target speaks.
///
/// One dialect, several servers: they rename, refuse and add parameters. A flavour says which of them it is, so that
/// what goes up fits. Other dialects have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flavour {
    /// Any server that speaks the dialect; nothing is assumed but the dialect itself.
    #[default]
    Compatible,
    /// OpenAI's own API, and Azure's.
    Openai,
    /// OpenRouter, which takes back what providers behind it have sealed.
    Openrouter,
    /// DeepSeek.
    Deepseek,
    /// Qwen at DashScope, in its compatible mode.
    Qwen,
    /// Mistral.
    Mistral,
}

impl Flavour {
    /// All flavours.
    pub const ALL: [Self; 6] =
        [Self::Compatible, Self::Openai, Self::Openrouter, Self::Deepseek, Self::Qwen, Self::Mistral];

    /// The name used in YAML and in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Openai => "openai",
            Self::Openrouter => "openrouter",
            Self::Deepseek => "deepseek",
            Self::Qwen => "qwen",
            Self::Mistral => "mistral",
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Flavour {
    type Err = UnknownFlavour;

    fn from_str(name: &str) -> Result<Self, UnknownFlavour> {
        let known = Self::ALL.into_iter().find(|flavour| flavour.as_str() == name);
        known.ok_or_else(|| UnknownFlavour(name.to_owned()))
    }
}

/// A name that is no flavour's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFlavour(String);

impl fmt::Display for UnknownFlavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown flavour `{}`, expected one of", self.0)?;
        for (at, flavour) in Flavour::ALL.into_iter().enumerate() {
            write!(f, "{} `{flavour}`", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownFlavour {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_an_unknown_one_says_what_is_known() {
        for flavour in Flavour::ALL {
            assert_eq!(flavour.as_str().parse(), Ok(flavour));
        }
        let error = "vanilla".parse::<Flavour>().expect_err("no such flavour").to_string();
        assert!(
            error.starts_with("unknown flavour `vanilla`, expected one of `compatible`, `openai`"),
            "{error}"
        );
    }
}
