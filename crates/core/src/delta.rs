//! What one event of an answer brings.

use crate::{Extra, Finish, Json, Part, Text, ToolKind, Usage};

/// One step of an answer.
///
/// `choice` numbers the alternatives of an answer from 0. `block` numbers the pieces of a choice in the order of first
/// sight, from 0: deltas of one number build one piece. Where a dialect has no such numbers, its codec counts up
/// whenever the kind of piece changes. A whole answer is told in the same deltas, all in one event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new delta must be a compile error in every codec")]
pub enum Delta {
    /// The answer begins. Comes once, before all else.
    Start(Start),
    /// More text of a text piece. May be empty.
    Text {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The text.
        text: Text,
    },
    /// More text of a reasoning piece. May be empty.
    Reasoning {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The text.
        text: Text,
    },
    /// The seal of a reasoning piece.
    Signature {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The seal.
        signature: Text,
    },
    /// More of a refusal in words.
    Refusal {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The words.
        text: Text,
    },
    /// A tool call begins. Its id and name come here, once.
    ToolCallStart {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The provider's id for the call.
        id: Text,
        /// The tool's name.
        name: Text,
        /// What kind of tool.
        kind: ToolKind,
    },
    /// More of a tool call's arguments. The fragments, joined, are the arguments byte for byte.
    ToolCallArguments {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The fragment.
        fragment: Text,
    },
    /// A citation that belongs to a text piece, as its dialect writes it.
    Citation {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The citation.
        citation: Json,
    },
    /// A whole piece at once: sealed reasoning, generated images and audio, pieces that only their dialect knows.
    Part {
        /// Which alternative.
        choice: u32,
        /// Which piece.
        block: u32,
        /// The piece.
        part: Part,
    },
    /// Fields that only the dialect knows: of a choice, or of the whole answer (`choice` is `None`).
    Extra {
        /// Which alternative.
        choice: Option<u32>,
        /// The fields.
        extra: Extra,
    },
    /// What was used so far. Cumulative: the last one counts.
    Usage(Usage),
    /// A choice is complete.
    Finish {
        /// Which alternative.
        choice: u32,
        /// Why.
        finish: Finish,
    },
    /// The dialect's own terminator (`[DONE]`, `message_stop`).
    End,
    /// A sign of life that carries nothing: a comment, a ping.
    Ping,
}

/// How an answer begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Start {
    /// The provider's id of the answer.
    pub id: Text,
    /// The model that answers, in the provider's words.
    pub model: Text,
    /// When, in Unix seconds, where the dialect says so.
    pub created: Option<u64>,
}

impl Delta {
    /// Whether this is what the caller waits for: text, reasoning, a refusal, a tool call, a whole piece.
    ///
    /// An empty text or reasoning is not. This is the event that commits an answer and that feeds the idle clock.
    #[must_use]
    pub fn is_semantic(&self) -> bool {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } | Self::Refusal { text, .. } => {
                !text.is_empty()
            }
            Self::Signature { .. }
            | Self::ToolCallStart { .. }
            | Self::ToolCallArguments { .. }
            | Self::Citation { .. }
            | Self::Part { .. } => true,
            Self::Start(_)
            | Self::Extra { .. }
            | Self::Usage(_)
            | Self::Finish { .. }
            | Self::End
            | Self::Ping => false,
        }
    }
}
