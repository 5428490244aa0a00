//! What a translation could not carry over.

use backstop_core::Text;
use bytes::Bytes;

/// A document, and what of the original it could not express. Nothing is ever left out without a word here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain record")]
pub struct Encoded {
    /// The document.
    pub body: Bytes,
    /// What it could not express, in the order of discovery.
    pub losses: Vec<Loss>,
}

/// One thing that the target's dialect or model cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The field, by its unified name or the caller's path: `seed`, `messages[2].content[0].citations`.
    pub field: Text,
    /// Why, in a few words for the caller: "Anthropic Messages has no seed".
    pub reason: Text,
    /// Whether the answer can still be what the caller asked for.
    pub severity: Severity,
}

/// How much a loss matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a loss is one or the other")]
pub enum Severity {
    /// A preference: the answer is still what was asked for (`seed`, a penalty, `user`, a cache mark, foreign reasoning).
    Hint,
    /// A constraint or content: without it the answer would be another one (`n`, `logprobs`, an image, a tool).
    Constraint,
}

impl Loss {
    /// A preference that was left out.
    #[must_use]
    pub fn hint(field: impl Into<Text>, reason: impl Into<Text>) -> Self {
        Self { field: field.into(), reason: reason.into(), severity: Severity::Hint }
    }

    /// A constraint or content that was left out.
    #[must_use]
    pub fn constraint(field: impl Into<Text>, reason: impl Into<Text>) -> Self {
        Self { field: field.into(), reason: reason.into(), severity: Severity::Constraint }
    }
}
