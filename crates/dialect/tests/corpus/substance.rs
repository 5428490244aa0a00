//! What a translation must keep of a request.

use backstop_core::{PartKind, Request, Role, Source, ToolDefinition};
use serde_json::Value;

/// What a translation must keep of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Substance {
    pub(crate) instructions: String,
    pub(crate) said: String,
    pub(crate) calls: Vec<(String, String, Option<Value>)>,
    pub(crate) results: Vec<(String, String)>,
    pub(crate) media: usize,
    pub(crate) tools: Vec<(String, bool, Option<Value>)>,
}

pub(crate) fn substance(request: &Request) -> Substance {
    let mut kept = Substance::default();
    for message in &request.messages {
        for part in &message.content.parts {
            match &part.kind {
                PartKind::Text { text, .. } | PartKind::Refusal { text } if !text.trim().is_empty() => {
                    let place =
                        if message.role.instructs() { &mut kept.instructions } else { &mut kept.said };
                    if message.role != Role::Tool {
                        place.push_str(text);
                    }
                }
                PartKind::ToolCall(call) => {
                    let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
                    kept.calls.push((
                        call.id.to_string(),
                        call.name.to_string(),
                        serde_json::from_str(arguments).ok(),
                    ));
                }
                PartKind::ToolResult(result) => {
                    kept.results.push((result.id.to_string(), result.content.joined_text()));
                    kept.media += result
                        .content
                        .parts
                        .iter()
                        .filter(|part| !matches!(part.kind, PartKind::Text { .. }))
                        .count();
                }
                // OpenAI's dialect has no text documents: they go on as text.
                PartKind::Document { source: Source::Text { text, .. }, .. } => kept.said.push_str(text),
                PartKind::Image { .. } | PartKind::Document { .. } | PartKind::Audio { .. } => {
                    kept.media += 1
                }
                _ => {}
            }
        }
    }
    for tool in &request.tools {
        if let ToolDefinition::Client { name, schema, strict, .. } = &tool.definition {
            let schema = schema.as_ref().map(|schema| serde_json::from_str(schema.as_str()).expect("JSON"));
            kept.tools.push((name.to_string(), *strict == Some(true), schema));
        }
    }
    kept
}
