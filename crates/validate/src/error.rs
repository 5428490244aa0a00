use std::fmt;

use backstop_core::{Failure, Kind};

/// A rule by which answers are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// It says nothing.
    Empty,
    /// It says one thing over and over.
    Repetition,
    /// Its text is no JSON.
    Json,
    /// Its text does not follow the schema.
    JsonSchema,
    /// It calls a tool that the request does not declare.
    ToolName,
    /// It calls a function with arguments that are no JSON object.
    ToolArguments,
    /// It is longer than can be judged.
    TooLong,
}

/// An answer was refused: by which rule, and what was wrong with it, in words that hold nothing of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    rule: Rule,
    detail: String,
}

impl Rule {
    /// The rule in metrics and logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Repetition => "repetition",
            Self::Json => "json",
            Self::JsonSchema => "json_schema",
            Self::ToolName => "tool_name",
            Self::ToolArguments => "tool_arguments",
            Self::TooLong => "too_long",
        }
    }
}

impl Rejection {
    pub(crate) fn new(rule: Rule, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }

    /// By which rule.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer was refused: {}", self.detail)
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::new(Kind::Rejected, rejection.to_string())
    }
}
