//! The unified request.

use crate::{Content, Dialect, Extra, Json, Text, ToolKind};

/// A request to a model, rich enough to lose nothing of any dialect.
///
/// Numbers stay as the JSON text that the caller wrote, so that `1` does not become `1.0` on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a new field must be a compile error in every codec")]
pub struct Request {
    /// The dialect that it was written in.
    pub dialect: Dialect,
    /// The model asked for.
    pub model: Text,
    /// All turns in order, system and developer messages in their place (Anthropic's top-level `system` stands first).
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    pub tools: Vec<Tool>,
    /// Whether and which tool it must call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several tools in one turn.
    pub parallel_tool_calls: Option<bool>,
    /// The form of the output.
    pub output: Option<OutputFormat>,
    /// Limits, sampling and the like.
    pub parameters: Parameters,
    /// How to reason.
    pub reasoning: Option<Reasoning>,
    /// Whether to stream.
    pub stream: Option<bool>,
    /// Whether a stream should end with usage (OpenAI's `stream_options.include_usage`).
    pub include_usage: Option<bool>,
    /// The end user's id, for abuse detection (`user`, `safety_identifier`, `metadata.user_id`).
    pub user: Option<Text>,
    /// Fields that only the dialect of the document knows, or that carry no meaning of their own (an explicit `null`).
    pub extra: Extra,
}

/// Limits, sampling and the like. All optional; numbers as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a new parameter must be a compile error in every codec")]
pub struct Parameters {
    /// The most tokens to generate.
    pub max_tokens: Option<Json>,
    /// Sampling temperature.
    pub temperature: Option<Json>,
    /// Nucleus sampling.
    pub top_p: Option<Json>,
    /// Sampling among the k likeliest tokens.
    pub top_k: Option<Json>,
    /// Texts at which to stop.
    pub stop: Option<Stop>,
    /// Seed for reproducible sampling.
    pub seed: Option<Json>,
    /// Penalty on tokens that occurred.
    pub presence_penalty: Option<Json>,
    /// Penalty on tokens by how often they occurred.
    pub frequency_penalty: Option<Json>,
    /// Bias by token id.
    pub logit_bias: Option<Json>,
    /// Whether to return log probabilities.
    pub logprobs: Option<Json>,
    /// How many alternatives to return log probabilities of.
    pub top_logprobs: Option<Json>,
    /// How many choices to generate.
    pub n: Option<Json>,
    /// The service tier asked for.
    pub service_tier: Option<Json>,
}

/// Texts at which to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Stop {
    /// The texts.
    pub sequences: Vec<Text>,
    /// Whether the document wrote one bare string and not a list.
    pub bare: bool,
}

/// How to reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Reasoning {
    /// How hard (`none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`).
    pub effort: Option<Text>,
    /// Tokens to reason with.
    pub budget: Option<Json>,
    /// Whether to reason at all (Anthropic's `thinking.type`); `None` where only an effort was given.
    pub mode: Option<ReasoningMode>,
    /// Fields of the same object that only its dialect knows (`display` …).
    pub extra: Extra,
}

/// Whether to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new mode must be a compile error in every codec")]
pub enum ReasoningMode {
    /// Yes, within the budget.
    Enabled,
    /// As the model sees fit.
    Adaptive,
    /// No.
    Disabled,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said. A tool call is a part of an assistant's message, a tool result a part of a tool's or user's.
    pub content: Content,
    /// The speaker's name.
    pub name: Option<Text>,
    /// Fields that only the dialect of the document knows.
    pub extra: Extra,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new role must be a compile error in every codec")]
pub enum Role {
    /// Instructions above all others.
    System,
    /// OpenAI's newer word for instructions.
    Developer,
    /// The end user; at Anthropic also the bearer of tool results.
    User,
    /// The model.
    Assistant,
    /// A tool, at OpenAI.
    Tool,
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Tool {
    /// What kind of tool, or the whole definition of a tool that only its own dialect knows.
    pub definition: ToolDefinition,
    /// A cache mark that stands behind it.
    pub cache: Option<crate::CacheMark>,
    /// Fields that only the dialect of the document knows.
    pub extra: Extra,
}

/// What a tool is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new kind of tool must be a compile error in every codec")]
pub enum ToolDefinition {
    /// A tool that the client runs.
    Client {
        /// Function or custom.
        kind: ToolKind,
        /// Its name.
        name: Text,
        /// What it does.
        description: Option<Text>,
        /// The JSON Schema of its arguments (a function), or its input format (a custom tool).
        schema: Option<Json>,
        /// Whether arguments must follow the schema to the letter.
        strict: Option<bool>,
    },
    /// A tool that the provider runs, or any other that only its dialect knows.
    Opaque {
        /// Whose it is.
        dialect: Dialect,
        /// The whole definition as written.
        json: Json,
    },
}

/// Whether and which tool the model must call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new choice must be a compile error in every codec")]
pub enum ToolChoice {
    /// As the model sees fit.
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Tool {
        /// Function or custom.
        kind: ToolKind,
        /// Its name.
        name: Text,
    },
    /// A choice that only its dialect knows (OpenAI's `allowed_tools`).
    Opaque {
        /// Whose it is.
        dialect: Dialect,
        /// The choice as written.
        json: Json,
    },
}

/// The form of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new format must be a compile error in every codec")]
pub enum OutputFormat {
    /// Free text, said outright.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON by a schema.
    JsonSchema {
        /// The schema's name, which OpenAI requires.
        name: Option<Text>,
        /// What it is for.
        description: Option<Text>,
        /// The JSON Schema.
        schema: Json,
        /// Whether the output must follow it to the letter.
        strict: Option<bool>,
    },
    /// A format that only its dialect knows.
    Opaque {
        /// Whose it is.
        dialect: Dialect,
        /// The format as written.
        json: Json,
    },
}

impl Request {
    /// An empty request for `model`, written in `dialect`.
    #[must_use]
    pub fn new(dialect: Dialect, model: impl Into<Text>) -> Self {
        Self {
            dialect,
            model: model.into(),
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            output: None,
            parameters: Parameters::default(),
            reasoning: None,
            stream: None,
            include_usage: None,
            user: None,
            extra: Extra::new(),
        }
    }
}

impl Message {
    /// A turn of `role` without a name or extra fields.
    #[must_use]
    pub const fn new(role: Role, content: Content) -> Self {
        Self { role, content, name: None, extra: Extra::new() }
    }
}

impl Role {
    /// Whether it gives instructions.
    #[must_use]
    pub const fn instructs(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}
