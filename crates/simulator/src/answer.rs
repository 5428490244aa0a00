//! What the simulated model says.

/// What a simulator answers. The default is [`Answer::auto`].
///
/// The same request to a simulator with the same seed always gets the same answer. Stop sequences and the token limit of
/// the request are obeyed, whichever answer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(crate) content: Content,
    pub(crate) reasoning: Option<String>,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    pub(crate) most_events: usize,
    pub(crate) finish: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Auto,
    Echo,
    Text(String),
    Tokens(u64),
    Repeat(String),
    Calls(usize),
    Json,
    Refusal { before: String, reason: String },
    Filtered(String),
}

impl Answer {
    const fn of(content: Content) -> Self {
        Self {
            content,
            reasoning: None,
            cache_read: 0,
            cache_write: 0,
            most_events: MOST_EVENTS,
            finish: None,
        }
    }

    /// What the request asks for: a tool call where `tool_choice` demands one, JSON where a schema is given, the results
    /// of tools where the last turn holds them, otherwise the last user message back.
    ///
    /// Marks in the last user message ask for more: `[[call NAME]]` or `[[call NAME {"a":1}]]` for a tool call (several
    /// for parallel calls), `[[tokens N]]` for a text of N tokens, `[[think]]` for reasoning, `[[refuse]]` for a refusal.
    #[must_use]
    pub const fn auto() -> Self {
        Self::of(Content::Auto)
    }

    /// The last user message, byte for byte.
    #[must_use]
    pub const fn echo() -> Self {
        Self::of(Content::Echo)
    }

    /// This text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Content::Text(text.into()))
    }

    /// `w1 w2 w3 …`: a text of so many tokens, each streamed as an event of its own as long as there are at most 1024. A
    /// million is the most.
    #[must_use]
    pub const fn tokens(count: u64) -> Self {
        Self::of(Content::Tokens(count))
    }

    /// White space and nothing else.
    #[must_use]
    pub fn blank() -> Self {
        Self::text(" \n \n ")
    }

    /// One token again and again until the request's token limit, or 4096 times. A stream that never ends is
    /// [`Fault::repeat_forever`](crate::Fault::repeat_forever).
    #[must_use]
    pub fn repeated(token: impl Into<String>) -> Self {
        Self::of(Content::Repeat(token.into()))
    }

    /// So many tool calls at once, 128 at most, of the tools of the request in turn, with arguments made from their schemas.
    #[must_use]
    pub const fn calls(count: usize) -> Self {
        Self::of(Content::Calls(count))
    }

    /// The smallest instance of the JSON schema of the request, or `{}` without one.
    #[must_use]
    pub const fn json() -> Self {
        Self::of(Content::Json)
    }

    /// A refusal with this reason. OpenAI puts it in `refusal`, Anthropic in `stop_details` under the stop reason
    /// `refusal`; Gemini says that the prompt is blocked, or after some text that the answer is.
    #[must_use]
    pub fn refusal(reason: impl Into<String>) -> Self {
        Self::refusal_after("", reason)
    }

    /// A refusal in the middle: some text, and then this reason.
    #[must_use]
    pub fn refusal_after(text: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::of(Content::Refusal { before: text.into(), reason: reason.into() })
    }

    /// This text, cut off by a content filter: finish reason `content_filter`, at Anthropic `refusal`, at Gemini `SAFETY`.
    #[must_use]
    pub fn filtered(text: impl Into<String>) -> Self {
        Self::of(Content::Filtered(text.into()))
    }

    /// The same after this reasoning. Anthropic and Gemini show and sign it; OpenAI only counts it.
    #[must_use]
    pub fn with_reasoning(mut self, reasoning: impl Into<String>) -> Self {
        self.reasoning = Some(reasoning.into());
        self
    }

    /// So many tokens of the prompt were read from the cache. Counted as no more than the prompt has.
    #[must_use]
    pub const fn with_cache_read(mut self, tokens: u64) -> Self {
        self.cache_read = tokens;
        self
    }

    /// So many tokens of the prompt were written to the cache. Counted as no more than the prompt has.
    #[must_use]
    pub const fn with_cache_write(mut self, tokens: u64) -> Self {
        self.cache_write = tokens;
        self
    }

    /// Streams a block in at most so many events; with 1 even ten megabytes come at once. The default is 1024.
    #[must_use]
    pub const fn with_most_events(mut self, events: usize) -> Self {
        self.most_events = events;
        self
    }

    /// With this finish reason, whatever ended the answer: `insufficient_system_resource` of DeepSeek, `model_length` and
    /// `error` of Mistral. Only the [flavours](crate::Flavour) other than OpenAI's own heed it.
    #[must_use]
    pub fn with_finish(mut self, reason: impl Into<String>) -> Self {
        self.finish = Some(reason.into());
        self
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::auto()
    }
}

/// The most events that a block is streamed in, so that an echoed megabyte is no flood.
const MOST_EVENTS: usize = 1024;
