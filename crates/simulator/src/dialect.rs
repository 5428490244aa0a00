//! The dialects that a simulator speaks, and what each must be able to say.

use std::fmt;

use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};

use crate::{
    anthropic::Anthropic,
    api_error::{ApiError, Circumstances},
    ask::Ask,
    flavour::Flavour,
    gemini::Gemini,
    ids::Ids,
    reply::{Event, Form, Reply},
    rules::Refusal,
};

/// A dialect that a simulator speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// OpenAI Chat Completions: `POST …/chat/completions`.
    OpenAiChat,
    /// Anthropic Messages: `POST …/messages`.
    AnthropicMessages,
    /// Google Gemini: `POST …/models/MODEL:generateContent` and `…:streamGenerateContent`.
    GeminiGenerate,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::OpenAiChat, Self::AnthropicMessages, Self::GeminiGenerate];

    /// The dialect's name: `openai-chat`, `anthropic-messages` or `gemini-generate`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::AnthropicMessages => "anthropic-messages",
            Self::GeminiGenerate => "gemini-generate",
        }
    }

    /// The dialect with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    pub(crate) fn voice(self, flavour: Flavour) -> &'static dyn Voice {
        match self {
            Self::OpenAiChat => flavour.voice(),
            Self::AnthropicMessages => &Anthropic,
            Self::GeminiGenerate => &Gemini,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a request to a simulator is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// An answer of a model.
    Generate,
    /// A count of a prompt's tokens (Anthropic, Gemini).
    CountTokens,
    /// The list of models.
    Models,
    /// One model.
    Model,
    /// None that there is.
    Unknown,
}

/// What a request is for, and in which dialect, by its path. Where dialects share one it is the only one of `spoken`, else
/// the one that the headers look like.
pub(crate) fn recognise(path: &str, headers: &HeaderMap, spoken: &[Dialect]) -> (Dialect, Operation) {
    let google = headers.contains_key("x-goog-api-key") || path.starts_with("/v1beta/");
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let (last, before) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let anthropic = headers.contains_key("anthropic-version") || headers.contains_key("x-api-key");
    let either = match spoken {
        [only] => *only,
        _ if google => Dialect::GeminiGenerate,
        _ if anthropic => Dialect::AnthropicMessages,
        _ => Dialect::OpenAiChat,
    };
    match (before, last) {
        ("chat", "completions") => (Dialect::OpenAiChat, Operation::Generate),
        ("messages", "count_tokens") => (Dialect::AnthropicMessages, Operation::CountTokens),
        (_, "messages") => (Dialect::AnthropicMessages, Operation::Generate),
        (_, call) if call.ends_with(":generateContent") || call.ends_with(":streamGenerateContent") => {
            (Dialect::GeminiGenerate, Operation::Generate)
        }
        (_, call) if call.ends_with(":countTokens") => (Dialect::GeminiGenerate, Operation::CountTokens),
        (_, "models") => (either, Operation::Models),
        ("models", _) => (either, Operation::Model),
        _ => (either, Operation::Unknown),
    }
}

/// Whether `method` is the one of `operation`.
pub(crate) fn allows(operation: Operation, method: &Method) -> bool {
    match operation {
        Operation::Generate | Operation::CountTokens => method == Method::POST,
        Operation::Models | Operation::Model => method == Method::GET,
        Operation::Unknown => true,
    }
}

/// A dialect's way of saying things. A new dialect is a folder with one of these.
pub(crate) trait Voice: fmt::Debug + Sync {
    /// The key that a request bears, as this provider wants it.
    fn key<'a>(&self, uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str>;

    /// The model that a request names.
    fn model_of<'a>(&self, _uri: &'a Uri, body: &'a Value) -> Option<&'a str> {
        body["model"].as_str()
    }

    /// How a request wants its answer.
    fn form(&self, _uri: &Uri, body: &Value) -> Form {
        if body["stream"] == true { Form::Events } else { Form::Document }
    }

    /// What this provider refuses.
    fn refuse(&self, uri: &Uri, headers: &HeaderMap, body: &Value) -> Result<(), Refusal>;

    /// What a request that was not refused asks for.
    fn ask(&self, uri: &Uri, body: &Value) -> Ask;

    /// A whole answer.
    fn whole(&self, reply: &Reply) -> String;

    /// A streamed answer.
    fn events(&self, reply: &Reply, ask: &Ask) -> Vec<Event>;

    /// What closes a stream in this form and holds nothing.
    fn closing(&self, _form: Form) -> Option<Event> {
        None
    }

    /// An answer that is no answer: without choices, whole or streamed.
    fn empty(&self, reply: &Reply, stream: bool) -> Vec<Event>;

    /// The status that an error comes with.
    fn status(&self, error: &ApiError) -> StatusCode {
        error.status()
    }

    /// Whether a caller over its limit is told in a header when to come again.
    fn has_retry_header(&self) -> bool {
        true
    }

    /// The type of an answer in this form.
    fn content_type(&self, form: Form) -> &'static str {
        match form {
            Form::Events => "text/event-stream; charset=utf-8",
            Form::Document | Form::List => "application/json",
        }
    }

    /// The answer to a request for a count of tokens.
    fn count(&self, tokens: u64) -> Value {
        json!({"input_tokens": tokens})
    }

    /// An error document.
    fn error(&self, error: &ApiError, about: &Circumstances, ids: Ids) -> Value;

    /// The error event of a stream that was going well.
    fn error_event(&self, ids: Ids) -> Event;

    /// What says that the stream is alive, and nothing else.
    fn ping(&self) -> Event;

    /// Adds what a document of [`Refusal`] lacks.
    fn finish_refusal(&self, body: Value, about: &Circumstances, ids: Ids) -> Value;

    /// The headers that come with every answer.
    fn headers(&self, headers: &mut HeaderMap, head: &Head);

    /// The list of models.
    fn models(&self, models: &[&str]) -> Value;

    /// Models that this provider has, for lists of simulators that accept any.
    fn usual_models(&self) -> &'static [&'static str];

    /// One model.
    fn model(&self, model: &str) -> Value;
}

/// What headers tell.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) ids: Ids,
    /// Whether it is an error, and which.
    pub(crate) error: Option<ApiError>,
    /// Requests that a key may make a minute, and how many of them are left.
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) prompt_tokens: u64,
    /// How long until there are more requests.
    pub(crate) reset: std::time::Duration,
    /// Seconds since 1970.
    pub(crate) unix: u64,
}

/// Sets a header whose value is known to be one.
pub(crate) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = http::HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
