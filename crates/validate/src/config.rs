#[cfg(feature = "json-schema")]
use std::sync::Arc;

/// Which answers are refused, and how much of one is held until it is judged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ValidateConfig {
    /// Whether an answer must say something. Default: no.
    pub non_empty: bool,
    /// What counts as saying one thing over and over. Default: `None`, nothing does.
    pub repetition: Option<Repetition>,
    /// Whose text must be JSON. Default: `None`, nobody's.
    pub json: Option<JsonRule>,
    /// What schema the text must follow, as JSON. Default: `None`.
    #[cfg(feature = "json-schema")]
    pub json_schema: Option<SchemaRule>,
    /// Whether tool calls must name tools of the request, with arguments that are JSON. Default: no.
    pub declared_tools: bool,
    /// Until when an answer is held. Default: [`Hold::FirstToken`].
    pub hold: Hold,
    /// The most bytes of events held with [`Hold::FirstToken`]. Default: 1 MiB.
    pub hold_limit: usize,
    /// The most bytes of events held with [`Hold::Whole`]. Default: 32 MiB.
    pub buffer_limit: usize,
    /// The longest text, and the longest arguments, that are read whole, in bytes. Longer ones are refused. Default: 4 MiB.
    pub text_limit: usize,
}

/// Text that says one thing over and over: its last `span` bytes are a piece of at most `unit` bytes, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repetition {
    /// How much of it, in bytes. Default: 512, some hundred tokens; at most 64 KiB.
    pub span: usize,
    /// The longest piece, in bytes; at most a quarter of the span. Default: 64.
    pub unit: usize,
}

/// Whose text must be one JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonRule {
    /// Everybody's.
    Always,
    /// Theirs who asked for JSON.
    Requested,
}

/// What schema the text must follow. It must be JSON, too.
#[cfg(feature = "json-schema")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SchemaRule {
    /// The one that the request brings, if it brings one. One that cannot be read is not the answer's fault: then this
    /// rule passes.
    Requested,
    /// This one.
    Is(Arc<crate::Schema>),
}

/// Until when an answer is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hold {
    /// Until it says something that nothing speaks against. What comes to light later is an error of the body. The
    /// default.
    #[default]
    FirstToken,
    /// Until its end, so that every refusal falls over. Below a commit that buffers there is no need for it.
    Whole,
}

impl ValidateConfig {
    /// Nothing is refused.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            non_empty: false,
            repetition: None,
            json: None,
            #[cfg(feature = "json-schema")]
            json_schema: None,
            declared_tools: false,
            hold: Hold::FirstToken,
            hold_limit: 1 << 20,
            buffer_limit: 32 << 20,
            text_limit: 4 << 20,
        }
    }

    /// Sets whether an answer must say something.
    #[must_use]
    pub const fn with_non_empty(mut self, non_empty: bool) -> Self {
        self.non_empty = non_empty;
        self
    }

    /// Sets what counts as saying one thing over and over.
    #[must_use]
    pub const fn with_repetition(mut self, repetition: Option<Repetition>) -> Self {
        self.repetition = repetition;
        self
    }

    /// Sets whose text must be JSON.
    #[must_use]
    pub const fn with_json(mut self, json: Option<JsonRule>) -> Self {
        self.json = json;
        self
    }

    /// Sets what schema the text must follow.
    #[cfg(feature = "json-schema")]
    #[must_use]
    pub fn with_json_schema(mut self, json_schema: Option<SchemaRule>) -> Self {
        self.json_schema = json_schema;
        self
    }

    /// Sets whether tool calls must name tools of the request, with arguments that are JSON.
    #[must_use]
    pub const fn with_declared_tools(mut self, declared_tools: bool) -> Self {
        self.declared_tools = declared_tools;
        self
    }

    /// Sets until when an answer is held.
    #[must_use]
    pub const fn with_hold(mut self, hold: Hold) -> Self {
        self.hold = hold;
        self
    }

    /// Sets the most bytes of events that are held: up to the first token, and where the whole is held.
    #[must_use]
    pub const fn with_hold_limits(mut self, first_token: usize, whole: usize) -> Self {
        (self.hold_limit, self.buffer_limit) = (first_token, whole);
        self
    }

    /// Sets the longest text, and the longest arguments, that are read whole.
    #[must_use]
    pub const fn with_text_limit(mut self, bytes: usize) -> Self {
        self.text_limit = bytes;
        self
    }

    /// Whether nothing is refused.
    pub(crate) const fn is_off(&self) -> bool {
        #[cfg(feature = "json-schema")]
        let by_schema = self.json_schema.is_some();
        #[cfg(not(feature = "json-schema"))]
        let by_schema = false;
        !(self.non_empty
            || self.repetition.is_some()
            || self.json.is_some()
            || by_schema
            || self.declared_tools)
    }

    pub(crate) const fn limit(&self) -> usize {
        match self.hold {
            Hold::FirstToken => self.hold_limit,
            Hold::Whole => self.buffer_limit,
        }
    }
}

impl Default for ValidateConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl Repetition {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { span: 512, unit: 64 }
    }

    /// Sets the bytes that must be one piece over and over, and the longest piece. Kept within their bounds.
    #[must_use]
    pub fn with(mut self, span: usize, unit: usize) -> Self {
        self.span = span.clamp(16, 64 << 10);
        self.unit = unit.clamp(1, self.span / 4);
        self
    }
}

impl Default for Repetition {
    fn default() -> Self {
        Self::new()
    }
}
