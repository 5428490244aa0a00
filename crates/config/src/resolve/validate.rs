//! What is refused as no answer.

use serde_json::Value;
use serde_saphyr::Spanned;

use super::Resolver;
use crate::{
    JsonRule, RepetitionRule, SchemaRule, ToolsRule, ValidateConfig,
    document::{self, RepetitionEntry},
};

impl Resolver<'_> {
    pub(super) fn validate(&mut self, validate: document::Validate) -> ValidateConfig {
        ValidateConfig {
            non_empty: validate.non_empty,
            repetition: validate.repetition.as_ref().map(|entry| self.repetition(entry)),
            json: validate.json.and_then(|word| self.word(&word, json_rule)),
            json_schema: validate.json_schema.and_then(|entry| self.schema_rule(entry)),
            tools: validate.tools.and_then(|word| self.word(&word, tools_rule)),
        }
    }

    fn repetition(&mut self, entry: &Spanned<RepetitionEntry>) -> RepetitionRule {
        let RepetitionEntry::Figures(figures) = &entry.value else { return RepetitionRule::Off };
        let (span, unit) = (figures.span.map(|size| size.0), figures.unit.map(|size| size.0));
        if span.is_some_and(|span| !(16..=64 << 10).contains(&span)) {
            self.error(entry.referenced, "`span` must be 16 bytes to 64KiB");
        }
        if unit.is_some_and(|unit| unit > span.unwrap_or(DEFAULT_SPAN) / 4) {
            self.error(entry.referenced, "`unit` must be at most a quarter of `span`");
        }
        RepetitionRule::On { span, unit }
    }

    fn schema_rule(&mut self, entry: Spanned<Value>) -> Option<SchemaRule> {
        let place = entry.referenced;
        match entry.value {
            Value::String(word) if word == "request" => Some(SchemaRule::Requested),
            Value::String(word) if word == "off" => Some(SchemaRule::Off),
            Value::Bool(false) => Some(SchemaRule::Off),
            schema @ Value::Object(_) => self.json(schema, place).map(SchemaRule::Is),
            _ => {
                self.error(place, "a `json_schema` is `request`, `off`, or the schema itself as a mapping");
                None
            }
        }
    }
}

fn json_rule(word: &str) -> Result<JsonRule, String> {
    match word {
        "off" => Ok(JsonRule::Off),
        "always" => Ok(JsonRule::Always),
        "requested" => Ok(JsonRule::Requested),
        _ => Err(format!("unknown `json` rule `{word}`; choose `always`, `requested` or `off`")),
    }
}

fn tools_rule(word: &str) -> Result<ToolsRule, String> {
    match word {
        "any" => Ok(ToolsRule::Any),
        "declared" => Ok(ToolsRule::Declared),
        _ => Err(format!("unknown `tools` rule `{word}`; choose `declared` or `any`")),
    }
}

/// That of `backstop-validate`.
const DEFAULT_SPAN: u64 = 512;
