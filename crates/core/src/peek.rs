//! What is known of a request without building a document.

use crate::Text;

/// What decisions need of a request, read from its bytes in one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain record that every dialect's scan fills")]
pub struct Peek {
    /// What the caller wrote as `model`: a chain, an alias, or `provider/model`.
    pub model: Text,
    /// Whether the caller wants a stream.
    pub stream: bool,
    /// Whether the caller wants usage at the end of a stream.
    pub include_usage: bool,
    /// Roughly how many tokens the prompt has: a quarter of its bytes, without inline base64.
    pub prompt_tokens: u64,
    /// The most tokens that the caller wants.
    pub max_tokens: Option<u64>,
    /// How many alternatives the caller wants.
    pub choices: u32,
    /// Whether the request itself asks the model to reason.
    pub reasoning: bool,
    /// What a model must be able to do.
    pub needs: Needs,
    /// Where in the body the value of `model` begins and ends, if replacing it is all that a target of the same dialect may
    /// need: no field stands twice or must be taken out. `None` where the body must be read to be changed.
    pub model_at: Option<(usize, usize)>,
}

/// What a model must be able to do to serve a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a plain record that every dialect's scan fills")]
pub struct Needs {
    /// Call tools.
    pub tools: bool,
    /// See images.
    pub images: bool,
    /// Read documents.
    pub documents: bool,
    /// Hear audio.
    pub audio: bool,
    /// Answer in JSON by a schema.
    pub json_schema: bool,
    /// Go on from a last turn of its own.
    pub prefill: bool,
}
