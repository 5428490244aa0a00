//! Why an answer ended.

use crate::Text;

/// Why an answer ended, in terms that every dialect's own word maps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new reason must be a compile error in every codec")]
pub enum FinishReason {
    /// The model had said what it wanted to say.
    Stop,
    /// One of the request's stop sequences came up.
    StopSequence,
    /// The output limit or the window was reached.
    Length,
    /// The model waits for the results of tool calls.
    ToolCalls,
    /// A content filter cut the answer.
    ContentFilter,
    /// The model refused.
    Refusal,
    /// The provider paused a long turn: send it back to go on.
    Pause,
    /// The provider says that generation failed.
    Error,
    /// A word that is not known here. Never a success where it is translated.
    Other,
}

/// The end of one choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Finish {
    /// Why.
    pub reason: FinishReason,
    /// The provider's own word for it.
    pub native: Text,
    /// The stop sequence that came up.
    pub stop_sequence: Option<Text>,
}

impl Finish {
    /// An end for `reason`, in the provider's word `native`.
    #[must_use]
    pub fn new(reason: FinishReason, native: impl Into<Text>) -> Self {
        Self { reason, native: native.into(), stop_sequence: None }
    }
}
