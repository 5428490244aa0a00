//! Gemini's `Schema`, a subset of OpenAPI, as the JSON Schema that means the same.

use serde_json::{Map, Value};

/// Types in small letters, numbers that protocol buffers write as strings as numbers
/// (<https://ai.google.dev/api/caching#Schema>).
pub(super) fn as_json_schema(schema: &Value) -> Value {
    let Value::Object(fields) = schema else { return schema.clone() };
    let mut out = Map::new();
    for (name, value) in fields {
        let value = match (name.as_str(), value) {
            ("type", Value::String(kind)) => Value::String(kind.to_ascii_lowercase()),
            ("properties", Value::Object(all)) => {
                all.iter().map(|(name, schema)| (name.clone(), as_json_schema(schema))).collect()
            }
            ("items", schema) => as_json_schema(schema),
            ("anyOf" | "any_of", Value::Array(all)) => all.iter().map(as_json_schema).collect(),
            ("minItems" | "maxItems" | "minLength" | "maxLength", Value::String(number)) => {
                number.parse::<u64>().map_or_else(|_| value.clone(), Value::from)
            }
            _ => value.clone(),
        };
        out.insert(if name == "any_of" { "anyOf".to_owned() } else { name.clone() }, value);
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_and_counts_are_spelt_as_json_schema_does() {
        let theirs = json!({"type": "OBJECT", "required": ["a"], "properties": {"a": {
            "type": "ARRAY", "minItems": "2", "items": {"any_of": [{"type": "INTEGER"}]},
        }}});
        let ours = json!({"type": "object", "required": ["a"], "properties": {"a": {
            "type": "array", "minItems": 2, "items": {"anyOf": [{"type": "integer"}]},
        }}});
        assert_eq!(as_json_schema(&theirs), ours);
    }
}
