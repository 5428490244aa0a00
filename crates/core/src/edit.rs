//! Typed changes to a request, noted by `adapt` and applied by `normalize`.

use std::{fmt, str::FromStr};

use crate::{Json, Text};

/// One change to what the caller wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// Ask for this model.
    Model(Text),
    /// Set a parameter, whatever the caller wrote.
    Set(Parameter, Json),
    /// Set a parameter where the caller wrote none.
    Default(Parameter, Json),
    /// Lower a numeric parameter to this where the caller wrote more.
    Cap(Parameter, Json),
    /// Leave a parameter out.
    Drop(Parameter),
    /// Put instructions before the caller's own.
    PrependSystem(Text),
    /// Put instructions behind the caller's own.
    AppendSystem(Text),
    /// Put instructions in the place of the caller's own.
    ReplaceSystem(Text),
}

/// A parameter that an edit names, by its unified name; each codec knows its own spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// `max_tokens`: the most tokens to generate.
    MaxTokens,
    /// `temperature`.
    Temperature,
    /// `top_p`.
    TopP,
    /// `top_k`.
    TopK,
    /// `stop`: texts at which to stop.
    Stop,
    /// `seed`.
    Seed,
    /// `presence_penalty`.
    PresencePenalty,
    /// `frequency_penalty`.
    FrequencyPenalty,
    /// `reasoning_effort`.
    ReasoningEffort,
    /// `parallel_tool_calls`.
    ParallelToolCalls,
    /// `service_tier`.
    ServiceTier,
    /// `user`: the end user's id.
    User,
    /// Any other top-level field, in the spelling of the target's dialect.
    Field(Text),
}

impl Parameter {
    /// The unified name, as YAML spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::TopK => "top_k",
            Self::Stop => "stop",
            Self::Seed => "seed",
            Self::PresencePenalty => "presence_penalty",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::ReasoningEffort => "reasoning_effort",
            Self::ParallelToolCalls => "parallel_tool_calls",
            Self::ServiceTier => "service_tier",
            Self::User => "user",
            Self::Field(name) => name,
        }
    }
}

impl FromStr for Parameter {
    type Err = std::convert::Infallible;

    /// Every name is a parameter: one that is not unified is a field of the target's dialect.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unified = [
            Self::MaxTokens,
            Self::Temperature,
            Self::TopP,
            Self::TopK,
            Self::Stop,
            Self::Seed,
            Self::PresencePenalty,
            Self::FrequencyPenalty,
            Self::ReasoningEffort,
            Self::ParallelToolCalls,
            Self::ServiceTier,
            Self::User,
        ];
        Ok(unified
            .into_iter()
            .find(|known| known.as_str() == name)
            .unwrap_or_else(|| Self::Field(name.into())))
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_parameter() {
        assert_eq!("top_k".parse(), Ok(Parameter::TopK));
        assert_eq!("enable_thinking".parse(), Ok(Parameter::Field("enable_thinking".into())));
        assert_eq!(Parameter::MaxTokens.to_string(), "max_tokens");
    }
}
