//! Whether a JSON Schema is one that OpenAI can hold a model to by the letter.

use backstop_core::Json;
use serde_json::Value;

/// Whether OpenAI takes `schema` with `strict: true`: every object closed and all of its fields required, and no keyword
/// that it refuses there (OpenAI's guide to structured outputs, "Supported schemas").
///
/// Anthropic holds its models to any schema. Where this one allows it, OpenAI is asked to do so as well.
pub(super) fn takes(schema: &Json) -> bool {
    serde_json::from_str(schema.as_str())
        .is_ok_and(|schema: Value| is_strict(&schema) && schema["type"] == "object")
}

fn is_strict(schema: &Value) -> bool {
    let Some(fields) = schema.as_object() else { return false };
    if REFUSED.iter().any(|keyword| fields.contains_key(*keyword)) {
        return false;
    }
    let properties = fields.get("properties").and_then(Value::as_object);
    if schema["type"] == "object" || properties.is_some() {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let all = properties.is_none_or(|known| known.keys().all(|name| required.contains(&name.as_str())));
        if schema["additionalProperties"] != false || !all {
            return false;
        }
    }
    let maps = ["properties", "$defs", "definitions"].into_iter().filter_map(|name| schema[name].as_object());
    let lists = ["anyOf", "prefixItems"].into_iter().filter_map(|name| schema[name].as_array());
    maps.flat_map(serde_json::Map::values).chain(lists.flatten()).chain(fields.get("items")).all(is_strict)
}

const REFUSED: [&str; 9] = [
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_closed_objects_whose_fields_are_all_required() {
        let takes = |schema: Value| takes(&Json::trusted(schema.to_string().into()));
        let inner = json!({"type": "object", "properties": {}, "additionalProperties": false});
        let closed = |required: Value, inner: &Value| {
            json!({"type": "object", "properties": {"a": {"type": "array", "items": inner}, "b": {"type": "string"}},
                "required": required, "additionalProperties": false})
        };
        assert!(takes(closed(json!(["a", "b"]), &inner)));
        assert!(!takes(closed(json!(["a"]), &inner)));
        assert!(!takes(closed(json!(["a", "b"]), &json!({"type": "object"}))));
        assert!(!takes(json!({"type": "string"})));
        assert!(!takes(json!({"type": "object", "additionalProperties": false, "allOf": []})));
    }
}
