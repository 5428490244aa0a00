//! What the request says of the answer that it wants.

use std::sync::Arc;

use backstop_core::{Json, Origin, OutputFormat, Request, ToolDefinition};

/// The request of an answer, read only where a rule asks for it.
#[derive(Debug)]
pub(crate) struct Asked(Option<Arc<Origin>>);

impl Asked {
    pub(crate) const fn new(origin: Option<Arc<Origin>>) -> Self {
        Self(origin)
    }

    /// How many choices it wants.
    pub(crate) fn choices(&self) -> usize {
        self.0.as_ref().map_or(1, |origin| origin.peek().choices.max(1) as usize)
    }

    /// Whether it wants JSON.
    pub(crate) fn wants_json(&self) -> bool {
        let format = self.request().and_then(|request| request.output.as_ref());
        matches!(format, Some(OutputFormat::JsonObject | OutputFormat::JsonSchema { .. }))
    }

    /// The schema that it brings.
    #[cfg_attr(not(feature = "json-schema"), expect(dead_code, reason = "only that rule asks"))]
    pub(crate) fn schema(&self) -> Option<&Json> {
        match self.request()?.output.as_ref()? {
            OutputFormat::JsonSchema { schema, .. } => Some(schema),
            _ => None,
        }
    }

    /// Whether it declares the tool `name`. Where it cannot be read, every name is as good.
    pub(crate) fn declares(&self, name: &str) -> bool {
        let Some(request) = self.request() else { return true };
        request.tools.iter().any(|tool| match &tool.definition {
            ToolDefinition::Client { name: known, .. } => known == name,
            ToolDefinition::Opaque { json, .. } => opaque_name(json).is_some_and(|known| known == name),
        })
    }

    fn request(&self) -> Option<&Request> {
        self.0.as_ref()?.request().ok()
    }
}

/// The name of a tool that only its dialect knows, such as Anthropic's `{"type": "bash_20250124", "name": "bash"}`.
fn opaque_name(json: &Json) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        name: Option<String>,
    }
    serde_json::from_str::<Named>(json.as_str()).ok()?.name
}
