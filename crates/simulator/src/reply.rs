//! An answer before a dialect puts it on the wire.

use crate::{ids::Ids, usage::Usage};

/// What the simulated model says.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) ids: Ids,
    pub(crate) created: u64,
    pub(crate) model: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) stop: Stop,
    /// The finish reason in place of the one that the stop has, in the words of the provider.
    pub(crate) finish: Option<String>,
    /// How many times the answer is given (`n`).
    pub(crate) answers: u64,
    pub(crate) usage: Usage,
    /// The most events that a part is streamed in.
    pub(crate) most_events: usize,
    /// Whether reasoning is signed but not shown (Anthropic, Gemini).
    pub(crate) omit_reasoning: bool,
    /// Whether OpenAI tells log probabilities, and with how many alternatives.
    pub(crate) logprobs: Option<u64>,
    /// Whether OpenAI's chunks carry their random padding.
    pub(crate) obfuscate: bool,
}

/// One block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Reasoning(String),
    Text(String),
    Refusal(String),
    Call { id: u64, name: String, arguments: String },
}

impl Part {
    /// How much it says.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Reasoning(text) | Self::Text(text) | Self::Refusal(text) => text.len(),
            Self::Call { arguments, .. } => arguments.len(),
        }
    }

    /// The text, if that is what it is.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stop {
    End,
    Length,
    Sequence(String),
    Calls,
    Refused,
    Filtered,
}

/// One event of a stream, or a whole body.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The event's name, in dialects that name them.
    pub(crate) name: Option<&'static str>,
    pub(crate) data: String,
    pub(crate) mark: Mark,
    /// How many tokens the caller has read when it has read this.
    pub(crate) tokens: u64,
    /// What the caller is told of the usage here.
    pub(crate) told: Option<Usage>,
}

/// How an answer goes over the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// One JSON document.
    #[default]
    Document,
    /// Server-sent events.
    Events,
    /// The events as the members of one JSON array (Gemini).
    List,
}

impl Form {
    /// Whether it comes piece by piece.
    pub(crate) fn is_stream(self) -> bool {
        self != Self::Document
    }
}

/// Where in an answer an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Roles, pings, the start of blocks.
    Lead,
    /// Text, reasoning, a refusal, a piece of a tool call.
    Token,
    /// The end of a block, the reason for the stop, the usage.
    Close,
    /// What says that nothing more comes.
    Sentinel,
    /// An error in place of what was to follow.
    Error,
    /// Not an event: a comment.
    Comment,
    /// Not an event: the whole body.
    Whole,
}

impl Event {
    pub(crate) fn new(name: Option<&'static str>, data: String, mark: Mark) -> Self {
        Self { name, data, mark, tokens: 0, told: None }
    }

    pub(crate) fn whole(data: String) -> Self {
        Self::new(None, data, Mark::Whole)
    }

    pub(crate) fn tokens(mut self, tokens: u64) -> Self {
        self.tokens = tokens;
        self
    }

    pub(crate) fn told(mut self, usage: Usage) -> Self {
        self.told = Some(usage);
        self
    }
}
