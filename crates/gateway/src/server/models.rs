//! `GET /v1/models`, in the words of whoever asks.

use backstop_core::Dialect;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

/// The dialect of a caller who has no body to tell it by: Anthropic's SDKs always send `anthropic-version`.
pub(crate) fn dialect_of(headers: &HeaderMap) -> Dialect {
    if headers.contains_key("anthropic-version") { Dialect::AnthropicMessages } else { Dialect::OpenaiChat }
}

/// The list of `names` in `dialect`.
pub(crate) fn list(dialect: Dialect, names: &[String]) -> Bytes {
    let list = match dialect {
        Dialect::AnthropicMessages => json!({
            "data": names.iter().map(|name| entry(dialect, name)).collect::<Vec<_>>(),
            "has_more": false,
            "first_id": names.first(),
            "last_id": names.last(),
        }),
        Dialect::GeminiGenerate => json!({
            "models": names.iter().map(|name| entry(dialect, name)).collect::<Vec<_>>(),
        }),
        _ => json!({
            "object": "list",
            "data": names.iter().map(|name| entry(dialect, name)).collect::<Vec<_>>(),
        }),
    };
    Bytes::from(list.to_string())
}

// No one knows when a chain was made: the epoch stands for that in both dialects.
fn entry(dialect: Dialect, name: &str) -> Value {
    match dialect {
        Dialect::AnthropicMessages => {
            json!({"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"})
        }
        Dialect::GeminiGenerate => json!({"name": format!("models/{name}"), "displayName": name,
            "supportedGenerationMethods": ["generateContent", "streamGenerateContent"]}),
        _ => json!({"id": name, "object": "model", "created": 0, "owned_by": "backstop"}),
    }
}
