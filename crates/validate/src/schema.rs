//! JSON Schemas.

use std::fmt;

use backstop_core::Json;
use jsonschema::{PatternOptions, Validator};

/// A JSON Schema, ready to judge documents.
///
/// Drafts 4 to 2020-12, by its `$schema`; nothing is fetched, so a reference to another document is an error. Patterns
/// run in time that is linear in the text: those with look-around or back-references are an error.
pub struct Schema(Validator);

/// A schema that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError(String);

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or that it is longer than 256 KiB.
    pub fn new(schema: &Json) -> Result<Self, SchemaError> {
        if schema.as_str().len() > LONGEST_SCHEMA {
            return Err(SchemaError(format!("it is longer than {LONGEST_SCHEMA} bytes")));
        }
        let value = serde_json::from_str(schema.as_str()).map_err(|error| SchemaError(error.to_string()))?;
        let patterns = PatternOptions::regex().size_limit(PATTERN_LIMIT);
        let built = jsonschema::options().with_pattern_options(patterns).build(&value);
        built.map(Self).map_err(|error| SchemaError(error.to_string()))
    }

    /// Where `document` does not follow it, as a JSON Pointer; `None` where it does.
    pub(crate) fn violated_at(&self, document: &serde_json::Value) -> Option<String> {
        self.0.validate(document).err().map(|error| error.instance_path().to_string())
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the JSON Schema cannot be used: {}", self.0)
    }
}

impl std::error::Error for SchemaError {}

const LONGEST_SCHEMA: usize = 256 << 10;
/// The most memory that one pattern may take when compiled.
const PATTERN_LIMIT: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Result<Schema, SchemaError> {
        Schema::new(&Json::parse(text.into()).unwrap())
    }

    #[test]
    fn says_where_a_document_goes_wrong() {
        let schema = schema(
            r#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}"#,
        )
        .unwrap();
        let at = |document: &str| schema.violated_at(&serde_json::from_str(document).unwrap());
        assert_eq!(at(r#"{"a": [1, 2]}"#), None);
        assert_eq!(at(r#"{"a": [1, "x"]}"#).as_deref(), Some("/a/1"));
        assert_eq!(at("{}").as_deref(), Some(""));
    }

    #[test]
    fn what_cannot_be_used_is_an_error() {
        assert!(schema(r#"{"type": "no such type"}"#).is_err());
        assert!(schema(r#"{"$ref": "https://example.com/schema.json"}"#).is_err());
        assert!(schema(r#"{"pattern": "(a+)+\\1"}"#).is_err(), "no back-references");
        assert!(schema(&format!("{{\"description\": \"{}\"}}", "x".repeat(LONGEST_SCHEMA))).is_err());
    }
}
