//! From what a file says of a target's answers to what is refused.

use std::sync::Arc;

use backstop_config::{self as config, ValidateConfig};
use backstop_validate::{JsonRule, Repetition, Schema, SchemaError, SchemaRule};

/// What of a target's answers is refused. The commit above holds those that must be whole before they go.
pub(super) fn rules(config: &ValidateConfig) -> Result<backstop_validate::ValidateConfig, SchemaError> {
    let json = match config.json {
        Some(config::JsonRule::Always) => Some(JsonRule::Always),
        Some(config::JsonRule::Requested) => Some(JsonRule::Requested),
        _ => None,
    };
    let schema = match &config.json_schema {
        Some(config::SchemaRule::Requested) => Some(SchemaRule::Requested),
        Some(config::SchemaRule::Is(schema)) => Some(SchemaRule::Is(Arc::new(Schema::new(schema)?))),
        _ => None,
    };
    Ok(backstop_validate::ValidateConfig::new()
        .with_non_empty(config.non_empty == Some(true))
        .with_repetition(repetition(config))
        .with_json(json)
        .with_json_schema(schema)
        .with_declared_tools(config.tools == Some(config::ToolsRule::Declared)))
}

fn repetition(config: &ValidateConfig) -> Option<Repetition> {
    let Some(config::RepetitionRule::On { span, unit }) = config.repetition else { return None };
    let (known, bytes) = (Repetition::new(), |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX));
    Some(known.with(span.map_or(known.span, bytes), unit.map_or(known.unit, bytes)))
}
