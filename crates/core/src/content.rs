//! The unified content of a message: what a request says and what an answer brings.

use crate::{Dialect, Extra, Json, Text};

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// A cache mark that stands behind it.
    pub cache: Option<CacheMark>,
    /// Fields that only the dialect of the document knows.
    pub extra: Extra,
}

/// What a piece of a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new kind of content must be a compile error in every codec")]
pub enum PartKind {
    /// Plain text.
    Text {
        /// The text.
        text: Text,
        /// Where it is from, each as its dialect writes it.
        citations: Vec<Json>,
    },
    /// A picture.
    Image {
        /// Its bytes or where they are.
        source: Source,
        /// How closely to look (`low`, `high`, `auto`).
        detail: Option<Text>,
    },
    /// Sound.
    Audio {
        /// Its bytes or where they are.
        source: Source,
    },
    /// A document.
    Document {
        /// Its bytes or where they are.
        source: Source,
        /// The file's name or title.
        title: Option<Text>,
    },
    /// The model calls a tool.
    ToolCall(ToolCall),
    /// What a tool gave.
    ToolResult(ToolResult),
    /// Readable reasoning.
    Reasoning {
        /// The text; empty where the provider withholds it.
        text: Text,
        /// The provider's seal, without which the block cannot go back to it.
        signature: Option<Text>,
    },
    /// Reasoning that only its provider can read.
    RedactedReasoning {
        /// The sealed bytes, as text.
        data: Text,
    },
    /// The model declines, in words.
    Refusal {
        /// The words.
        text: Text,
    },
    /// A piece that only its own dialect knows (server tools, containers …).
    Opaque {
        /// Whose it is.
        dialect: Dialect,
        /// The whole piece as written.
        json: Json,
    },
}

/// Where the bytes of an image, a sound or a document are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new kind of source must be a compile error in every codec")]
pub enum Source {
    /// In the message, as base64.
    Base64 {
        /// The media type, such as `image/png`; for audio `audio/wav` or `audio/mp3`.
        media_type: Text,
        /// The base64 text.
        data: Text,
    },
    /// At a URL that the provider fetches.
    Url(Text),
    /// In the provider's file store.
    File(Text),
    /// In the message, as plain text (documents).
    Text {
        /// The media type, such as `text/plain`.
        media_type: Text,
        /// The text.
        text: Text,
    },
    /// As only its own dialect says it.
    Opaque {
        /// Whose it is.
        dialect: Dialect,
        /// The source as written.
        json: Json,
    },
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct ToolCall {
    /// The provider's id for it, which the result names.
    pub id: Text,
    /// The tool's name.
    pub name: Text,
    /// The arguments, byte for byte as the model wrote them: a JSON text for functions (empty where it wrote none), free text for custom tools.
    pub arguments: Text,
    /// What kind of tool.
    pub kind: ToolKind,
}

/// The result of a tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct ToolResult {
    /// The call that it answers.
    pub id: Text,
    /// The tool's name, where the dialect repeats it.
    pub name: Option<Text>,
    /// What the tool gave.
    pub content: Content,
    /// Whether the tool failed; `None` where nothing was said.
    pub is_error: Option<bool>,
}

/// Kinds of tools that a client runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new kind of tool must be a compile error in every codec")]
pub enum ToolKind {
    /// Arguments are JSON by a schema.
    Function,
    /// Arguments are free text (OpenAI custom tools).
    Custom,
}

/// The content of a message or of a tool's result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct Content {
    /// The pieces, in order.
    pub parts: Vec<Part>,
    /// Whether the document wrote it as one bare string and not as a list.
    pub bare: bool,
}

/// A mark that asks the provider to cache all that stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "codecs build it in full")]
pub struct CacheMark {
    /// How long to keep it, in the dialect's words (`5m`, `1h`); `None` for the default.
    pub ttl: Option<Text>,
    /// The mark as its dialect wrote it.
    pub native: (Dialect, Json),
}

impl Part {
    /// A piece without a cache mark or extra fields.
    #[must_use]
    pub const fn new(kind: PartKind) -> Self {
        Self { kind, cache: None, extra: Extra::new() }
    }

    /// A piece of plain text.
    #[must_use]
    pub fn text(text: impl Into<Text>) -> Self {
        Self::new(PartKind::Text { text: text.into(), citations: Vec::new() })
    }
}

impl Content {
    /// One text, written as a bare string.
    #[must_use]
    pub fn text(text: impl Into<Text>) -> Self {
        Self { parts: vec![Part::text(text)], bare: true }
    }

    /// The pieces of a list.
    #[must_use]
    pub const fn list(parts: Vec<Part>) -> Self {
        Self { parts, bare: false }
    }

    /// The text of all text pieces, one after the other.
    #[must_use]
    pub fn joined_text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}
