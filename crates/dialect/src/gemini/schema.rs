//! Schemas: Gemini's older subset of OpenAPI as JSON Schema.

use backstop_core::{Json, Text};
use serde_json::{Map, Value};

/// The JSON Schema that means the same: types in small letters, `nullable` as a type of its own.
///
/// Gemini's `Schema` message spells types `STRING`, `OBJECT` … and numbers such as `minItems` as strings (Gemini API
/// reference, "Schema").
pub(super) fn as_json_schema(schema: &Json) -> Json {
    match serde_json::from_str(schema.as_str()) {
        Ok(value) => Json::trusted(Text::from(converted(value).to_string())),
        Err(_) => schema.clone(),
    }
}

fn converted(schema: Value) -> Value {
    let Value::Object(fields) = schema else { return schema };
    let nullable = fields.get("nullable") == Some(&Value::Bool(true));
    let mut out = Map::new();
    for (name, value) in fields {
        let value = match (name.as_str(), value) {
            ("type", Value::String(word)) => kind(&word, nullable),
            ("nullable" | "propertyOrdering" | "property_ordering", _) => continue,
            ("properties" | "$defs", Value::Object(all)) => {
                Value::Object(all.into_iter().map(|(name, schema)| (name, converted(schema))).collect())
            }
            ("items" | "additionalProperties", schema) => converted(schema),
            ("anyOf" | "any_of", Value::Array(all)) => Value::Array(all.into_iter().map(converted).collect()),
            // 64-bit numbers are strings in protocol buffers' JSON.
            (
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties",
                Value::String(text),
            ) => text.parse::<u64>().map_or(Value::String(text), Value::from),
            (_, value) => value,
        };
        out.insert(if name == "any_of" { "anyOf".to_owned() } else { name }, value);
    }
    Value::Object(out)
}

fn kind(word: &str, nullable: bool) -> Value {
    let word = Value::from(word.to_ascii_lowercase());
    if nullable { Value::from(vec![word, Value::from("null")]) } else { word }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_subset_becomes_json_schema() {
        let schema = json!({"type": "OBJECT", "properties": {"type": {"type": "STRING", "nullable": true},
            "list": {"type": "ARRAY", "items": {"type": "INTEGER", "format": "int32"}, "minItems": "2"}},
            "required": ["type"], "propertyOrdering": ["type", "list"]});
        let expected = json!({"type": "object", "properties": {"type": {"type": ["string", "null"]},
            "list": {"type": "array", "items": {"type": "integer", "format": "int32"}, "minItems": 2}},
            "required": ["type"]});
        let schema = as_json_schema(&Json::trusted(schema.to_string().into()));
        assert_eq!(serde_json::from_str::<Value>(schema.as_str()).expect("JSON"), expected);
    }
}
